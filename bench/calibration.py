"""Calibration on many mismatched chips: how near their twins come, and what accuracy comes back.

Without `--recordings` only the twins are judged; with a folder of the gas-drift set the network of its three gases is
trained in every fold, put on every chip as it is and matched to it (`--tune`: and tuned on the training labels, 20 s a
chip and fold), and tested on the specimens held out. Every chip so answers every specimen once. The set has no sessions
to group by: `--split random` are stratified folds, with every batch on both sides; `--split batch` holds out whole
batches, so that drift counts. All chips are simulated.
"""

import argparse
import json
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from enose import accuracy
from enose.boards import find_board
from enose.calibration import make_probes
from enose.calibration.identify import Identifier
from enose.calibration.reading import read_twin
from enose.calibration.remap import MOST, Remapper
from enose.features import NO_SAMPLE_UV, device_ohm, exact_ohm, input_uv, input_v
from enose.mapping import held_v
from enose.mapping.volts import VoltMapping
from enose.recordings import Recordings
from enose.recordings.gas_drift import load_gas_drift
from enose.recordings.split import Split
from enose.splits import make_splits
from enose.training import train
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

GASES = ("ethylene", "ethanol", "acetaldehyde")
RMS_LIMIT_V, PROBE_LIMIT, POINT = 1.5e-3, 2000, 0.01
FLOAT_LIMIT = 0.98
_, CHIP, _ = find_board("pico-mlp")
PROBES, UNSEEN = make_probes(CHIP), make_probes(CHIP, seed=99, images=30, samples=100)
MAPPING = VoltMapping(CHIP)
STEPS = ("nominal weights", "matched", "tuned")


class Fold:
    """One fold's network, and what it comes to on a chip."""

    def __init__(self, recordings: Recordings, split: Split, seed: int) -> None:
        self.test = split.test
        self.labels = [recordings.specimens[i].label for i in split.test]
        self.network = train(recordings, split.train, CHIP, seed)
        training = [recordings.specimens[i] for i in split.train]
        constants = accuracy.constants_of(self.network, len(recordings.sensors))
        ohm = exact_ohm(training, recordings.average)
        self.inputs_v = input_v(*ohm, self.network.channels, self.network.normalisation, constants)
        self.bands = np.array([self.network.class_order.index(s.label) for s in training])
        some = np.random.default_rng(seed).choice(len(self.inputs_v), min(MOST, len(self.inputs_v)), replace=False)
        self.some_v = self.inputs_v[some]
        nominal = TwinChip(CHIP)
        answered = accuracy.stages(self.network, recordings, split.test, CHIP, nominal, nominal)
        self.right = {step: self._right(answered[step]) for step in ("float", "chip")}
        tested = [recordings.specimens[i] for i in split.test]
        ohm = device_ohm(tested, recordings.average, recordings.load_ohm)
        uv = input_uv(*ohm, self.network.channels, self.network.normalisation, constants)
        self.empty = (uv == NO_SAMPLE_UV).any(axis=1)
        self.driven_v = held_v(uv[~self.empty] * 1e-6, CHIP.input.min_v, CHIP.input.max_v)

    def _right(self, answered: list[str]) -> int:
        return sum(a == b for a, b in zip(answered, self.labels, strict=True))

    def right_on(self, weights: NDArray[np.float64], chip: TwinChip) -> int:
        """How many of the specimens held out a chip names with these weights, through ADC, integers and DAC."""
        output_v = np.full(len(self.labels), np.nan)
        output_v[~self.empty] = chip.output_v(self.driven_v, MAPPING.written(MAPPING.carried(weights)))
        return self._right(accuracy.answers(output_v, self.network.class_order, CHIP))

    def recovered(self, chip: TwinChip, own: TwinChip, tune: bool) -> list[int]:
        """Right of those held out with the nominal weights, matched ones and, if asked for, tuned ones."""
        weights = np.array(self.network.weights)
        every = [weights, Remapper(CHIP, own, self.some_v).matched(weights, TwinChip(CHIP)).weights]
        if tune:
            every.append(Remapper(CHIP, own, self.inputs_v).tuned(every[-1], self.bands, len(self.bands)))
        return [self.right_on(w, chip) for w in every]


def rms_v(one: TwinChip, other: TwinChip) -> float:
    """How far two chips' outputs are apart over unseen weights and inputs."""
    pairs = zip(UNSEEN.weights_v(CHIP), UNSEEN.inputs_v(CHIP), strict=True)
    return float(np.sqrt(np.mean([np.square(one.output_v(x, w) - other.output_v(x, w)) for w, x in pairs])))


