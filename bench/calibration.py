"""Calibration on many mismatched chips: how near their twins come, and what accuracy comes back.

Without `--recordings` only the twins are judged; with a folder of the gas-drift set the network of its three gases is
trained, put on every chip as it is, matched, and tuned, and tested on the specimens held out. All chips are simulated.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray

from enose import accuracy
from enose.boards import find_board
from enose.calibration import make_probes
from enose.calibration.identify import Identifier
from enose.calibration.remap import MOST, Remapper
from enose.demo.plan import make_plan
from enose.features import exact_ohm, input_v
from enose.recordings.gas_drift import load_gas_drift
from enose.training import Network, train
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

GASES = ("ethylene", "ethanol", "acetaldehyde")
RMS_LIMIT_V, PROBE_LIMIT, POINT = 1.5e-3, 2000, 0.01
COUNT_V, DROOP_V = 62.5e-6, 8e-4  # of the board's ADC; what weights droop by between refreshes
_, CHIP, _ = find_board("pico-mlp")
PROBES, UNSEEN = make_probes(CHIP), make_probes(CHIP, seed=99, images=30, samples=100)
STEPS = ("nominal weights", "matched", "tuned")


class Bench:
    """One network on its recordings, and what it comes to on a chip."""

    def __init__(self, folder: Path, seed: int) -> None:
        self.recordings = load_gas_drift(folder, GASES)
        split = make_plan(self.recordings, seed).splits[0]
        self.test, self.labels = split.test, [self.recordings.specimens[i].label for i in split.test]
        self.network = train(self.recordings, split.train, CHIP, seed)
        training = [self.recordings.specimens[i] for i in split.train]
        constants = accuracy.constants_of(self.network, len(self.recordings.sensors))
        ohm = exact_ohm(training, self.recordings.average)
        self.inputs_v = input_v(*ohm, self.network.channels, self.network.normalisation, constants)
        self.bands = np.array([self.network.class_order.index(s.label) for s in training])
        some = np.random.default_rng(seed).choice(len(self.inputs_v), min(MOST, len(self.inputs_v)), replace=False)
        self.some_v = self.inputs_v[some]

    def share_right(self, weights: NDArray[np.float64], chip: TwinChip, step: str = "chip") -> float:
        """Accuracy on the specimens held out, abstentions counted as wrong, at a step of accuracy.stages."""
        network: Network = replace(self.network, weights=tuple(weights.tolist()))
        found = accuracy.stages(network, self.recordings, self.test, CHIP, chip, TwinChip(CHIP))
        return accuracy.share_right(found[step], self.labels)

    def recovered(self, chip: TwinChip, own: TwinChip) -> list[float]:
        """Accuracy with the nominal weights, matched ones and tuned ones."""
        weights = np.array(self.network.weights)
        matched = Remapper(CHIP, own, self.some_v).matched(weights, TwinChip(CHIP)).weights
        tuned = Remapper(CHIP, own, self.inputs_v).tuned(matched, self.bands, len(self.bands))
        return [self.share_right(w, chip) for w in (weights, matched, tuned)]


def read(chip: TwinChip, seed: int) -> NDArray[np.float64]:
    """The probes as a board reads them: weights that have drooped, the chip's noise, ADC counts."""
    rng = np.random.default_rng(seed)
    outputs_v = [
        chip.output_v(x, w - DROOP_V * rng.random(len(w)), rng)
        for w, x in zip(PROBES.weights_v(CHIP), PROBES.inputs_v(CHIP), strict=True)
    ]
    return COUNT_V * np.rint(np.array(outputs_v) / COUNT_V)


def rms_v(one: TwinChip, other: TwinChip) -> float:
    """How far two chips' outputs are apart over unseen weights and inputs."""
    pairs = zip(UNSEEN.weights_v(CHIP), UNSEEN.inputs_v(CHIP), strict=True)
    return float(np.sqrt(np.mean([np.square(one.output_v(x, w) - other.output_v(x, w)) for w, x in pairs])))


