"""Drift over months, and what a few references mend: the gas-drift set, trained on batch 1, tested on batches 2 to 5.

Each draw takes up to `--references` specimens a class of the later batch at random as references and is tested on all
others of that batch. Four networks are compared on the same draws, all on the nominal chip through ADC, integers and
DAC (accuracy.stages; the chip is simulated, the recordings are real):

batch 1 alone      as it was trained
references alone   trained on the references only, on the same four sensors
constants          batch 1's weights, the normalisation constants corrected by the references
recalibrated       constants and weights
sensors anew       (`--anew`, for comparison) trained on the references only, which choose four of all sixteen sensors:
                   what a device could do that has all of them

The sensors are chosen on batch 1 alone, by five trainings of different seeds; draw k takes network k modulo 5. Inputs
are normalised by range, which has constants to correct.
"""

import argparse
import json
import sys
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from enose import accuracy
from enose.boards import find_board
from enose.recalibration import Exposures, recalibrated
from enose.recalibration.recalibrate import inputs_corrected, trained_alone
from enose.recordings import Recordings
from enose.recordings.gas_drift import load_gas_drift
from enose.training import Network, train
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE
from enose_hwsim.chips.twin.twin import TwinChip

GASES = ("ethylene", "ethanol", "acetaldehyde")
FIRST, LATER = "batch1", ("batch2", "batch3", "batch4", "batch5")
COLUMNS = ("batch 1 alone", "references alone", "constants", "recalibrated", "sensors anew")
RECALIBRATED = 3
NETWORKS = 5
_, CHIP, _ = find_board("pico-mlp")

Ints = NDArray[np.int64]


def load(folder: Path, kind: int = NORM_RANGE) -> Recordings:
    """The three gases, to be normalised by range or by change."""
    return replace(load_gas_drift(folder, GASES), normalisation=kind)


def members(recordings: Recordings, batch: str) -> Ints:
    """The specimens of a batch."""
    return np.flatnonzero([s.batch == batch for s in recordings.specimens])


def drawn(recordings: Recordings, batch: str, references: int, draw: int) -> tuple[Ints, Ints]:
    """(references, test): so many of each class, at least one left to test; the same draw is the same specimens."""
    rng = np.random.default_rng([draw, LATER.index(batch), 0xD7])
    every, labels = members(recordings, batch), recordings.labels()
    chosen = []
    for label in np.unique(labels[every]):
        own = rng.permutation(every[labels[every] == label])
        chosen.append(own[: min(references, len(own) - 1)])
    some = np.sort(np.concatenate(chosen))
    return some, np.setdiff1d(every, some)


def one_draw(
    recordings: Recordings, network: Network, batch: str, references: int, draw: int, anew: bool = False
) -> dict[str, Any]:
    """Accuracy of the four networks on what a draw leaves to test, and what was chosen."""
    some, test = drawn(recordings, batch, references, draw)
    known = Exposures.of(network, recordings, some)
    training = Exposures.of(network, recordings, members(recordings, FIRST))
    found = recalibrated(network, training, known, CHIP, draw)
    networks = [
        network,
        trained_alone(network, known, CHIP, draw),
        inputs_corrected(network, known, CHIP) if network.normalisation == NORM_RANGE else network,
        found.network,
    ]
    if anew:
        networks.append(train(recordings, some, CHIP, draw))
    chip = TwinChip(CHIP)
    labels = [recordings.specimens[i].label for i in test]
    right = [
        accuracy.share_right(accuracy.stages(each, recordings, test, CHIP, chip, chip)["chip"], labels)
        for each in networks
    ]
    facts = asdict(found)
    del facts["network"]
    return {"batch": batch, "draw": draw, "tested": len(test), "right": right} | facts


def summary(batch: str, draws: list[dict[str, Any]]) -> dict[str, Any]:
    """A batch's row: mean and range of every column, and of how many draws recalibration beats each, or is beaten."""
    right = np.array([one["right"] for one in draws])
    ours = right[:, RECALIBRATED]
    columns = {
        name: {
            "mean": float(right[:, k].mean()),
            "least": float(right[:, k].min()),
            "most": float(right[:, k].max()),
            "beaten_in": int(np.sum(ours > right[:, k])),
            "better_in": int(np.sum(ours < right[:, k])),
        }
        for k, name in enumerate(COLUMNS[: right.shape[1]])
    }
    ok = bool((ours.mean() > right[:, :2].mean(axis=0)).all())
    tested = [min(one["tested"] for one in draws), max(one["tested"] for one in draws)]
    return {"batch": batch, "draws": len(draws), "tested": tested, "columns": columns, "ok": ok}


def main() -> int:
    """0 where recalibration beats both networks it is to beat, on the mean of every batch."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, help="the folder of the gas-drift set")
    parser.add_argument("--draws", type=int, default=20)
    parser.add_argument("--references", type=int, default=10, help="of each class")
    parser.add_argument("--anew", action="store_true", help="and a network whose sensors the references choose")
    parser.add_argument("--change", action="store_true", help="normalise by change, which has no constants to correct")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begin_s = time.monotonic()
    recordings = load(options.recordings, NORM_CHANGE if options.change else NORM_RANGE)
    first = members(recordings, FIRST)
    parallel = Parallel(n_jobs=options.jobs)
    networks = parallel(delayed(train)(recordings, first, CHIP, seed) for seed in range(min(NETWORKS, options.draws)))
    jobs = [(batch, draw) for batch in LATER for draw in range(options.draws)]
    found = parallel(
        delayed(one_draw)(recordings, networks[draw % NETWORKS], batch, options.references, draw, options.anew)
        for batch, draw in jobs
    )
    rows = [summary(batch, [one for one in found if one["batch"] == batch]) for batch in LATER]
    answer = {
        "name": "drift",
        "recordings": recordings.title,
        "simulated_chip": True,
        "normalisation": recordings.normalisation,
        "references_a_class": options.references,
        "sensors": [list(n.sensors) for n in networks],
        "rows": rows,
        "draws": found,
        "ok": all(row["ok"] for row in rows),
        "wall_s": round(time.monotonic() - begin_s, 1),
    }
    if options.json:
        json.dump(answer, sys.stdout, indent=1)
        print()
    else:
        show(rows)
    return 0 if answer["ok"] else 1


def show(rows: list[dict[str, Any]]) -> None:
    """Mean (least to most), and of how many draws recalibration is better than the column, or worse."""
    print("batch    " + "".join(f"{name:>28}" for name in rows[0]["columns"]))
    for row in rows:
        cells = [
            f"{c['mean']:.3f} ({c['least']:.2f}-{c['most']:.2f}) +{c['beaten_in']} -{c['better_in']}"
            for c in row["columns"].values()
        ]
        print(f"{row['batch']:9}" + "".join(f"{cell:>28}" for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
