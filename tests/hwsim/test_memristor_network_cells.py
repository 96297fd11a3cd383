"""The memristor network's cells in ngspice: the op-amp against its parameters, the sigmoid against a logistic."""

import numpy as np
import pytest

from enose.boards import boards_folder
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.cells import OPAMP
from enose_hwsim.chips.memristor.equations import logistic
from enose_hwsim.chips.memristor.netlist import bench
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.sigmoid import clamp_of, steepness_of, transfer_v
from enose_hwsim.spice.driver import Solver
from enose_hwsim.tomlfile import load

CHIP = load(boards_folder() / "chips" / "memristor542.toml", MemristorFile)
NETWORK = Network.of(CHIP)


def follower() -> Solver:
    circuit = bench(NETWORK, 27.0)
    circuit.V("x", "x", circuit.gnd, "external")
    circuit.X("a", OPAMP, "x", "y", "y")
    return Solver(circuit, 1e-7)


# The op-amp.


def test_a_follower_follows_to_one_over_the_gain(libngspice: str) -> None:
    middle_v = CHIP.supply.nominal_v / 2
    levels_v = middle_v + np.array([-0.01, 0.0, 0.01])
    slope = np.diff(follower().solve({"vx": levels_v}, ["y"])["y"]) / 0.01
    assert 1 - slope == pytest.approx([1 / CHIP.opamps.gain] * 2, rel=0.01)  # the bend, 1e-5 of it, and ngspice's 1e-7


def test_an_output_stays_off_its_rails(libngspice: str) -> None:
    low_v, high_v = follower().solve({"vx": [-1.0, CHIP.supply.nominal_v + 1]}, ["y"])["y"]
    margin_v = CHIP.opamps.rail_margin_v
    assert (low_v, high_v) == pytest.approx((margin_v, CHIP.supply.nominal_v - margin_v), abs=1e-6)  # ngspice's 1e-7


def test_an_offset_is_added(libngspice: str) -> None:
    solver = follower()
    before_v = solver.solve({"vx": [1.0]}, ["y"])["y"]
    solver.alter({"v.xa.vos": 1e-3})
    assert solver.solve({"vx": [1.0]}, ["y"])["y"] - before_v == pytest.approx([1e-3], abs=1e-6)  # ngspice's 1e-7


def test_a_follower_has_the_bandwidth(libngspice: str) -> None:
    """A step about the middle, so that the output's bend does not count: it rises with 1 / (2 pi GBW)."""
    middle_v, step_v = CHIP.supply.nominal_v / 2, 0.01
    constant_s = 1 / (2 * np.pi * CHIP.opamps.bandwidth_hz)
    edge_s = 1e-3 * constant_s
    time_s = np.array([0, edge_s, edge_s + constant_s, edge_s + 10 * constant_s])
    level_v = middle_v + step_v * np.array([0.0, 1.0, 1.0, 1.0])
    output_v = follower().transient(time_s, {"vx": level_v}, ["y"], constant_s / 200)["y"]
    risen = (output_v - output_v[0]) / step_v
    # Half an edge less to rise, and 1 / 200 of the constant as ngspice's step.
    assert risen[2:] == pytest.approx([1 - np.exp(-1), 1.0], abs=2e-3)


# The sigmoid.


@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_the_sigmoid_is_a_logistic_within_two_percent(libngspice: str, temperature_c: float) -> None:
    found = steepness_of(NETWORK, temperature_c)
    assert found.rms_v <= 0.02  # issue 4
    assert 4.0 <= found.best_per_v <= 5.0
    assert found.end_slope < 0.4  # it saturates
    assert found.low_v + found.high_v == pytest.approx(1.0, abs=1e-4)  # two transistors alike


def test_the_chip_file_states_the_circuits_own_steepness(libngspice: str) -> None:
    # Of the two digits that the file gives.
    assert steepness_of(NETWORK).best_per_v == pytest.approx(CHIP.activation.steepness_per_v, abs=0.05)


def test_the_clamped_voltage_solves_its_equation(libngspice: str) -> None:
    clamp = clamp_of(NETWORK, 27.0)
    sum_v = np.linspace(-0.8, 0.8, 101)
    series_ohm = np.full_like(sum_v, CHIP.activation.series_ohm)
    clamped_v = clamp.voltage_v(sum_v, series_ohm)
    assert clamped_v + series_ohm * clamp.current_a(clamped_v) == pytest.approx(sum_v, abs=1e-12)  # rounding
    direct_v = transfer_v(NETWORK, sum_v) - 0.5
    assert clamped_v == pytest.approx(direct_v, abs=2e-5)  # the buffer's offset for its own output, 1.4 V over 1e5


def test_a_sum_beyond_the_transistors_table_is_refused(libngspice: str) -> None:
    clamp = clamp_of(NETWORK, 27.0)
    for beyond_v in (1e6, np.nan):
        with pytest.raises(ValueError, match="V from the common node, expected below"):
            clamp.voltage_v(np.array([beyond_v]), np.array([60e3]))


def test_the_logistic_does_not_overflow() -> None:
    assert logistic(np.array([-1e4, 0.0, 1e4])).tolist() == [0.0, 0.5, 1.0]
