"""The fast twin against ngspice, its refusals, its store, and its speed."""

import os
import time
from pathlib import Path

import numpy as np
import pytest
from threadpoolctl import threadpool_limits

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin import certify as certificate
from enose_hwsim.chips.twin import characterise, store
from enose_hwsim.chips.twin.certify import certify, within_limits
from enose_hwsim.chips.twin.twin import TwinChip

pytestmark = pytest.mark.usefixtures("libngspice")


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    return load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")


@pytest.fixture(scope="module")
def drawn(chip: MlpFile) -> tuple[np.ndarray, np.ndarray, Shifts]:
    rng = np.random.default_rng(11)
    inputs_v = rng.uniform(0.85, 0.95, (30, 4))
    return inputs_v, rng.uniform(0.7, 1.1, (6, 25)), Shifts.draw(chip.topology, 6, rng)


@pytest.mark.timeout(300)  # the tables may have to be taken
def test_a_small_certificate(chip: MlpFile) -> None:
    told: list[tuple[str, int, int | None]] = []
    answer = certify(chip, chips=12, samples=25, seed=1, on_progress=lambda *step: told.append(step))
    assert answer.ok
    assert answer.simulated
    assert (answer.temperatures_c, answer.corner) == ((0.0, 27.0, 60.0), "tt")
    # Measured: 2.3e-5, 2.0e-5, 2e-5 V; a tenfold worse twin would still be within the limits.
    assert answer.max_error_v < 5e-5
    assert answer.nominal_max_error_v < 5e-5
    assert 0 < answer.p999_error_v <= answer.max_error_v == max(answer.max_error_v_by_temperature)
    assert answer.float32_max_error_v < 1e-4
    assert 5e-3 < answer.chip_sigma_v < 30e-3
    assert answer.output_coverage > 0.8
    assert len(answer.netlists) == 3
    assert [done for text, done, total in told if text == "27 C: chips in ngspice"] == list(range(1, 13))
    assert {len(errors_v) for errors_v in (*answer.errors_v, *answer.outputs_v)} == {12}
    assert "errors_v" not in answer.as_dict()
    assert answer.as_dict()["max_error_v"] == answer.max_error_v


def test_a_certificate_repeats_and_its_limits_count(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    def once() -> certificate.Certificate:
        return certify(chip, chips=2, samples=5, seed=2, temperatures_c=(27.0,))

    one, again = once(), once()
    assert one.max_error_v == pytest.approx(again.max_error_v, abs=1e-9)
    assert one.chip_sigma_v == again.chip_sigma_v
    good = {
        "max_error_v": 1e-4,
        "p999_error_v": 1e-4,
        "nominal_max_error_v": 1e-5,
        "output_coverage": 0.9,
        "chip_sigma_v": 0.01,
    }
    assert within_limits(**good)
    for name, bad in (
        ("max_error_v", 5e-4),
        ("p999_error_v", 3e-4),
        ("nominal_max_error_v", 6e-5),
        ("output_coverage", 0.7),
        ("chip_sigma_v", 4e-3),
    ):
        assert not within_limits(**{**good, name: bad})
        assert not within_limits(**{**good, name: float("nan")})
    for chips, samples, temperatures_c in ((1, 5, (27.0,)), (2, 0, (27.0,)), (2, 5, ())):
        with pytest.raises(ValueError, match="expected at least 2, 1 and 1"):
            certify(chip, chips, samples, temperatures_c=temperatures_c)
    with pytest.raises(ValueError, match="temperature 61 C"):
        certify(chip, 2, 5, temperatures_c=(27.0, 61.0))


def test_a_wrong_twin_fails_its_certificate(chip: MlpFile, monkeypatch: pytest.MonkeyPatch) -> None:
    right = characterise.CURVE_V
    from enose_hwsim.chips.twin import programmed

    monkeypatch.setattr(programmed, "CURVE_V", right + 0.005)  # as if the neurons had another offset
    assert not certify(chip, chips=2, samples=5, seed=2, temperatures_c=(27.0,)).ok


def test_shapes(chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts]) -> None:
    inputs_v, weights_v, shifts = drawn
    chips, nominal = TwinChip(chip, shifts=shifts), TwinChip(chip)
    assert nominal.output_v(inputs_v, weights_v[0]).shape == (30,)
    assert nominal.output_v(inputs_v, weights_v).shape == (6, 30)
    assert nominal.output_v(inputs_v[:0], weights_v).shape == (6, 0)
    assert chips.output_v(inputs_v, weights_v[0]).shape == (6, 30)
    many_v = np.tile(inputs_v, (80, 1))  # over the end of a block
    np.testing.assert_allclose(
        chips.output_v(many_v, weights_v), np.tile(chips.output_v(inputs_v, weights_v), 80), rtol=0, atol=1e-12
    )
    for c in range(6):
        alone_v = TwinChip(chip, shifts=shifts.chip(c)).output_v(inputs_v, weights_v[c])
        np.testing.assert_allclose(alone_v, chips.output_v(inputs_v, weights_v)[c], rtol=0, atol=1e-12)
    with pytest.raises(ValueError, match="2 sets of weights for 6 chips"):
        chips.output_v(inputs_v, weights_v[:2])


