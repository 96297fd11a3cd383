"""Faults of the analog chip, its supply and its surroundings."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from enose_hwsim.board.faults.fault import Fault, Undo, instead
from enose_hwsim.chipfile import MlpFile

if TYPE_CHECKING:
    from enose_hwsim.board.simulated import SimulatedBoard

WARMER_C = 30.0
STUCK = 17  # the number of the memristor


def refresh_late(board: SimulatedBoard, t_s: float) -> Undo:
    """The chip is 30 degrees warmer all at once: the next refresh, planned for the colder one, comes too late."""
    wiring = board.wiring
    before, wiring.ambient_c = wiring.ambient_c, wiring.ambient_c + WARMER_C
    return partial(setattr, wiring, "ambient_c", before)


def memristor_stuck(board: SimulatedBoard, t_s: float) -> Undo:
    """No pulse moves one of the memristors any more."""
    part = board.wiring.chip
    act = part.population.pulse
    return instead(
        part.population, "pulse", lambda v_v, on_s, which: None if which == [STUCK] else act(v_v, on_s, which)
    )


def between_bands(board: SimulatedBoard, t_s: float) -> Undo:
    """The chip's outputs stand where no class is nearer than another."""
    chip, part = board.chip_file, board.wiring.chip
    if isinstance(chip, MlpFile):
        edge_v = chip.decision.edges_v[0]
        return instead(part, "output_v", lambda t_s: edge_v)
    between_v = 0.5 * (chip.decision.rest_v + chip.output.valid_max_v)
    return instead(part, "output_v", lambda t_s: np.full(chip.topology.outputs, between_v))


def supply_missing(board: SimulatedBoard, t_s: float) -> Undo:
    """The chip has no supply."""
    wiring = board.wiring
    before, wiring.chip_supply_v = wiring.chip_supply_v, 0.0
    return partial(setattr, wiring, "chip_supply_v", before)


FAULTS = (
    Fault(37, "refresh-late", "chip", "the chip is 30 degrees warmer all at once: its weights leak eight times as fast",
          "takes the weights for stale until they are programmed anew; memristors do not leak: nothing changes",
          "answers of NONE: the weights are stale; nothing with memristors", refresh_late),
    Fault(38, "memristor-stuck", "chip", "no pulse moves memristor 17",
          "stops pulsing within its budget; the image from before stays in force",
          "which device cannot be programmed, and what it reads", memristor_stuck, kind="memristor"),
    Fault(39, "output-between-bands", "chip", "the chip's output lies on the edge between two bands",
          "abstains", "ABSTAIN, with the margin", between_bands),
    Fault(40, "supply-missing", "chip", "the chip's supply is missing",
          "safe state within a second", "the fault: the chip's supply is missing or out of tolerance", supply_missing),
)  # fmt: skip
