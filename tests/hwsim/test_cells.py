"""Transistors: process cards, cells against the equations they stand for, mismatch, the learning cells' gradient."""

from pathlib import Path

import numpy as np
import pytest

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells import mismatch
from enose_hwsim.chips.cells.forward import BIAS, CONVERTER, FORWARD_CELLS, NEGATIVE_HALF, NEURON, POSITIVE_HALF
from enose_hwsim.chips.cells.learning import LEARNING_CELLS
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.cells.transistors import A_VT_V_UM
from enose_hwsim.chips.inspect import inspect
from enose_hwsim.chips.learning_netlist import update_branch
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.spice import driver
from enose_hwsim.spice.cards import CORNERS, cards

pytestmark = pytest.mark.usefixtures("libngspice")

SYNAPSE = (
    "Vx x 0 external\nVw w 0 external\nVs s 0 0.9\nXp x w s ref vdd positive_half\nXn x w s ref vdd negative_half\n"
)
NEURON_BENCH = "Vs s 0 external\nXc s vdd converter\nXy s y ref b vdd neuron\nXb b ref vdd bias\n"


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


def solver(chip: MlpFile, elements: str, temperature_c: float = 27.0, corner: str = "tt") -> driver.Solver:
    bench = circuit.bench(chip, "test", FORWARD_CELLS, temperature_c, corner)
    return driver.Solver(f"{bench}\n{elements}", 1e-7)


def test_cards_know_their_corners() -> None:
    assert len({cards(corner) for corner in CORNERS}) == 5
    assert "vth0=0.45 " in cards("sf")
    assert "vth0=-0.39 " in cards("sf")
    with pytest.raises(ValueError, match="corner 'xx', expected one of tt, ss, ff, sf, fs"):
        cards("xx")


def test_no_card_and_no_cell_makes_ngspice_warn_or_write_a_log(
    chip: MlpFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)  # where BSIM3 would leave b3v33check.log
    for corner in CORNERS:
        netlist = circuit.netlist(chip, 27.0, corner, learning=True)
        solution = driver.Solver(netlist).solve(
            dict.fromkeys(driver.Solver(netlist).sources, 0.9), ["y"], path=driver.Path(start={"vx0": 0.9})
        )
        assert solution.warnings == ()
    assert not list(tmp_path.iterdir())


def test_the_synapse_is_a_chible_multiplier(chip: MlpFile) -> None:
    weights_v, inputs_v = np.linspace(0.7, 1.1, 9), np.linspace(0.85, 0.95, 5)
    w, x = (grid.ravel() for grid in np.meshgrid(weights_v, inputs_v, indexing="ij"))
    current_a = solver(chip, SYNAPSE).solve({"vx": x, "vw": w}, ["vs#branch"])["vs#branch"].reshape(9, 5)
    drive_a = current_a[:, -1] - current_a[:, 0]
    line = np.polyval(np.polyfit(weights_v, drive_a, 1), weights_v)
    # Linear in the weight, for the square laws of an N and a PMOS cancel; their mobilities leave 1 % of the span.
    np.testing.assert_allclose(drive_a, line, atol=0.01 * np.ptp(drive_a))
    assert drive_a[0] > 0 > drive_a[-1]  # a lower voltage is a more positive weight
    assert np.interp(0, -drive_a, weights_v) == pytest.approx(chip.synapse.weight_zero_v, abs=0.02)
    expected_a = np.tanh(13.1 * (inputs_v - 0.9))  # kappa / (2 U_T) = 0.68 / 51.7 mV, of the NMOS pair
    measured_a = current_a[0] - current_a[0, 2]
    np.testing.assert_allclose(
        measured_a / measured_a[-1], expected_a / expected_a[-1], atol=0.12
    )  # its offset is 2 mV


@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_the_neuron_is_a_tanh_within_the_output_range(chip: MlpFile, temperature_c: float) -> None:
    node_v = np.linspace(0.5, 1.3, 161)
    output_v = solver(chip, NEURON_BENCH, temperature_c).solve({"vs": node_v}, ["y"])["y"]
    middle_v, swing_v = (output_v[0] + output_v[-1]) / 2, np.ptp(output_v) / 2
    if temperature_c == 27.0:
        assert chip.output.min_v < output_v.min() < output_v.max() < chip.output.max_v
    assert chip.output.valid_min_v < output_v.min() < output_v.max() < chip.output.valid_max_v
    slope_per_v = np.gradient(output_v, node_v).max() / swing_v
    at_v = np.interp(middle_v, output_v, node_v)
    expected_v = middle_v + swing_v * np.tanh(slope_per_v * (node_v - at_v))
    np.testing.assert_allclose(output_v, expected_v, atol=0.03 * swing_v)


