"""Pages on many mismatched chips: how right six gases are named, as the weights are and matched to each chip.

Gas drift, batches 1 to 3, six gases, random folds, as docs/paged.md has them. In every fold the pages are trained by
`enose.training.paged.train_pages`, put on every chip with the nominal weights and with weights matched to it after its
calibration (576 questions), and asked about the specimens held out, an abstention counted as wrong. Everything of the
chips is simulated.
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
from enose.paged import answers, paged_stages
from enose.recordings import Recordings
from enose.recordings.gas_drift import load_gas_drift
from enose.recordings.split import Split
from enose.splits import make_splits
from enose.training.network import Network
from enose.training.paged import MISMATCH_SIGMAS, train_pages
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

_, CHIP, _ = find_board("pico-mlp")
MAPPING = VoltMapping(CHIP)
Floats = NDArray[np.float64]


class Fold:
    """One fold's pages, and what they come to on a chip."""

    def __init__(self, recordings: Recordings, split: Split, seed: int, mismatch_sigmas: float) -> None:
        self.pages = train_pages(recordings, split.train, CHIP, seed, mismatch_sigmas=mismatch_sigmas)
        self.labels = [recordings.specimens[i].label for i in split.test]
        nominal = TwinChip(CHIP)
        stages = paged_stages(self.pages, recordings, split.test, CHIP, nominal, nominal)
        self.right = {step: self._right(stages[step]) for step in ("float", "chip")}
        some = np.random.default_rng(seed).permutation(split.train)[:MOST]
        self.asked_v = [self._trained_v(recordings, network, some) for network in self.pages.networks]
        self.driven_v, self.shown = zip(
            *(self._held_out(recordings, n, split.test) for n in self.pages.networks), strict=True
        )

    @staticmethod
    def _trained_v(recordings: Recordings, network: Network, some: NDArray[np.int64]) -> Floats:
        """A page's inputs for training specimens: the answers to these are matched. No labels are needed."""
        constants = accuracy.constants_of(network, len(recordings.sensors))
        ohm = exact_ohm([recordings.specimens[i] for i in some], recordings.average)
        return np.nan_to_num(input_v(*ohm, network.channels, network.normalisation, constants), nan=CHIP.input.min_v)

    @staticmethod
    def _held_out(
        recordings: Recordings, network: Network, test: NDArray[np.int64]
    ) -> tuple[Floats, NDArray[np.bool_]]:
        """A page's inputs for those held out, through ADC, integers and DAC, and which of them show anything."""
        constants = accuracy.constants_of(network, len(recordings.sensors))
        ohm = device_ohm([recordings.specimens[i] for i in test], recordings.average, recordings.load_ohm)
        uv = input_uv(*ohm, network.channels, network.normalisation, constants)
        shown = (uv != NO_SAMPLE_UV).all(axis=1)
        return held_v(uv[shown] * 1e-6, CHIP.input.min_v, CHIP.input.max_v), shown

    def _right(self, answered: list[str]) -> int:
        return sum(a == b for a, b in zip(answered, self.labels, strict=True))

    def right_on(self, weights: list[Floats], chip: TwinChip) -> int:
        """How many of the specimens held out a chip names with these weights, a set a page."""
        outputs_v = np.full((len(weights), len(self.labels)), np.nan)
        for k, one in enumerate(weights):
            outputs_v[k, self.shown[k]] = chip.output_v(self.driven_v[k], MAPPING.written(MAPPING.carried(one)))
        return self._right(answers(list(outputs_v), self.pages, CHIP))

    def recovered(self, chip: TwinChip, own: TwinChip) -> list[int]:
        """Right of those held out with the nominal weights, and with matched ones."""
        nominal = [np.array(network.weights) for network in self.pages.networks]
        matched = [
            Remapper(CHIP, own, inputs_v).matched(weights, TwinChip(CHIP)).weights
            for inputs_v, weights in zip(self.asked_v, nominal, strict=True)
        ]
        return [self.right_on(nominal, chip), self.right_on(matched, chip)]


def on_chips(numbers: list[int], seed: int, folds: list[Fold]) -> list[list[int]]:
    """Each of these chips, made, probed and identified: its two sums of right answers over all folds."""
    probes = make_probes(CHIP)
    identifier = Identifier(CHIP, probes)
    found = []
    for k in numbers:
        chip = TwinChip(CHIP, 27.0, Shifts.draw(CHIP.topology, 1, np.random.default_rng([seed, k])))
        own = identifier.identify(read_twin(chip, probes, k)).twin(CHIP)
        found.append(np.sum([fold.recovered(chip, own) for fold in folds], axis=0).tolist())
        print(f"chip {k}: {found[-1]}", file=sys.stderr, flush=True)
    return found


def main() -> int:
    """Print the rows; there is no limit to miss."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recordings", type=Path, help="a folder of gas-drift batches")
    parser.add_argument("--chips", type=int, default=10)
    parser.add_argument("--folds", type=int, default=5)
    parser.add_argument("--mismatch", type=float, default=MISMATCH_SIGMAS, help="train through chips of so many sigmas")
    parser.add_argument("--classes", help="these gases only, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    begin_s = time.monotonic()
    recordings = load_gas_drift(options.recordings, tuple(options.classes.split(",")) if options.classes else None)
    splits = make_splits(recordings, "random", options.folds, options.seed)
    parallel = Parallel(n_jobs=options.jobs)
    folds = parallel(delayed(Fold)(recordings, one, options.seed, options.mismatch) for one in splits.folds)
    parts = [list(range(options.chips))[k :: options.jobs] for k in range(options.jobs)]
    shards = parallel(delayed(on_chips)(part, options.seed, folds) for part in parts if part)
    answer: dict[str, Any] = {
        "name": "paged",
        "simulated": True,
        "recordings": recordings.title,
        "split": splits.words(recordings),
        "chips": options.chips,
        "mismatch_in_training": options.mismatch,
        "seed": options.seed,
        "rows": rows(folds, np.array([one for shard in shards for one in shard])),
        "wall_s": round(time.monotonic() - begin_s, 1),
    }
    json.dump(answer, sys.stdout, indent=1)
    print()
    return 0


def rows(folds: list[Fold], right: NDArray[np.int64]) -> list[dict[str, Any]]:
    """The figures; right (C, 2)."""
    count = sum(len(fold.labels) for fold in folds)
    found = [{"item": "specimens tested", "here": count}]
    for step, name in (("float", "float pages"), ("chip", "nominal chip")):
        found.append({"item": name, "here": sum(fold.right[step] for fold in folds) / count})
    for k, name in enumerate(("nominal weights", "matched weights")):
        shares = right[:, k] / count
        found += [
            {"item": f"median chip, {name}", "here": float(np.median(shares))},
            {"item": f"worst chip, {name}", "here": float(shares.min())},
        ]
    return found


if __name__ == "__main__":
    sys.exit(main())