def some_chips(numbers: list[int], seed: int, folds: list[Fold], tune: bool) -> list[dict[str, Any]]:
    """Each of these chips: made, probed, identified, matched to the networks of all folds."""
    identifier = Identifier(CHIP, PROBES)
    found = []
    for k in numbers:
        chip = TwinChip(CHIP, 27.0, Shifts.draw(CHIP.topology, 1, np.random.default_rng([seed, k])))
        known = identifier.identify(read_twin(chip, PROBES, k))
        own = known.twin(CHIP)
        one: dict[str, Any] = {
            "rms_v": rms_v(own, chip),
            "nominal_rms_v": rms_v(TwinChip(CHIP), chip),
            "known": bool(known.synapses_known.all() and known.neurons_known.all()),
        }
        right = np.sum([fold.recovered(chip, own, tune) for fold in folds], axis=0).tolist() if folds else []
        found.append(one | {"right": right})
        print(f"chip {k}: {right}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """0 where every limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--chips", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--recordings", type=Path)
    parser.add_argument("--split", choices=("random", "batch"), default="random")
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--tune", action="store_true")
    options = parser.parse_args()
    begin_s = time.monotonic()
    parallel = Parallel(n_jobs=options.jobs)
    folds, words = [], "none"
    if options.recordings:
        recordings = load_gas_drift(options.recordings, GASES)
        splits = make_splits(recordings, options.split, options.folds, options.seed)
        words = splits.words(recordings)
        folds = parallel(delayed(Fold)(recordings, one, options.seed) for one in splits.folds)
    parts = [list(range(options.chips))[k :: options.jobs] for k in range(options.jobs)]
    shards = parallel(delayed(some_chips)(part, options.seed, folds, options.tune) for part in parts if part)
    chips = [one for shard in shards for one in shard]
    rows = [
        row("probe readings", "", PROBES.readings, PROBE_LIMIT, PROBES.readings <= PROBE_LIMIT),
        row("largest RMS error of a twin", "V", max(c["rms_v"] for c in chips), RMS_LIMIT_V),
        row("median RMS error of a twin", "V", float(np.median([c["rms_v"] for c in chips]))),
        row("the nominal chip's, median", "V", float(np.median([c["nominal_rms_v"] for c in chips]))),
        row("chips of which every part is known", "", sum(c["known"] for c in chips)),
    ]
    if folds:
        rows += accuracies(folds, np.array([c["right"] for c in chips]), options.split)
    ok = all(one["ok"] for one in rows)
    answer = {
        "name": "calibration",
        "simulated": True,
        "chips": len(chips),
        "seed": options.seed,
        "split": words,
        "sensors": [list(fold.network.sensors) for fold in folds],
        "rows": rows,
        "ok": ok,
    }
    json.dump(answer | {"wall_s": round(time.monotonic() - begin_s, 1)}, sys.stdout, indent=1)
    print(file=sys.stdout)
    return 0 if ok else 1


def accuracies(folds: list[Fold], right: NDArray[np.int64], kind: str) -> list[dict[str, Any]]:
    """Rows of what the chips (C, 2 or 3) come to over all folds, beside the float network and the nominal chip.

    The limits hold for random folds only: a network that never saw a batch owes its loss to drift, not to the chip.
    """
    count = sum(len(fold.labels) for fold in folds)
    of_float, of_nominal = (sum(fold.right[step] for fold in folds) for step in ("float", "chip"))
    low, high = accuracy.wilson_interval(of_float, count)
    limited = kind == "random"
    rows = [
        row("specimens tested", "", count),
        row(
            "float network",
            "",
            of_float / count,
            FLOAT_LIMIT if limited else None,
            not limited or of_float / count >= FLOAT_LIMIT,
        ),
        row("float network, 95 % interval after Wilson, from", "", low),
        row("float network, 95 % interval after Wilson, to", "", high),
        row("nominal chip", "", of_nominal / count),
    ]
    for k, step in enumerate(STEPS[: right.shape[1]]):
        shares = right[:, k] / count
        median = float(np.median(shares))
        limit = of_float / count - POINT if limited and k else None
        rows.append(row(f"median chip, {step}", "", median, limit, limit is None or median >= limit))
        rows.append(row(f"5th percentile of chips, {step}", "", float(np.percentile(shares, 5))))
        rows.append(row(f"worst chip, {step}", "", float(shares.min())))
    return rows


def row(item: str, unit: str, here: float, limit: float | None = None, ok: bool | None = None) -> dict[str, Any]:
    """One figure."""
    kept = (limit is None or here <= limit) if ok is None else ok
    return {"item": item, "unit": unit, "here": here, "limit": limit, "ok": bool(kept)}


if __name__ == "__main__":
    sys.exit(main())