@pytest.mark.parametrize("temperature_c", [0.0, 27.0, 60.0])
def test_a_weight_moves_the_summing_node_by_its_own_voltage(chip: MlpFile, temperature_c: float) -> None:
    node_v = np.linspace(0.85, 0.95, 11)
    converter = solver(chip, NEURON_BENCH, temperature_c).solve({"vs": node_v}, ["vs#branch"])["vs#branch"]
    synapse = solver(chip, SYNAPSE, temperature_c)
    current_a = synapse.solve({"vx": [0.85, 0.95], "vw": 0.7}, ["vs#branch"])["vs#branch"]
    conductance_s = -np.polyfit(node_v, converter, 1)[0]
    slope_per_v = 0.68 / (2 * 8.617e-5 * (273.15 + temperature_c))
    full_v = np.ptp(current_a) / 2 / np.tanh(0.05 * slope_per_v) / conductance_s
    assert full_v == pytest.approx(0.2, rel=0.1)  # V_zero - V_min, whatever the temperature


def test_mismatch_follows_pelgrom(chip: MlpFile) -> None:
    shifts = Shifts.draw(chip.topology, 400, np.random.default_rng(1))
    assert len(shifts) == 400
    for drawn_v, cell in (
        (shifts.positive_v, POSITIVE_HALF),
        (shifts.negative_v, NEGATIVE_HALF),
        (shifts.converter_v, CONVERTER),
        (shifts.neuron_v, NEURON),
    ):
        areas = np.array([t.width_um * t.length_um for t in cell.transistors])
        sigma_v = drawn_v.reshape(-1, len(areas)).std(axis=0)
        np.testing.assert_allclose(sigma_v, A_VT_V_UM / np.sqrt(areas), rtol=0.07)  # 3 sigma of 2000 draws are 5 %
    assert not np.any(Shifts.none(chip.topology, 2).positive_v)


def test_the_current_factors_mismatch_hardly_counts(chip: MlpFile) -> None:
    rng = np.random.default_rng(8)
    solver = driver.Solver(circuit.netlist(chip, 27.0), 1e-7)
    sources = {circuit.input_source(i): rng.uniform(0.85, 0.95, 8) for i in range(4)}
    sources |= {circuit.weight_source(k): rng.uniform(0.7, 1.1) for k in range(25)}
    still = circuit.shift_parameters(Shifts.none(chip.topology))

    def outputs_v(parameters: dict[str, float]) -> np.ndarray:
        solver.alter(parameters)
        return solver.solve(sources, ["y"], path=driver.Path(None, 0.015, dict.fromkeys(sources, 0.9)))["y"]

    of_thresholds, of_factors = [], []
    for _ in range(40):
        drawn = circuit.shift_parameters(Shifts.draw(chip.topology, 1, rng))
        factors = {name.replace("delvto", "mulu0"): 1 + 0.01 / A_VT_V_UM * shift for name, shift in drawn.items()}
        of_factors.append(outputs_v(factors))  # 1 % um
        of_thresholds.append(outputs_v(drawn | dict.fromkeys(factors, 1.0)))
        solver.alter(still)
    ratio = np.std(of_factors, axis=0) / np.std(of_thresholds, axis=0)
    assert 0 < np.sqrt(1 + np.square(ratio).mean()) - 1 < 0.03  # measured over 120 chips: 0.013


