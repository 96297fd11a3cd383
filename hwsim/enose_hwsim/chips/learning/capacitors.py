"""The weights' capacitors: how far a charge moves their voltage, and what a pulse's edges leave in them.

While Vc is high the update node hangs on the weight and is charged with it; at the beginning it comes from V_ref.
"""

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile

if TYPE_CHECKING:
    from enose_hwsim.chips.learning.charging import Charging

Floats = NDArray[np.float64]

CAP_V = np.linspace(0.6, 1.2, 61)


def charges_c(capacitance_f: Floats) -> Floats:
    """The charge (61,) over CAP_V, counted from its lower end."""
    steps_c = (capacitance_f[1:] + capacitance_f[:-1]) / 2 * np.diff(CAP_V)
    return np.concatenate(([0.0], np.cumsum(steps_c)))


class Capacitors:
    """Of all weights of a chip; voltages and currents (..., W)."""

    def __init__(self, chip: MlpFile, charging: "Charging") -> None:
        first = chip.topology.hidden * (chip.topology.inputs + 1)
        self._groups = (  # those with one synapse, and those that take errors back as well
            (np.r_[:first, first + chip.topology.hidden], charges_c(charging.capacitance_f[0])),
            (np.r_[first : first + chip.topology.hidden], charges_c(charging.capacitance_f[1])),
        )
        self._edge_c = charging.edge_c
        self._update_f = -float(charging.edge_c[1])  # the capacitance of the update node, near enough
        self._v_ref_v = chip.synapse.v_ref_v

    def charged_v(self, weights_v: Floats, current_a: Floats, flows_s: float) -> Floats:
        """The voltages after a current, for so long."""
        return self._moved_v(weights_v, current_a * flows_s, self._update_f)

    def switched_v(self, weights_v: Floats) -> Floats:
        """The voltages after a pulse's edges: the switches' own charge, and that of the update node."""
        constant_c, linear_f, bent = self._edge_c
        above_v = weights_v - self._v_ref_v
        return self._moved_v(weights_v, constant_c + linear_f * above_v + bent * above_v**2, 0.0)

    def _moved_v(self, weights_v: Floats, charge_c: Floats, beside_f: float) -> Floats:
        moved_v = np.empty_like(weights_v)
        for members, own_c in self._groups:
            curve_c = own_c + beside_f * CAP_V
            held_c = np.interp(weights_v[..., members], CAP_V, curve_c)
            moved_v[..., members] = np.interp(held_c + charge_c[..., members], curve_c, CAP_V)
        return moved_v
