"""Where the fast twin may be trusted: any temperature in between, what it refuses, and who answers there instead."""

from pathlib import Path

import numpy as np
import pytest
from msgspec.structs import replace

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.fallback import trusted_chip
from enose_hwsim.chips.twin.region import NotCertified
from enose_hwsim.chips.twin.store import netlist_hash
from enose_hwsim.chips.twin.twin import TwinChip

pytestmark = pytest.mark.usefixtures("libngspice")

INPUTS_V = np.random.default_rng(5).uniform(0.85, 0.95, (10, 4))
WEIGHTS_V = np.random.default_rng(6).uniform(0.7, 1.1, (3, 25))


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    chip = load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")
    assert isinstance(chip, MlpFile)
    return chip


@pytest.mark.timeout(300)  # the tables may have to be taken
def test_a_temperature_between_those_of_the_certificate(chip: MlpFile) -> None:
    shifts = Shifts.draw(chip.topology, 3, np.random.default_rng(7))
    twin_v = TwinChip(chip, 35.0, shifts).output_v(INPUTS_V, WEIGHTS_V)
    spice_v = TransistorChip(chip, 35.0, shifts).output_v(INPUTS_V, WEIGHTS_V)
    np.testing.assert_allclose(twin_v, spice_v, rtol=0, atol=5e-5)  # 2.1e-5 over 60 chips at 13 and 45 C
    assert np.abs(twin_v - TwinChip(chip, 27.0, shifts).output_v(INPUTS_V, WEIGHTS_V)).max() > 1e-3


@pytest.mark.parametrize("temperature_c", [-0.1, 60.1, np.nan])
def test_a_temperature_outside(chip: MlpFile, temperature_c: float) -> None:
    with pytest.raises(
        NotCertified, match=rf"^temperature {temperature_c:g} C, the fast twin is certified at 0..60 C$"
    ):
        TwinChip(chip, temperature_c)


@pytest.mark.parametrize("value", [0.02, np.nan])
def test_a_shift_outside(chip: MlpFile, value: float) -> None:
    shifts = Shifts.none(chip.topology, 2)
    shifts.neuron_v[1, 4, 0] = value
    with pytest.raises(NotCertified, match=rf"shift neuron_v\[1, 4, 0\]: {value} V, .* certified up to 0.0106 V"):
        TwinChip(chip, shifts=shifts)


@pytest.mark.parametrize(
    ("section", "changes", "expected"),
    [
        ("input", {"min_v": 0.77}, r"input.min_v 0.77 V, .* at 0.779..1.021 V"),
        ("input", {"max_v": 1.03}, r"input.max_v 1.03 V, .* at 0.779..1.021 V"),
        ("input", {"max_v": 1.03, "bias_v": 1.03}, r"input.max_v 1.03 V"),
        ("synapse", {"weight_min_v": 0.65}, r"synapse.weight_min_v 0.65 V, .* at 0.7..1.1 V"),
        ("synapse", {"weight_max_v": 1.15}, r"synapse.weight_max_v 1.15 V, .* at 0.7..1.1 V"),
        ("synapse", {"v_ref_v": 0.95}, r"synapse.v_ref_v 0.95 V, .* at 0.9 V"),
        ("supply", {"nominal_v": 1.75}, r"supply.nominal_v 1.75 V, .* at 1.8 V"),
    ],
)
def test_a_chip_file_outside(chip: MlpFile, section: str, changes: dict[str, float], expected: str) -> None:
    other = replace(chip, **{section: replace(getattr(chip, section), **changes)})
    with pytest.raises(NotCertified, match=rf"^mlp441: {expected}"):
        TwinChip(other)


@pytest.mark.timeout(300)  # the tables may have to be taken
def test_a_narrower_chip_is_inside_and_has_its_own_tables(chip: MlpFile) -> None:
    narrow = replace(chip, synapse=replace(chip.synapse, weight_min_v=0.8, weight_max_v=1.0))
    assert netlist_hash(narrow, 27.0) != netlist_hash(chip, 27.0)
    weights_v = WEIGHTS_V.clip(0.8, 1.0)
    spice_v = TransistorChip(narrow).output_v(INPUTS_V, weights_v)
    np.testing.assert_allclose(TwinChip(narrow).output_v(INPUTS_V, weights_v), spice_v, rtol=0, atol=5e-5)


@pytest.mark.parametrize("corner", ["sf", "fs", "xx"])
def test_a_corner_outside(chip: MlpFile, corner: str) -> None:
    with pytest.raises(NotCertified, match=rf"^corner '{corner}', the fast twin is certified at tt, ss, ff$"):
        TwinChip(chip, corner=corner)


def test_the_fallback(chip: MlpFile) -> None:
    told: list[str] = []
    assert isinstance(trusted_chip(chip, 27.0, telling=told.append), TwinChip)
    assert told == []
    shifts = Shifts.none(chip.topology)
    shifts.bias_v[0, 1] = 0.02
    for temperature_c, given, reason in ((70.0, None, "temperature 70 C, "), (27.0, shifts, r"shift bias_v[0, 1]: ")):
        told.clear()
        answering = trusted_chip(chip, temperature_c, given, told.append)
        assert isinstance(answering, TransistorChip)
        (line,) = told
        assert line.startswith(reason)
        assert "ngspice solves its transistors instead" in line
        expected_v = TransistorChip(chip, temperature_c, given).output_v(INPUTS_V, WEIGHTS_V[0])
        np.testing.assert_array_equal(answering.output_v(INPUTS_V, WEIGHTS_V[0]), expected_v)
    with pytest.raises(ValueError, match="temperature -300"):  # which is none
        trusted_chip(chip, -300.0)
