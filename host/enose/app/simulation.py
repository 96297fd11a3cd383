"""A simulated board of the app: one click away, with what can be changed while it runs."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from enose.boards import find_board
from enose.link.port import LockstepPort, SerialPort
from enose_hwsim import gas
from enose_hwsim.board.faults.table import FAULTS
from enose_hwsim.board.interpreters import CPYTHON, OF_THE_HEAP
from enose_hwsim.board.parts.analog_chip import HeldWeightChipPart
from enose_hwsim.board.simulated import SimulatedBoard

ROOM_C, ROOM_RH = (0.0, 50.0), (10.0, 90.0)
MOST_STRENGTH, MOST_LEAK, MOST_CHIP = 2.0, 50.0, 50


@dataclass(frozen=True)
class Order:
    """Which board to switch on; `quick`: time runs as fast as it computes, else as the clock on the wall."""

    board: str
    chip_number: int = 0
    quick: bool = False
    seed: int = 1
    fidelity: str = "fast"

    @property
    def address(self) -> str:
        """As the command line calls it."""
        return f"sim:{Path(self.board).stem}{f'@{self.chip_number}' if self.chip_number else ''}"


class Simulation:
    """One running board, and the knobs on it. Whatever a knob does is done by the board's own thread."""

    def __init__(self, order: Order) -> None:
        """Switch it on. Raises BoardError, MicroPythonMissing, SpiceMissing."""
        board, chip, _ = find_board(order.board)
        number = order.chip_number if board.kind == "mlp" and order.fidelity != "ideal" else 0
        self.order = order
        self.board = SimulatedBoard(
            board, chip, fidelity=order.fidelity, seed=order.seed, paced=not order.quick, chip_number=number
        )
        self.array = gas.SensorArray.made(order.seed)
        self._specimens = 0
        self._due = 0
        self._failing: set[str] = set()
        self.present("lemon")

    def port(self) -> SerialPort | LockstepPort:
        """Its serial port, opened; closing it switches a quick board off."""
        return LockstepPort(self.board, self.order.address) if self.order.quick else SerialPort(self.board.port)

    def present(self, odour: str, strength: float = 1.0) -> None:
        """Put a fresh specimen before the nose; it is smelt once the valve opens.

        strength: 0 clean air, 1 as the odour is, at most MOST_STRENGTH; by the power law of the sensors it scales the
        logarithm of their ratio. Raises ValueError for an unknown odour.
        """
        self._specimens += 1
        smelt = gas.simulate(odour, self.order.seed * 1000 + self._specimens, self.array)
        clean_ohm = smelt.baseline_ohm[-1]
        exposure_ohm, recovery_ohm = (
            clean_ohm * (ohm / clean_ohm) ** strength for ohm in (smelt.exposure_ohm, smelt.recovery_ohm)
        )

        def put(now_us: int) -> None:
            self.board.world.present(smelt.baseline_ohm, exposure_ohm, recovery_ohm, smelt.sample_s, now_us * 1e-6)

        self._soon(put)

    def set_air(self, temperature_c: float, humidity_rh: float) -> None:
        """The room's air; chip and microcontroller are as warm as it."""

        def put(now_us: int) -> None:
            self.board.world.air = (temperature_c, humidity_rh)
            self.board.wiring.ambient_c = temperature_c

        self._soon(put)

    def set_leak(self, factor: float) -> None:
        """Have the chip's weights leak so many times as fast as its file says; nothing where they do not leak."""
        part = self.board.wiring.chip
        if isinstance(part, HeldWeightChipPart):
            self._soon(lambda now_us: part.leak_more(factor, now_us * 1e-6))

    def fail(self, name: str) -> None:
        """Let a fault befall it. Raises ValueError for one that this board cannot have."""
        self.board.inject(name, 0.0)
        self._failing.add(name)

    def mend(self) -> None:
        """End every fault that was injected; what it did stays done."""
        names, self._failing = sorted(self._failing), set()

        def undo(now_us: int) -> None:
            for name in names:
                try:
                    self.board.mend(name)
                except ValueError:
                    continue  # it was over by itself

        self._soon(undo)

    @property
    def failing(self) -> tuple[str, ...]:
        """The faults that were injected and not mended."""
        return tuple(sorted(self._failing))

    def injectable(self) -> list[tuple[str, str, str]]:
        """(side, name, what is injected) of the faults that this board can be given while it runs."""
        every = injectable(self.order.board)
        under_cpython = self.board.interpreter == CPYTHON
        return [one for one in every if not (under_cpython and one[1] in OF_THE_HEAP)]

    def weights_now(self) -> np.ndarray:
        """What the chip's cells hold at this moment: volts, or true memristances in ohm."""
        part = self.board.wiring.chip
        if isinstance(part, HeldWeightChipPart):
            return np.asarray(part.weights_v(self.board.now_s))
        return np.asarray(part.population.true_ohm)

    def ages_now(self) -> np.ndarray | None:
        """How long ago each weight was refreshed, in s; None for cells that do not forget."""
        part = self.board.wiring.chip
        return np.asarray(part.age_s(self.board.now_s)) if isinstance(part, HeldWeightChipPart) else None

    def watch_pulses(self, seen: Callable[[float, int, float], None]) -> Callable[[], None]:
        """Have seen(t_s, device, ohm) called after each pulse on a memristor; the call that is returned ends it."""
        part = self.board.wiring.chip
        if isinstance(part, HeldWeightChipPart):
            return lambda: None
        population, pulse = part.population, part.population.pulse

        def watched(volts: float, on_s: float, which: list[int]) -> None:
            pulse(volts, on_s, which)
            writes = float(np.max(np.abs(volts))) >= population.model.threshold_v  # a read acts on nothing
            for k in which if writes else ():
                seen(self.board.now_s, k, float(population.true_ohm[k]))

        population.pulse = watched  # as faults.fault.instead does
        return lambda: setattr(population, "pulse", pulse)

    def close(self) -> None:
        """Switch it off."""
        self.board.close()

    def _soon(self, action: Callable[[int], None]) -> None:
        """Ahead of the board's next step; later ones after earlier ones."""
        self._due += 1
        self.board.at(self._due, action)


def injectable(board: str) -> list[tuple[str, str, str]]:
    """(side, name, what is injected) of the faults that a running board of that name can be given."""
    kind = find_board(board)[0].kind
    return [
        (fault.side, fault.name, fault.what) for fault in FAULTS if fault.begin is not None and fault.kind in ("", kind)
    ]
