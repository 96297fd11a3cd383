"""Start of the firmware: the only file that touches `machine`; it makes buses and pins and hands them in."""

import gc
import json
import sys
from time import sleep_us

import machine
import micropython

# Before the other imports, the chip's among them, which the device makes: what their compilation leaves behind is
# collected early, or it fragments the heap for good.
gc.threshold(8192)
micropython.opt_level(3)  # no line numbers in what is compiled from here on: they take a tenth of its memory

from enose_contract import messages, records  # noqa: E402
from enose_device.bus import Bus  # noqa: E402
from enose_device.linked import Linked  # noqa: E402
from enose_device.log import QUICK_STARTS, Log  # noqa: E402
from enose_device.partition import LOG_BLOCKS, Partition  # noqa: E402
from enose_device.safety import FaultError  # noqa: E402
from enose_device.watchdog import TIMEOUT_MS, TO_LEARN, Watchdog  # noqa: E402

# What only the making of a device needs; 2 KiB that it has for other things afterwards.
MAKING = (
    "board_parts", "_held_parts", "_pulsed_parts", "_i2c", "_heater", "_optional_parts", "started_log", "made_device",
    "made_ready", "gate", "_forget_modules",
)  # fmt: skip


def board_parts(port, configuration, firmware):
    """Buses, pins and streams as board.json names them; port: on_rp2 or on_esp32."""
    output = machine.Pin.OUT
    spi = configuration["spi"]
    pin = machine.Pin
    switch = pin(configuration["switch_pin"], output, value=0)  # first: the chip is cut off before anything else
    parts = _held_parts(configuration) if configuration["chip"]["kind"] == "mlp" else _pulsed_parts(configuration)
    parts.update(
        {
            "switch": switch,
            "heater": _heater(configuration),
            "valve": pin(configuration["valve_pin"], output, value=0),
            "mux": [pin(number, output, value=0) for number in configuration["mux"]["select_pins"]],
            "dac_select": pin(configuration["dac"]["select_pin"], output, value=1),
            "i2c": _i2c(configuration["i2c"]),
            "spi": machine.SPI(
                spi["id"],
                baudrate=spi["frequency_hz"],
                polarity=0,
                phase=1,
                sck=pin(spi["sck_pin"]),
                mosi=pin(spi["mosi_pin"]),
                miso=pin(spi["miso_pin"]),
            ),
            "supply": port.adc(configuration["supply"]["pin"]),
            "temperature": port.temperature(configuration["temperature"]),
            "flash": Partition(port.flash(configuration["flash"])),
            "button": port.button,
            "reset": machine.reset,
            "reader": sys.stdin.buffer,
            "writer": sys.stdout.buffer,
            "unit": machine.unique_id(),
            "firmware": firmware,
        }
    )
    parts.update(_optional_parts(port, configuration, parts["i2c"]))
    return parts


def _i2c(facts):
    """The bus; it makes its hardware or its two lines anew as it needs them."""
    pin = machine.Pin
    scl, sda = facts["scl_pin"], facts["sda_pin"]
    return Bus(
        lambda: machine.I2C(facts["id"], sda=pin(sda), scl=pin(scl), freq=facts["frequency_hz"]),
        lambda: (pin(scl, pin.OPEN_DRAIN, value=1), pin(sda, pin.OPEN_DRAIN, value=1)),
        sleep_us,
    )


def _heater(configuration):
    """What switches the sensors' heaters, off: a pin, or pulse-width modulation on it."""
    driver = machine.Pin(configuration["heater_pin"], machine.Pin.OUT, value=0)
    facts = configuration.get("heater_pwm")
    if facts is None:
        return driver
    from enose_device.heater import PwmHeater

    return PwmHeater(machine.PWM(driver, freq=facts["frequency_hz"], duty_u16=0), facts["duty_percent"])


def _optional_parts(port, configuration, bus):
    """Pins of the parts that only some boards have; a gas sensor heats by itself until it is told not to."""
    pin = machine.Pin
    parts = {}
    for name in ("led", "pump"):
        if name in configuration:
            parts[name] = pin(configuration[name]["pin"], pin.OUT, value=0)
    if "usb_pin" in configuration["upkeep"]:
        parts["usb_pin"] = pin(configuration["upkeep"]["usb_pin"], pin.IN)
        parts["lightsleep"] = machine.lightsleep
    if "battery" in configuration:
        parts["battery"] = port.adc(configuration["battery"]["pin"])
    if "button" in configuration:
        button = pin(configuration["button"]["pin"], pin.IN, pin.PULL_UP)
        parts["button"] = lambda: not button.value()
    if "gas_sensor" in configuration:
        try:
            bus.writeto_mem(configuration["gas_sensor"]["address"], 0xE0, b"\xb6")  # BME688: its reset word
        except FaultError:
            pass  # it is not there, or the bus is held: whoever needs it finds out
    return parts


