"""What the numbers of the message table mean, in words for people; a device sends the numbers only."""

# States of the device (`state`) and of its weights (`weights`), and phases of a measurement (`phase`)
STATES = ("idle", "measuring", "done", "safe", "unknown cycle")
WEIGHTS = ("none", "held", "stale", "programming")
PHASES = ("idle", "warmup", "baseline", "exposure", "recovery")

# Faults (`fault`) that latch the safe state
FAULTS = {
    0: "none",
    1: "asked for by the host",
    2: "the I2C bus does not answer",
    3: "the DAC does not hold, or does not put out, what was written",
    4: "a code outside the chip's range was about to reach a converter",
    5: "the chip's supply is missing or out of tolerance",
    6: "no stored weight image is readable",
    7: "an exception in a task",
    8: "the image partition does not mount",
    9: "the temperature sensor reads what cannot be",
    10: "it was reset three times within a minute of its start: only the link runs, clearing restarts it",
    11: "the firmware did not start: only the link runs, clearing restarts it",
    12: "the stored weight image does not fit this device: clear, then program one that does",
    13: "the battery is empty: charge it, then clear",
}

# Reasons (`reason`) for an answer of NONE; 13, 15 and 16 are for one of ABSTAIN
REASONS = {
    0: "",
    1: "the sample is all zero: no odour",
    2: "a sensor that the image uses is open or short",
    3: "the chip's output is outside its valid range",
    4: "the weights are stale",
    5: "no weight image is active",
    6: "the device is in its safe state",
    7: "the sensors are not warm yet",
    8: "the baseline moves: measure again once the sensors have recovered",
    9: "a sensor that the image uses is saturated",
    10: "a sensor that the image uses is stuck",
    11: "a sensor that the image uses is not heated",
    12: "no sensor is heated: a heater is short, and all are off",
    13: "the sensors are too noisy to be sure",
    14: "the converter's reference or the sensors' rail has drifted",
    15: "the image wants more measurements in a row before it answers",
    16: "the measurements of the row do not agree",
    17: "the sensors are burning in",
    24: "the battery is low: charge it",
}

# Error replies (`code`), with what value and limit hold
E_MEMORY = 34  # beside those of messages
ERRORS = {
    1: "unknown command {value}",
    2: "malformed request",
    3: "protocol version {value}, this device speaks {limit}",
    4: "another host holds the session for up to {value} ms",
    5: "no such session: say hello first",
    6: "the device is in its safe state ({value}); `enose device safe --clear` clears it",
    7: "the upload does not match what was begun",
    8: "an image of {value} bytes; at most {limit}",
    9: "the image is damaged: its hash does not match",
    10: "the image was made for another chip; train it for the chip that hello names",
    11: "the image was made for another board",
    12: "weight {value} of the image lies outside the chip's range",
    13: "the image's topology does not fit the chip",
    14: "the image asks for sensor position {value} of {limit}",
    15: "no image of generation {value}; the newest is {limit}",
    16: "a measurement is running (cycle {value})",
    17: "no image is active: program one first",
    18: "the image store failed; the old image is kept",
    19: "image format {value}, this firmware reads {limit} and the two before: make it anew with"
    " `enose demo --save-image FILE`",
    20: "a field of the image is {value}; its limit is {limit}",
    21: "the image's weights are in unit {value}, the chip's in {limit}",
    22: "the device of weight {value} cannot be programmed, it reads {limit} ohm; the old image is kept",
    23: "weights are being programmed, {value} of {limit}",
    24: "the image's weights could drive neuron {value}, from 0 and hidden ones first, beyond its limit of {limit} uV",
    25: "the image was trained with other sensors than the device has; train one with recordings of these,"
    " or say with `enose device fit --image FILE` that its sensors are mounted",
    26: "the image was made with another calibration than the device's; calibrate this device's chip and train anew,"
    " or say with `enose device fit --image FILE` that its calibration holds",
    27: "the image is not sealed with the device's key: `enose device program FILE --key KEYFILE` seals it",
    28: "the image is sealed with number {value}, and {limit} was stored already: seal it with a higher one",
    29: "the device has no key: program the image without one, or set it with `enose device key KEYFILE`",
    30: "the device has another key already; a key is set once",
    31: "input {value} of the probe is {limit} uV, outside the chip's range",
    32: "an interval of {value} s; 0, or 10 to {limit} s",
    33: "a schedule takes {limit} bytes of memory, this board has {value}; it measures when it is asked",
    34: "the device's memory, of which {value} bytes are free, has no piece long enough for this; it goes on as before",
    40: "the update is not sealed with the device's key: `enose device flash --key KEYFILE` seals it",
    41: "weights held for {value} ms without refresh, at most {limit}",
    48: "the device is started for learning on the chip: a minute without its host ends that, and so does clearing",
    49: "the board's file has no section [teacher], or its chip does not learn",
    50: "the device takes sealed images only, and weights that it learns are not: learn before `enose device key`",
    51: "{value} lessons; a session has 1 to {limit}, numbered without a gap",
    52: "the weights hold {value} ms at this temperature, a sample with its read-out takes {limit} ms",
    53: "the weights are not held: program an image first",
    54: "{value} times in a row a sample took longer than the {limit} ms that the weights hold",
    55: "{value} is beyond the limit of {limit}: pulses of Vc, seeds and epochs have limits of their own",
    60: "an image of several pages is for weights on capacitors, which are changed between two readings; memristors"
    " are not, nor is such an image taught on the chip",
}

# Whether an answer's resistances were brought to reference air (`compensation`)
COMPENSATIONS = ("none", "on", "off: the climate sensor does not answer")

# Parts that may stay silent without a fault (`silent`): bit k is PARTS[k]
PARTS = ("display", "climate sensor", "gas sensor")

# States of a learning session
LEARN_STATES = ("none", "learning", "done", "ended")

# Checks of the self-test (`run`, `passed`): bit k is CHECKS[k]
CHECKS = ("dac readback", "adc answers", "sensor rail", "chip supply", "image store", "temperature")
