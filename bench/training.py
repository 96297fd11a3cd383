"""How long training through the circuit takes, and whether what it trained is right. The chip is simulated.

Many networks are trained at once on made-up specimens of three classes, through mlp441's transistor curves. The time is
that of the descent alone, without taking or loading the curves. Checked besides: the trained networks' accuracy on
specimens that they never saw, through the fast twin, and how far training's own output is from the twin's.
scikit-learn's MLPClassifier does the same epochs with the same batches; a few of its restarts are timed, and scaled up.
"""

import argparse
import json
import sys
import time
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.exceptions import ConvergenceWarning
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from enose.boards import find_board
from enose.mapping import mapping_of
from enose.training.fit import BATCH, Jobs, fit, scores, start
from enose.training.mlp_circuit import MlpCircuit
from enose.training.readings import reading_of
from enose_hwsim.chips.twin.twin import TwinChip

LIMIT_S = 3.0
RMS_LIMIT_V, MOST_LIMIT_V = 0.15e-3, 1.5e-3  # as in tests/unit/test_training.py, for random weights
LEAST_RIGHT = 0.95  # of the best restart; the classes overlap a little
BANDS = (1, 0, 2)  # the class in the middle of the inputs is not the one in the middle of the output
MIDDLES_V = ((0.88, 0.92, 0.87, 0.93), (0.93, 0.88, 0.92, 0.87), (0.90, 0.90, 0.93, 0.92))
SPREAD_V = 0.010
_, CHIP, _ = find_board("pico-mlp")


def specimens(count: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """(inputs in volts (count, 4), classes): normally distributed about three points, held within the range."""
    classes = rng.integers(0, 3, count)
    inputs_v = np.array(MIDDLES_V)[classes] + SPREAD_V * rng.standard_normal((count, 4))
    return np.clip(inputs_v, CHIP.input.min_v, CHIP.input.max_v), classes


def timed(options: argparse.Namespace) -> dict[str, Any]:
    """Every figure."""
    rng = np.random.default_rng(options.seed)
    inputs_v, classes = specimens(options.specimens, rng)
    unseen_v, unseen = specimens(options.specimens, rng)
    circuit, reading = MlpCircuit(CHIP), reading_of(CHIP, options.specimens)
    everything = np.ones((1, len(classes)), dtype=np.bool_)
    bands = np.array(BANDS)
    jobs = Jobs(inputs_v[None], bands[classes][None], everything, np.zeros(1), options.specimens)
    batches = max(1, options.specimens // BATCH)
    weights = start(circuit, options.restarts, rng)
    wall_s, cpu_s = time.perf_counter(), time.process_time()
    trained = fit(circuit, reading, jobs, weights, options.epochs * batches, rng)
    wall_s, cpu_s = time.perf_counter() - wall_s, time.process_time() - cpu_s

    test = Jobs(unseen_v[None], bands[unseen][None], everything, np.zeros(1), options.specimens)
    loss, _ = scores(circuit, reading, jobs, trained, everything)
    output_v = TwinChip(CHIP).output_v(unseen_v, mapping_of(CHIP).held(trained))
    right = np.mean(reading.of((output_v - CHIP.synapse.v_ref_v).astype(np.float32)) == test.bands, axis=1)
    missed_v = circuit.output_v(circuit.drives(test.inputs_v), trained) - (output_v - CHIP.synapse.v_ref_v)
    peer_s = peer(inputs_v, classes, options.epochs, options.peers) * options.restarts
    rms_v, most_v = float(np.sqrt(np.mean(missed_v**2))), float(np.abs(missed_v).max())
    best = float(right[np.argmin(loss)])
    rows = [
        row("descent, CPU", "s", cpu_s, LIMIT_S, cpu_s <= LIMIT_S),
        row("descent, wall", "s", wall_s),
        row("steps of every network", "", options.epochs * batches),
        row("unseen specimens right, restart of the lowest loss", "", best, LEAST_RIGHT, best >= LEAST_RIGHT),
        row("unseen specimens right, median restart", "", float(np.median(right))),
        row("RMS of training's output less the fast twin's", "V", rms_v, RMS_LIMIT_V, rms_v <= RMS_LIMIT_V),
        row("largest of it", "V", most_v, MOST_LIMIT_V, most_v <= MOST_LIMIT_V),
        row(f"MLPClassifier, {options.peers} restarts scaled to {options.restarts}, CPU", "s", peer_s),
        row("its time by ours", "", peer_s / cpu_s),
    ]
    sizes = {name: getattr(options, name) for name in ("specimens", "epochs", "restarts", "seed")}
    return {"name": "training", "simulated": True, "blas_threads": 1, **sizes, "batch": len(classes) // batches} | {
        "rows": rows,
        "ok": all(one["ok"] for one in rows),
    }


def peer(inputs_v: NDArray[np.float64], classes: NDArray[np.int64], epochs: int, restarts: int) -> float:
    """CPU seconds of one of scikit-learn's networks, four hidden neurons, the mean of some restarts."""
    batch = len(classes) // max(1, len(classes) // BATCH)
    centred = (inputs_v - 0.9) / 0.05
    begin_s = time.process_time()
    with warnings.catch_warnings(), threadpool_limits(1):
        warnings.simplefilter("ignore", ConvergenceWarning)  # the epochs are what is asked for, not convergence
        for k in range(restarts):
            MLPClassifier(
                (4,), activation="tanh", batch_size=batch, max_iter=epochs, tol=0, n_iter_no_change=epochs,
                random_state=k,
            ).fit(centred, classes)  # fmt: skip
    return (time.process_time() - begin_s) / restarts


def row(item: str, unit: str, here: float, limit: float | None = None, ok: bool = True) -> dict[str, Any]:
    """One figure."""
    return {"item": item, "unit": unit, "here": here, "limit": limit, "ok": ok}


def main() -> int:
    """0 where every limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--specimens", type=int, default=1000)
    parser.add_argument("--epochs", type=int, default=200)
    parser.add_argument("--restarts", type=int, default=64)
    parser.add_argument("--peers", type=int, default=3, help="restarts of scikit-learn's network to time")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    answer = timed(options)
    if options.json:
        json.dump(answer, sys.stdout, indent=1)
        print()
    else:
        for one in answer["rows"]:
            limit = "" if one["limit"] is None else f"  (limit {one['limit']:g})"
            print(f"{one['item']:60} {one['here']:10.4g} {one['unit']:2}{limit}")
    return 0 if answer["ok"] else 1


if __name__ == "__main__":
    sys.exit(main())
