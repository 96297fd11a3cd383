"""ngspice at length and in several processes: memory over many analyses of transistors, and joblib's workers."""

import resource
from collections.abc import Generator
from pathlib import Path

import numpy as np
import pytest
from joblib import Parallel, delayed
from joblib.externals.loky import get_reusable_executor

from enose_hwsim.chipfile import MlpFile, load_chip
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.forward import FORWARD_CELLS
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.spice.driver import Solver, SpiceError

pytestmark = pytest.mark.usefixtures("libngspice")

SYNAPSE = (
    "Vx x 0 external\nVw w 0 external\nVs s 0 0.9\nXp x w s ref vdd positive_half\nXn x w s ref vdd negative_half\n"
)


@pytest.fixture(scope="module")
def chip() -> MlpFile:
    chip = load_chip(Path(__file__).resolve().parents[2] / "boards" / "chips" / "mlp441.toml")
    assert isinstance(chip, MlpFile)
    return chip


@pytest.fixture
def workers() -> Generator[Parallel, None, None]:
    """Two processes of joblib's, gone afterwards."""
    with Parallel(n_jobs=2, backend="loky", timeout=60) as parallel:
        yield parallel
    get_reusable_executor().shutdown(wait=True)


def resident_kib() -> int:
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


def test_ten_thousand_analyses_of_transistors_leak_nothing(chip: MlpFile) -> None:
    synapse = Solver(f"{circuit.bench(chip, 'synapse', FORWARD_CELLS, 27.0)}{circuit.PROBE}{SYNAPSE}", 1e-7)
    rng = np.random.default_rng(1)

    def analyse(times: int) -> None:
        for k in range(times):
            sources = {"vx": rng.uniform(0.85, 0.95), "vw": rng.uniform(0.7, 1.1)}
            synapse.solve(sources, ["vs#branch"])
            synapse.alter({"@m.xp.mw[delvto]": rng.normal(0, 1e-3)})
            if k % 20 == 0:
                synapse.noise(sources, "s", circuit.NOISE_INPUT, (1.0, 10.0))

    analyse(1_000)
    before_kib = resident_kib()
    analyse(10_000)
    # A leak of one vector of one number, 100 bytes, an analysis would be 1 MB.
    assert resident_kib() - before_kib < 1024


def test_hundreds_of_reloads_of_the_whole_chip_leak_little(chip: MlpFile) -> None:
    one, other = TransistorChip(chip), TransistorChip(chip, 60.0)  # they take turns: each call loads a netlist
    inputs_v, weights_v = np.full((1, 4), 0.9), np.full(25, 0.9)

    def reload(times: int) -> None:
        for _ in range(times):
            one.output_v(inputs_v, weights_v)
            other.output_v(inputs_v, weights_v)

    reload(10)
    before_kib = resident_kib()
    reload(100)
    # The chip's 397 transistors hold some 3 kB each: if a load were never freed, 200 of them would be 200 MB.
    assert resident_kib() - before_kib < 10 * 1024


def test_workers_answer_as_one_process_does(chip: MlpFile, workers: Parallel) -> None:
    rng = np.random.default_rng(2)
    inputs_v, weights_v = rng.uniform(0.85, 0.95, (5, 4)), rng.uniform(0.7, 1.1, (6, 25))
    shifts = Shifts.draw(chip.topology, 6, rng)
    chips = [TransistorChip(chip, shifts=shifts.chip(c)) for c in range(6)]
    alone_v = [one.output_v(inputs_v, row) for one, row in zip(chips, weights_v, strict=True)]
    # A chip goes to a worker as its netlist; ngspice and its circuit are the worker's own.
    given_v = workers(delayed(one.output_v)(inputs_v, row) for one, row in zip(chips, weights_v, strict=True))

    def made_there_v(c: int) -> np.ndarray:
        return TransistorChip(chip, shifts=shifts.chip(c)).output_v(inputs_v, weights_v[c])

    made_v = workers(delayed(made_there_v)(c) for c in range(6))
    np.testing.assert_array_equal(given_v, alone_v)
    np.testing.assert_array_equal(made_v, alone_v)


def test_an_error_in_a_worker_comes_back_whole(workers: Parallel) -> None:
    solver = Solver("* divider\nVin in 0 external\nR1 in out 1k\nR2 out 0 3k")
    with pytest.raises(SpiceError, match="nowhere: ngspice knows no such node or branch"):
        workers([delayed(solver.solve)({"vin": 1.0}, ["nowhere"])])
    with pytest.raises(SpiceError) as caught:
        workers([delayed(Solver)("* t\nR1 a 0 1k fred=3\nV1 a 0 1")])
    assert caught.value.netlist_line == "R1 a 0 1k fred=3"
    assert workers([delayed(solver.solve)({"vin": 1.0}, ["out"])])[0]["out"].tolist() == [0.75]