def test_shifts_are_cut_off_and_all_others_stay(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = Shifts.draw(chip.topology, 20, np.random.default_rng(1))
    monkeypatch.setattr(mismatch, "SHIFT_LIMIT", 2.0)  # at 6 sigmas nobody would live to see one
    cut = Shifts.draw(chip.topology, 20, np.random.default_rng(1))
    for name, cell in (("positive_v", POSITIVE_HALF), ("neuron_v", NEURON), ("bias_v", BIAS)):
        before, after = getattr(whole, name) / cell.sigma_v, getattr(cut, name) / cell.sigma_v
        inside = np.abs(before) <= 2.0
        np.testing.assert_array_equal(after[inside], before[inside])
        assert (np.abs(after) <= 2.0).all()
    assert not (np.abs(whole.positive_v / POSITIVE_HALF.sigma_v) <= 2.0).all()


def test_each_chip_gets_its_own_shifts_and_a_nominal_one_none(chip: MlpFile) -> None:
    rng = np.random.default_rng(2)
    inputs_v = rng.uniform(0.85, 0.95, (6, 4))
    weights_v = rng.uniform(0.7, 1.1, (3, 25))
    shifts = Shifts.draw(chip.topology, 3, rng)
    together_v = TransistorChip(chip, shifts=shifts).output_v(inputs_v, weights_v)
    for c in range(3):
        alone_v = TransistorChip(chip, shifts=shifts.chip(c)).output_v(inputs_v, weights_v[c])
        np.testing.assert_allclose(alone_v, together_v[c], rtol=0, atol=1e-6)
    nominal_v = TransistorChip(chip).output_v(inputs_v, weights_v)
    none_v = TransistorChip(chip, shifts=Shifts.none(chip.topology)).output_v(inputs_v, weights_v)
    np.testing.assert_allclose(none_v, nominal_v, rtol=0, atol=1e-6)
    assert np.abs(together_v - nominal_v).max() > 1e-3
    with pytest.raises(ValueError, match="3 sets of weights for 2 chips"):
        TransistorChip(chip, shifts=Shifts.draw(chip.topology, 2, rng)).output_v(inputs_v, weights_v)


def test_errors_of_the_transistor_chip(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    one = TransistorChip(chip)
    with pytest.raises(ValueError, match=r"input \[1, 2\]: 0.84 V, expected 0.85..0.95 V"):
        one.output_v([[0.9] * 4, [0.9, 0.9, 0.84, 0.9]], [0.9] * 25)
    with pytest.raises(ValueError, match=r"weight \[24\]: nan V"):
        one.output_v([[0.9] * 4], [0.9] * 24 + [np.nan])
    with pytest.raises(ValueError, match="temperature"):
        TransistorChip(chip, -300.0)
    with pytest.raises(ValueError, match="corner"):
        TransistorChip(chip, corner="xx")
    stepped = driver.Solution({"y": np.full(1, 0.9)}, (0,), ())
    monkeypatch.setattr(driver.Solver, "solve", lambda *_, **__: stepped)
    with pytest.raises(driver.SpiceError, match=r"samples \[0\] solved by stepping only"):
        one.output_v([[0.9] * 4], [0.9] * 25)


def test_power_by_parts_and_the_paper(chip: MlpFile) -> None:
    answer = inspect(chip)
    assert answer["simulated"] is True
    assert answer["power_mw"]["total"] == pytest.approx(
        sum(power for part, power in answer["power_mw"].items() if part != "total"), abs=1e-5
    )
    assert 0.02 < answer["power_mw"]["total"] < 0.2  # the limit; the paper's chip takes 0.553 mW
    assert all(power > 0 for power in answer["power_mw"].values())
    assert chip.output.min_v <= answer["output_min_v"] < answer["output_max_v"] <= chip.output.max_v
    assert answer["transistors"] == 25 * 14 + 5 * (2 + 7) + 2
    assert answer["transistors_with_learning"] - answer["transistors"] == 4 * 16 + 5 * (13 + 7) + 25 * (13 + 4) + 2 + 2
    assert {cell.name for cell in LEARNING_CELLS} < set(answer["cells"])


def test_the_update_currents_are_back_propagation(chip: MlpFile) -> None:
    rng = np.random.default_rng(7)
    learning = driver.Solver(circuit.netlist(chip, 27.0, learning=True), 1e-7)
    forward = TransistorChip(chip)
    start = dict.fromkeys(learning.sources, 0.9) | {"vclock": 1.8}
    alike = []
    for teacher_v in (0.84, 0.96, 0.84, 0.96):
        inputs_v, weights_v = rng.uniform(0.85, 0.95, 4), rng.uniform(0.8, 1.0, 25)
        sources = {f"vx{i}": v for i, v in enumerate(inputs_v)} | {f"vw{k}": v for k, v in enumerate(weights_v)}
        sources |= {"vteacher": teacher_v, "vclock": 1.8}
        outputs = ["y", *(update_branch(k) for k in range(25))]
        solution = learning.solve(sources, outputs, path=driver.Path(None, 0.015, start))
        assert solution.stepped == ()
        update_a = np.array([solution[update_branch(k)][0] for k in range(25)])
        step_v = 1e-3 * np.eye(25)
        moved_v = forward.output_v(inputs_v[None], np.concatenate((weights_v + step_v, weights_v - step_v)))[:, 0]
        downhill = (teacher_v - solution["y"][0]) * (moved_v[:25] - moved_v[25:])
        np.testing.assert_allclose(forward.output_v(inputs_v[None], weights_v), solution["y"], atol=1e-6)
        alike.append([np.corrcoef(update_a[rows], downhill[rows])[0, 1] for rows in (slice(20, 25), slice(20))])
    # Measured: 0.98 to 1.00 for the output's weights, 0.90 to 0.93 for the hidden ones, two more offsets away.
    assert np.min(alike, axis=0) == pytest.approx([1, 1], abs=0.15)
