"""Memristor models as ngspice subcircuits.

The state is the voltage of a capacitor that a current source charges: 1 nF, so that the current stays in the order of
milliamperes at the fastest change. The resistor across it, of 1e18 ohm, would take 30 years, and only gives the node a
path to ground. The state's start is an initial condition, one for each instance: `start`.
"""

from enose_hwsim.memristors.model import Memristor

STATE_F = 1e-9
PATH_OHM = 1e18


def subcircuit(model: Memristor, name: str) -> str:
    """The model as `.subckt name te be x`: top and bottom electrode, and the state as a voltage of 0 to 1 V."""
    return "\n".join(
        (
            f".subckt {name} te be x",
            f"bdevice te be i={model.spice_conduct}",
            f"bstate 0 x i={STATE_F!r}*({model.spice_flow})",
            f"cstate x 0 {STATE_F!r}",
            f"rstate x 0 {PATH_OHM!r}",
            f".ends {name}",
        )
    )


def start(nodes_x: dict[str, float]) -> str:
    """The line that gives state nodes their start; a transient analysis begins there."""
    return ".ic " + " ".join(f"v({node})={float(x)!r}" for node, x in nodes_x.items())


def pulse_train_netlist(model: Memristor, start_ohm: float, level_v: float, on_s: float, edge_s: float) -> str:
    """One device on a source of rectangular pulses, half of the time on; nodes `drive` and `x`.

    An edge's middle counts as the pulse's border, so that the on-time is on_s. Raises ValueError for a memristance
    outside the model's range or a voltage beyond its limit.
    """
    level_v = float(model.driving(level_v))
    x = float(model.x_from_ohm(start_ohm))
    return "\n".join(
        (
            f"{model.title} under pulses of {level_v:g} V",
            subcircuit(model, "memristor"),
            f"vdrive drive 0 pulse(0 {level_v!r} {edge_s!r} {edge_s!r} {edge_s!r} {on_s - edge_s!r} {2 * on_s!r})",
            "xdevice drive 0 x memristor",
            start({"x": x}),
        )
    )


def driven_netlist(model: Memristor, start_x: float) -> str:
    """One device on an external source `vdrive`; `vdrive#branch` is minus its current, `x` the state's node."""
    return "\n".join(
        (
            f"{model.title} under a given voltage",
            subcircuit(model, "memristor"),
            "vdrive drive 0 external",
            "xdevice drive 0 x memristor",
            start({"x": float(model.state(start_x))}),
        )
    )
