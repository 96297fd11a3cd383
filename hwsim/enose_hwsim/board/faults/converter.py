"""Faults of the buses and of the DAC."""

from __future__ import annotations

from typing import TYPE_CHECKING

from enose_hwsim.board.faults.fault import Begin, Fault, Undo, instead, nothing_to_undo

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard


FOR_EVER = 10**6  # clocks


def bus_dead(board: SimulatedBoard, t_s: float) -> Undo:
    """Nothing on the I2C bus is acknowledged."""
    board.wiring.bus_dead = True

    def undo() -> None:
        board.wiring.bus_dead = False

    return undo


def sda_stuck(board: SimulatedBoard, t_s: float) -> Undo:
    """A part holds SDA low, whatever the clock does."""
    board.wiring.i2c.sda_held_clocks = FOR_EVER

    def undo() -> None:
        board.wiring.i2c.sda_held_clocks = 0

    return undo


def scl_stuck(board: SimulatedBoard, t_s: float) -> Undo:
    """Something holds SCL low."""
    board.wiring.i2c.scl_held = True

    def undo() -> None:
        board.wiring.i2c.scl_held = False

    return undo


def readback_differs(board: SimulatedBoard, t_s: float) -> Undo:
    """The lowest bit of what the DAC reads back is another."""
    dac = board.wiring.dac
    transfer = dac.transfer
    return instead(dac, "transfer", lambda frame, t_s: bytes(byte ^ 1 for byte in transfer(frame, t_s)))


def outputs_off_by(scale: float) -> Begin:
    """Every output of the DAC is so many times what its registers say."""

    def begin(board: SimulatedBoard, t_s: float) -> Undo:
        board.wiring.dac.set_scale(scale, t_s)
        return lambda: board.wiring.dac.set_scale(1.0, board.now_s)

    return begin


def dac_reset(board: SimulatedBoard, t_s: float) -> Undo:
    """The DAC is as after power-up, once."""
    board.wiring.dac.reset(t_s)
    return nothing_to_undo


def spi_shifted(board: SimulatedBoard, t_s: float) -> Undo:
    """Every transfer on the SPI bus is a bit late, both ways."""
    wiring = board.wiring
    spi = wiring.spi
    return instead(wiring, "spi", lambda data, t_s: _late(spi(_late(data), t_s)))


def _late(data: bytes) -> bytes:
    """The same bits, one later: the last one is lost."""
    return (int.from_bytes(data, "big") >> 1).to_bytes(len(data), "big")


BUS = "the fault: the I2C bus does not answer"
DAC = "the fault: the DAC does not hold, or does not put out, what was written"
AND_ONE = "; the memristor that was being pulsed may be lost: which, is said"
FAULTS = (
    Fault(30, "i2c-nack", "converter", "no part on the I2C bus acknowledges",
          "tries twice more, then the safe state", BUS, bus_dead),
    Fault(31, "sda-stuck", "converter", "SDA stays low", "tries to free the bus, then the safe state", BUS, sda_stuck),
    Fault(32, "scl-stuck", "converter", "SCL stays low", "safe state", BUS, scl_stuck),
    Fault(33, "dac-readback-differs", "converter", "the DAC reads back another code than was written",
          "safe state, within a second and before any answer", DAC, readback_differs, breaks_converter=True),
    Fault(34, "dac-gain-wrong", "converter", "the DAC's gain is 2 in place of 1",
          "measures an output of the DAC once a second, before each answer and before each pulse of a memristor: safe"
          " state",
          DAC + AND_ONE, outputs_off_by(2.0), breaks_converter=True),
    Fault(34, "dac-reference-off", "converter", "the DAC's reference is off",
          "the same", DAC + AND_ONE, outputs_off_by(0.0),
          breaks_converter=True),
    Fault(35, "dac-resets", "converter", "the DAC resets itself",
          "opens the switch, sets it up anew and rewrites weights that leak; what was being read is no answer",
          "at most one answer of NONE: the weights are stale" + AND_ONE, dac_reset, breaks_converter=True),
    Fault(36, "spi-shifted", "converter", "transfers on the SPI bus are shifted by a bit",
          "safe state, within a second and before any answer", DAC, spi_shifted, breaks_converter=True),
)  # fmt: skip
