"""Training through imperfect chips: the circuits of mismatched ones, and what training through them is good for."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from enose.mapping import mapping_of
from enose.training.choosing import Effort, best_start
from enose.training.circuit import Singles
from enose.training.equation_circuit import EquationCircuit
from enose.training.fit import BATCH, Jobs, fit, scores, start
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.mlp_circuit import MlpCircuit
from enose.training.readings import reading_of
from enose_hwsim.chipfile import load_chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.region import NotCertified
from enose_hwsim.chips.twin.twin import TwinChip

ROOT = Path(__file__).resolve().parents[2]
CHIP = load_chip(ROOT / "boards/chips/mlp441.toml")


def specimens(count: int, seed: int) -> Jobs:
    """Three classes about points of the inputs; the middle one lies in the lowest band."""
    rng = np.random.default_rng(seed)
    classes = np.arange(count) % 3
    middles_v = np.array([[0.88, 0.92, 0.87, 0.93], [0.93, 0.88, 0.92, 0.87], [0.90, 0.90, 0.93, 0.92]])
    inputs_v = np.clip(middles_v[classes] + 0.01 * rng.standard_normal((count, 4)), 0.85, 0.95)
    return Jobs(inputs_v[None], np.array([1, 0, 2])[classes][None], np.ones((1, count), dtype=bool), np.zeros(1), count)


@pytest.mark.parametrize("temperature_c", [27.0, 60.0])
def test_mismatched_circuits_are_those_of_the_fast_twin(temperature_c: float) -> None:
    circuits = draw_chips(CHIP, 1.0, (temperature_c,), np.random.default_rng(5), 24)
    twin = TwinChip(CHIP, temperature_c, Shifts.draw(CHIP.topology, 24, np.random.default_rng(5)))
    rng = np.random.default_rng(3)
    inputs_v = rng.uniform(0.85, 0.95, (40, 4))
    missed_v = []
    for _ in range(10):
        weights = rng.uniform(-1, 1, 25).astype(np.float32)
        exact_v = twin.output_v(inputs_v, mapping_of(CHIP).held(weights)) - CHIP.synapse.v_ref_v
        missed_v.append([c.output_v(c.drives(inputs_v[None]), weights[None])[0] for c in circuits] - exact_v)
    # 0.12 and 0.14 mV RMS, 0.9 mV at the most were measured; the nominal chip misses them by 10 to 12 mV RMS
    assert np.sqrt(np.mean(np.square(missed_v))) < 0.2e-3
    assert np.abs(missed_v).max() < 1.5e-3


def test_chips_share_the_temperatures_and_no_mismatch_is_the_nominal_chip() -> None:
    chips = draw_chips(CHIP, 0.0, (27.0, 60.0), np.random.default_rng(0), 4)
    assert len(chips) == 4
    jobs, weights = specimens(6, 0), start(MlpCircuit(CHIP), 1, np.random.default_rng(1))
    nominal = MlpCircuit(CHIP)
    drives = nominal.drives(jobs.inputs_v)
    found = [chip.output_v(drives, weights) for chip in chips]
    # neurons' curves are fitted again with stretch 1 and shift 0
    assert found[0] == pytest.approx(nominal.output_v(drives, weights), abs=2e-5)
    assert np.array_equal(found[0], found[1])
    assert np.abs(found[2] - found[0]).max() > 1e-4
    with pytest.raises(NotCertified, match="temperature 61 C"):
        draw_chips(CHIP, 1.0, (61.0,), np.random.default_rng(0))


def test_training_through_many_chips_serves_chips_never_seen() -> None:
    jobs, test = specimens(240, 1), specimens(240, 2)
    circuit, reading = MlpCircuit(CHIP), reading_of(CHIP, 240)
    unseen = draw_chips(CHIP, 1.0, (27.0,), np.random.default_rng(77), 20)
    shares = []
    for chips in ((), draw_chips(CHIP, 1.0, (27.0,), np.random.default_rng(6))):
        met = Imperfections.of(circuit, chips)
        for seed in range(5):
            weights, _, _ = best_start(circuit, reading, jobs, np.random.default_rng(seed), met, Effort(6, 300))
            right = [scores(chip, reading, test, weights[None], test.used)[1][0] for chip in unseen]
            shares.append(np.mean(right))
    # 96.1 against 94.4 % were measured, each mean of five within 0.5 points; on the drift set it is 92 against 81 %
    assert np.mean(shares[5:]) > np.mean(shares[:5]) + 0.008


class _Watched(EquationCircuit):
    """Keeps the samples that training shows it."""

    def __init__(self) -> None:
        super().__init__(CHIP)
        self.seen: list[Singles] = []

    def gradient(self, drives: Singles, weights: Singles, slope_of: Callable[[Singles], Singles]) -> Singles:
        self.seen.append(drives)
        return super().gradient(drives, weights, slope_of)


def test_an_epoch_shows_every_specimen_once() -> None:
    count = 3 * BATCH + 7
    jobs, circuit = specimens(count, 0), _Watched()
    # so many groups leave no scatter to be drawn; without noise each drive tells its specimen
    still = Jobs(jobs.inputs_v, jobs.bands, jobs.used, jobs.shrink, 10**15)
    rng = np.random.default_rng(1)
    fit(circuit, reading_of(CHIP, count), still, start(circuit, 2, rng), 6, rng, Imperfections(input_noise_v=0.0))
    assert len(circuit.seen) == 6
    drives = circuit.drives(jobs.inputs_v)[0]
    for epoch in (circuit.seen[:3], circuit.seen[3:]):
        assert min(batch.shape[1] for batch in epoch) >= BATCH
        shown = np.concatenate([batch[0] for batch in epoch])
        assert shown.shape == drives.shape
        assert np.sort(shown, axis=0) == pytest.approx(np.sort(drives, axis=0), abs=1e-6)
    assert not np.array_equal(circuit.seen[0], circuit.seen[3])


def test_noise_at_the_inputs_has_the_size_that_it_is_given() -> None:
    jobs, circuit = specimens(200, 0), _Watched()
    rng = np.random.default_rng(2)
    still = Jobs(jobs.inputs_v, jobs.bands, jobs.used, jobs.shrink, 10**15)
    noisy = Imperfections(input_noise_v=0.002)
    fit(circuit, reading_of(CHIP, 200), still, start(circuit, 1, rng), 50, rng, noisy)
    drives = circuit.drives(jobs.inputs_v)
    drawn_v = (np.stack(circuit.seen) - drives) / circuit.drive_per_v(drives)
    # 40,000 draws: the standard deviation is known to 0.35 %, the mean to 10 uV
    assert np.std(drawn_v) == pytest.approx(0.002, rel=0.02)
    assert abs(np.mean(drawn_v)) < 5e-5
    assert abs(np.corrcoef(drawn_v[0].ravel(), drawn_v[1].ravel())[0, 1]) < 0.15  # 800 pairs: sigma 0.035


def bench(*words: str) -> dict[str, object]:
    done = subprocess.run(
        [sys.executable, *words, "--json"], cwd=ROOT, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_the_bench_of_training_checks_its_answer() -> None:
    answer = bench("bench/training.py", "--epochs", "100", "--restarts", "4", "--peers", "1")
    assert answer["ok"] is True
    rows = {row["item"]: row["here"] for row in answer["rows"]}  # type: ignore[attr-defined]
    assert rows["unseen specimens right, restart of the lowest loss"] > 0.95
    assert rows["steps of every network"] == 300


@pytest.mark.data
def test_the_bench_of_imperfections_compares_them(data_path: Callable[[str], Path]) -> None:
    few = ("--chips", "3", "--repeats", "2", "--restarts", "2", "--epochs", "10")
    answer = bench("bench/imperfections.py", "--recordings", str(data_path("uci_gas_drift")), *few)
    rows = {row["item"]: row for row in answer["rows"]}  # type: ignore[attr-defined]
    assert rows["none"]["nominal"] > 0.8
    assert rows["weights rounded to 38 uV (16 bit)"]["effect"].endswith("no effect")