def _held_parts(configuration):
    pin, output = machine.Pin, machine.Pin.OUT
    weights = configuration["weights"]
    parts = {
        "strobe": pin(weights["strobe_pin"], output, value=0),
        "address": [pin(number, output, value=0) for number in weights["address_pins"]],
    }
    if "teacher" in configuration:
        parts["vc"] = gate(pin(configuration["teacher"]["vc_pin"], output, value=0))
    return parts


def _pulsed_parts(configuration):
    pin, output = machine.Pin, machine.Pin.OUT
    return {
        "gate": gate(pin(configuration["pulses"]["gate_pin"], output, value=0)),
        "matrix_select": pin(configuration["matrix"]["select_pin"], output, value=1),
    }


def gate(pin):
    """What makes pulses on a pin; its program is assembled once."""
    from enose_device import gate

    made = gate.Gate(pin)
    del gate.one_shot_program
    return made


def started_log(flash, firmware, cause, noted):
    """The field log, with this start in it."""
    log = Log(flash, flash.log_block, LOG_BLOCKS)
    if firmware is not None and firmware.returned:
        log.add(records.RETURNED)
    log.begin(cause, noted)
    return log


def made_device(parts, configuration, log, watchdog):
    """The whole device, or the one that learns; only its link after a reset loop, or where neither can be made."""
    fault = messages.FAULT_RESETS
    before = [name for name in sys.modules]
    if log.quick_starts < QUICK_STARTS:
        try:
            if "teacher" in configuration and log.note == TO_LEARN:
                from enose_device.taught import Device
            else:
                from enose_device.app import Device
            return Device(parts, configuration, log, watchdog)
        except Exception:  # noqa: BLE001 - whatever it was, somebody has to be told
            fault = messages.FAULT_START
        gc.collect()
    try:
        if fault == messages.FAULT_START:
            _forget_modules(before)
        return Linked(parts, configuration, log, watchdog, fault)
    except MemoryError:
        if fault == messages.FAULT_START:  # what the whole one has left is in pieces: the third start in a row is whole
            machine.reset()
        raise


def _forget_modules(kept) -> None:
    """Modules that came in with a device that could not be made: of no use, and there may be no room."""
    for name in [name for name in sys.modules if name not in kept]:
        package, _, module = name.rpartition(".")
        sys.modules.pop(name, None)  # where memory ended as the table grew, a name in it may not be found
        if package in sys.modules and hasattr(sys.modules[package], module):
            delattr(sys.modules[package], module)
    gc.collect()


def made_ready(firmware):
    """(device, watchdog), nothing begun yet; None for a device where button or host have asked for the prompt.

    What only its making needs is gone when this returns.
    """
    with open(firmware.configuration if firmware is not None else "board.json") as file:
        configuration = json.load(file)
    before = [name for name in sys.modules]
    mcu = configuration["mcu"]
    if mcu.startswith("esp32"):
        from enose_device import on_esp32 as port
    else:
        from enose_device import on_rp2 as port
    note, cause, noted = port.start(mcu)
    watchdog = Watchdog(note)
    parts = board_parts(port, configuration, firmware)
    for name in ("adc", "button", "flash", "start", "temperature"):  # what it has made refers to it
        delattr(port, name)
    _forget_modules(before)
    for name in ("spi", "flash"):  # of use to nobody from here on
        del configuration[name]
    log = started_log(parts["flash"], firmware, cause, noted)
    if log.console == records.UPDATE and firmware is not None:
        firmware.end_prompt_later()
    return None if log.console else made_device(parts, configuration, log, watchdog), watchdog


def main(firmware=None) -> None:
    """Run the device for ever; after the button was held, or for an update, give the interactive prompt instead.

    firmware: what enose_boot says of it; None where nothing else has started it.
    """
    micropython.kbd_intr(-1)  # a 0x03 inside a frame is data, not an interrupt
    device, watchdog = made_ready(firmware)
    for name in MAKING:
        del globals()[name]
    gc.collect()
    gc.threshold(-1)  # from here on at the device's own moments
    if device is None:
        micropython.kbd_intr(3)
        return
    watchdog.begin(machine.WDT(timeout=TIMEOUT_MS).feed)
    try:
        device.start()
        while True:
            device.turn()
    except MemoryError:  # not even the safe state could be entered: a reset puts all at rest, the third leaves the link
        machine.reset()


if __name__ == "__main__":
    main()
