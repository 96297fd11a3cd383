"""Faults of the sensors, of their heaters, and of the converter that reads them. They befall position POSITION."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enose_hwsim.board.faults.fault import Begin, Fault, Undo, instead, nothing_to_undo

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

POSITION = 0
MISSING_CODES = 0xFF  # of a count, these bits are always zero


def failing(fault: str) -> Begin:
    """One of world.FAULTS; when it ends, every sensor is whole again."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        board.world.fail(fault, POSITION, t_s, board.seed)
        return board.world.mend

    return begin


def cold_start(board: SimulatedBoard, t_s: float) -> Undo:
    """The power goes for a moment, and the heaters with it."""
    board.lose_power()
    return nothing_to_undo


def missing_codes(board: SimulatedBoard, t_s: float) -> Undo:
    """The converter has lost its lowest bits."""
    adc = board.wiring.adc
    convert = adc.convert
    return instead(adc, "convert", lambda: convert() & ~MISSING_CODES)


INVALID = "takes the channel for invalid: the answer is NONE; nothing changes where the image does not use it"
FAULTS = (
    Fault(23, "heater-open", "sensor", "a sensor's heater is open: it cools", INVALID,
          "the reason: the baseline moves, a sensor is stuck or not heated, by when it began; where it has"
          " answered to the odour already, it is told by the next measurement", failing("heater open")),
    Fault(24, "heater-short", "sensor", "a sensor's heater is short: the heaters' supply breaks down",
          "the answer is NONE; the heaters' power is cut as soon as all sensors are known to have left their clean air",
          "the reason: no sensor is heated", failing("heater short")),
    Fault(25, "saturated", "sensor", "a sensor's resistance is beyond what its divider resolves", INVALID,
          "the reason: a sensor that the image uses is saturated", failing("saturated")),
    Fault(25, "sensor-open", "sensor", "a sensor's circuit is open", INVALID,
          "the reason: a sensor that the image uses is open or short", failing("open")),
    Fault(25, "sensor-short", "sensor", "a sensor is short", INVALID,
          "the reason: a sensor that the image uses is open or short", failing("short")),
    Fault(26, "stuck", "sensor", "a sensor keeps the resistance that it has", INVALID,
          "the reason: a sensor that the image uses is stuck", failing("stuck")),
    Fault(27, "cold-start", "sensor", "the power goes for a moment, the heaters are cold",
          "the answer is NONE until the sensors are warm", "the reason, and the time left", cold_start),
    Fault(28, "noise", "sensor", "a sensor is noisy, 10 % of a reading",
          "abstains where the odour goes under in what clean air does",
          "the reason: too noisy to be sure, or the baseline moves; noise that begins later is told by the next one",
          failing("noise")),
    Fault(28, "missing-codes", "sensor", "the converter's lowest eight bits are always zero",
          "abstains: a converter whose lowest bit never changes is not sure of anything",
          "the reason: too noisy to be sure; codes that go missing after the baseline are told by the next measurement",
          missing_codes),
    Fault(29, "reference-drift", "sensor", "the converter's reference is 8 % too high",
          "the self-test fails, the answer is NONE", "the reason: the converter's reference or the rail has drifted",
          failing("reference drift")),
)  # fmt: skip