def test_single_precision_is_as_good(chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts]) -> None:
    inputs_v, weights_v, shifts = drawn
    double_v = TwinChip(chip, shifts=shifts).output_v(inputs_v, weights_v)
    single_v = TwinChip(chip, shifts=shifts, dtype=np.float32).output_v(inputs_v, weights_v)
    assert (double_v.dtype, single_v.dtype) == (np.float64, np.float32)
    np.testing.assert_allclose(single_v, double_v, rtol=0, atol=5e-6)  # measured 2.2e-6 over a million


def test_the_ends_of_all_ranges(chip: MlpFile) -> None:
    inputs_v = np.array([[0.85] * 4, [0.95] * 4, [0.85, 0.95, 0.85, 0.95], [0.9] * 4])
    weights_v = np.array([[v] * 25 for v in (0.7, 0.9, 1.1)] + [[0.7, 1.1] * 12 + [0.7]])
    spice_v = TransistorChip(chip).output_v(inputs_v, weights_v)
    np.testing.assert_allclose(TwinChip(chip).output_v(inputs_v, weights_v), spice_v, rtol=0, atol=1e-4)


def test_it_refuses_voltages_that_the_chip_does(chip: MlpFile, drawn: tuple[np.ndarray, np.ndarray, Shifts]) -> None:
    inputs_v, weights_v, _ = drawn
    low_v, high_v = inputs_v.copy(), weights_v.copy()
    low_v[2, 3], high_v[1, 24] = 0.84, 1.2
    with pytest.raises(ValueError, match=r"input \[2, 3\]: 0.84 V, expected 0.85..0.95 V"):
        TwinChip(chip).output_v(low_v, weights_v)
    with pytest.raises(ValueError, match=r"weight \[1, 24\]: 1.2 V, expected 0.7..1.1 V"):
        TwinChip(chip).output_v(inputs_v, high_v)
    with pytest.raises(ValueError, match="shape"):
        TwinChip(chip).output_v(inputs_v[0], weights_v)


def test_the_store(chip: MlpFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    given = store.load_tables(chip, 27.0)
    taken: list[float] = []

    def take(chip: MlpFile, temperature_c: float, corner: str) -> characterise.Tables:
        taken.append(temperature_c)
        return given

    monkeypatch.setattr(characterise, "characterise", take)
    monkeypatch.setenv("ENOSE_CACHE", str(tmp_path / "new"))

    def load() -> characterise.Tables:
        store._in_memory.clear()
        return store.load_tables(chip, 27.0)

    load()
    assert load().neuron_v.tolist() == given.neuron_v.tolist()
    assert taken == [27.0]  # the second time from the file
    (path,) = (tmp_path / "new").iterdir()
    assert path.name.startswith(f"mlp441-27c-tt-{store.netlist_hash(chip, 27.0)[:16]}")
    for broken in (b"", b"PK\3\4 half a file", path.read_bytes()[:1000]):
        path.write_bytes(broken)
        load()
    assert taken == [27.0] * 4
    monkeypatch.setattr(characterise, "METHOD", "another")
    load()
    assert len(taken) == 5
    monkeypatch.setenv("ENOSE_CACHE", os.devnull)  # no folder: nothing is kept, and nothing fails
    load()
    assert len(taken) == 6
    monkeypatch.delenv("ENOSE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert store.cache_folder() == tmp_path / "enose"


def test_it_is_fast(chip: MlpFile) -> None:
    rng = np.random.default_rng(3)
    inputs_v, weights_v = rng.uniform(0.85, 0.95, (1000, 4)), rng.uniform(0.7, 1.1, (200, 25))
    shifts = Shifts.draw(chip.topology, 200, rng)
    ready = TwinChip(chip, shifts=shifts, dtype=np.float32).program(weights_v)
    taken_s = []
    with threadpool_limits(1):  # a second thread's waiting counts as CPU time, and others may use the machine
        for _ in range(3):
            begin_s = time.process_time()
            ready.output_v(inputs_v)
            taken_s.append(time.process_time() - begin_s)
    assert min(taken_s) < 0.2  # a fifth of a thousand chips: 0.03 s were measured, on a machine to itself