def some_chips(numbers: list[int], seed: int, bench: Bench | None) -> list[dict[str, Any]]:
    """Each of these chips: made, probed, identified, trained for."""
    identifier = Identifier(CHIP, PROBES)
    found = []
    for k in numbers:
        chip = TwinChip(CHIP, 27.0, Shifts.draw(CHIP.topology, 1, np.random.default_rng([seed, k])))
        known = identifier.identify(read(chip, k))
        own = known.twin(CHIP)
        one: dict[str, Any] = {
            "rms_v": rms_v(own, chip),
            "nominal_rms_v": rms_v(TwinChip(CHIP), chip),
            "known": bool(known.synapses_known.all() and known.neurons_known.all()),
        }
        found.append(one | ({"right": bench.recovered(chip, own)} if bench else {}))
    return found


def main() -> int:
    """0 where every limit is kept."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chips", type=int, default=50)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--recordings", type=Path)
    options = parser.parse_args()
    begin_s, cpu_s = time.monotonic(), time.process_time()
    bench = Bench(options.recordings, options.seed) if options.recordings else None
    parts = [list(range(options.chips))[k :: options.jobs] for k in range(options.jobs)]
    shards = Parallel(n_jobs=options.jobs)(delayed(some_chips)(part, options.seed, bench) for part in parts if part)
    chips = [one for shard in shards for one in shard]
    rows = [
        row("probe readings", "", PROBES.readings, PROBE_LIMIT, PROBES.readings <= PROBE_LIMIT),
        row("largest RMS error of a twin", "V", max(c["rms_v"] for c in chips), RMS_LIMIT_V),
        row("median RMS error of a twin", "V", float(np.median([c["rms_v"] for c in chips]))),
        row("the nominal chip's, median", "V", float(np.median([c["nominal_rms_v"] for c in chips]))),
        row("chips of which every part is known", "", sum(c["known"] for c in chips)),
    ]
    if bench:
        rows += accuracies(bench, np.array([c["right"] for c in chips]))
    ok = all(one["ok"] for one in rows)
    answer = {
        "name": "calibration",
        "simulated": True,
        "chips": len(chips),
        "seed": options.seed,
        "rows": rows,
        "ok": ok,
    }
    json.dump(answer | {"wall_s": round(time.monotonic() - begin_s, 1)}, sys.stdout, indent=1)
    print(file=sys.stdout)
    print(f"{time.process_time() - cpu_s:.0f} CPU s in this process", file=sys.stderr)
    return 0 if ok else 1


def accuracies(bench: Bench, right: NDArray[np.float64]) -> list[dict[str, Any]]:
    """Rows of what the chips (C, 3) come to beside the float network and the nominal chip."""
    weights, nominal = np.array(bench.network.weights), TwinChip(CHIP)
    float_share, nominal_share = (bench.share_right(weights, nominal, step) for step in ("float", "chip"))
    rows = [
        row("float network, right of held out", "", float_share, 0.98, float_share >= 0.98),
        row("nominal chip", "", nominal_share),
    ]
    for k, step in enumerate(STEPS):
        median, low = float(np.median(right[:, k])), float(np.percentile(right[:, k], 5))
        limit = None if k == 0 else max(float_share, nominal_share) - POINT
        rows.append(row(f"median chip, {step}", "", median, limit, limit is None or median >= limit))
        rows.append(row(f"5th percentile of chips, {step}", "", low))
    return rows


def row(item: str, unit: str, here: float, limit: float | None = None, ok: bool | None = None) -> dict[str, Any]:
    """One figure."""
    kept = (limit is None or here <= limit) if ok is None else ok
    return {"item": item, "unit": unit, "here": here, "limit": limit, "ok": bool(kept)}


if __name__ == "__main__":
    sys.exit(main())
