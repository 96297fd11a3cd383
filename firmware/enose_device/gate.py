"""Pulses by a state machine of MicroPython's RP2 port; imported only for a board that makes some.

docs.micropython.org, "class StateMachine"; RP2040 data sheet, chapter 3.
"""

import rp2

TYPE_CHECKING = False  # a type checker takes this name for True; at run time the assembler brings these words itself
if TYPE_CHECKING:
    from rp2.asm_pio import jmp, label, mov, osr, pins, pull, set, x, x_dec


def one_shot_program():
    """High for as many cycles as were put, and two; then low until the next. Assembled only for a board with pulses."""

    @rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
    def one_shot():
        pull()
        mov(x, osr)
        set(pins, 1)
        label("on")
        jmp(x_dec, "on")
        set(pins, 0)

    return one_shot


class Gate:
    """Pulses on one pin, timed by a state machine: exact to its clock, whatever the processor does meanwhile."""

    CYCLES_PER_US = 25  # 125 MHz over 5, 150 MHz over 6: pulses to 40 ns

    def __init__(self, pin) -> None:
        """pin: low from now on but for the pulses."""
        self._machine = rp2.StateMachine(0, one_shot_program(), freq=self.CYCLES_PER_US * 1000000, set_base=pin)
        self._machine.active(1)

    def fire(self, on_us: int, on_ns: int = 0) -> None:
        """Begin one pulse of 80 ns or longer, to the state machine's next cycle; returns at once."""
        self._machine.put(max(on_us * self.CYCLES_PER_US + on_ns * self.CYCLES_PER_US // 1000 - 2, 0))
