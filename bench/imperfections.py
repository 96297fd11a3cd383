"""What each imperfection in training changes on chips that training never saw. Everything of the chips is simulated.

Gas drift, batches 1 to 5, three gases, a random split. Sensors and order of the classes are chosen once, without
mismatch; then the network is trained on them with one imperfection after the other, several seeds each, and tested on
the specimens held out, an abstention counted as wrong: on the nominal chip at 27 C, at the ends of its temperatures,
and on mismatched chips of the fast twin. What is within two standard errors over the seeds, in pairs, is no effect.
"""

import argparse
import json
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose import accuracy
from enose.boards import find_board
from enose.features import exact_ohm, input_v
from enose.mapping import mapping_of
from enose.recordings.gas_drift import load_gas_drift
from enose.recordings.split import stratified
from enose.training import train
from enose.training.choosing import Effort, best_start
from enose.training.circuit import open_circuit
from enose.training.fit import Jobs
from enose.training.imperfections import Imperfections, draw_chips
from enose.training.readings import reading_of
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.twin.twin import TwinChip

GASES = ("ethylene", "ethanol", "acetaldehyde")
TEMPERATURES_C = (0.0, 27.0, 60.0)
COARSE_V = 0.002  # a converter of 8 bit, to show what rounding does when there is some
_, CHIP, _ = find_board("pico-mlp")
SPAN_V = CHIP.synapse.weight_max_v - CHIP.synapse.weight_min_v
Floats = NDArray[np.float64]


class Bench:
    """One choice of sensors, its training and its test."""

    def __init__(self, folder: Path, chips: int, seed: int, effort: Effort) -> None:
        self.effort = effort
        recordings = load_gas_drift(folder, GASES)
        split = stratified(recordings, 0.3, seed)
        self.network = network = train(recordings, split.train, CHIP, seed, mismatch_sigmas=0, effort=effort)
        constants = accuracy.constants_of(network, len(recordings.sensors))
        ohm = exact_ohm(recordings.specimens, recordings.average)
        inputs_v = input_v(*ohm, network.channels, network.normalisation, constants)
        bands = np.array([network.class_order.index(s.label) for s in recordings.specimens])
        every = np.ones((1, len(split.train)), dtype=np.bool_)
        self.jobs = Jobs(inputs_v[None, split.train], bands[None, split.train], every, np.zeros(1), len(split.train))
        self.test_v, self.test_bands = inputs_v[split.test], bands[split.test]
        self.circuit, self.reading = open_circuit(CHIP, "fast"), reading_of(CHIP, len(split.train))
        shifts = Shifts.draw(CHIP.topology, chips, np.random.default_rng([seed, 0xC41]))
        self.mismatched = TwinChip(CHIP, 27.0, shifts)
        self.nominal = [TwinChip(CHIP, t) for t in TEMPERATURES_C]

    def shares(self, imperfections: Imperfections, seed: int) -> Floats:
        """Right of the held out: the nominal chip at each temperature, then every mismatched chip."""
        rng = np.random.default_rng(seed)
        weights, _, _ = best_start(self.circuit, self.reading, self.jobs, rng, imperfections, self.effort)
        volts = mapping_of(CHIP).held(weights)
        found = [self.right(chip.output_v(self.test_v, volts)) for chip in self.nominal]
        return np.array(found + [self.right(one) for one in self.mismatched.output_v(self.test_v, volts)])

    def right(self, output_v: Floats) -> float:
        """The share of the held out that these outputs decide rightly."""
        answer, band, _ = accuracy.decide_all(np.rint(output_v * 1e6).astype(np.int64), CHIP)
        return float(np.mean((answer == accuracy.CLASS) & (band == self.test_bands)))


def variants(bench: Bench, seed: int) -> dict[str, Imperfections]:
    """What is trained with, by name."""
    none = Imperfections(input_noise_v=0.0)

    def chips(sigmas: float, temperatures_c: tuple[float, ...], count: int) -> Imperfections:
        return replace(none, chips=draw_chips(CHIP, sigmas, temperatures_c, np.random.default_rng(seed), count))

    step = 2.5 / 65536 / SPAN_V * 2  # the weights' converter, in weights
    return {
        "none": none,
        "input noise 0.4 mV": replace(none, input_noise_v=0.0004),
        "droop 1 mV": replace(none, droop=bench.circuit.droop),
        "weights rounded to 38 uV (16 bit)": replace(none, weight_step=step),
        "weights rounded to 2 mV": replace(none, weight_step=COARSE_V / SPAN_V * 2),
        "inputs rounded to 2 mV": replace(none, input_step_v=COARSE_V),
        "temperatures 0, 27 and 60 C": chips(0.0, TEMPERATURES_C, 3),
        "mismatch 0.5 sigma, 64 chips": chips(0.5, (27.0,), 64),
        "mismatch 1 sigma, 16 chips": chips(1.0, (27.0,), 16),
        "mismatch 1 sigma, 64 chips": chips(1.0, (27.0,), 64),
        "mismatch 1 sigma, 256 chips": chips(1.0, (27.0,), 256),
        "all, mismatch 0.5 sigma, 64 chips": replace(
            chips(0.5, TEMPERATURES_C, 64), input_noise_v=0.0004, droop=bench.circuit.droop, weight_step=step
        ),
    }


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--recordings", type=Path, required=True, help="the folder of the gas drift set")
    parser.add_argument("--chips", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=5, help="seeds of each training, at least 2")
    parser.add_argument("--restarts", type=int, default=Effort.restarts)
    parser.add_argument("--epochs", type=int, default=Effort.epochs)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    begin_s = time.process_time()
    bench = Bench(options.recordings, options.chips, options.seed, Effort(options.restarts, options.epochs))
    found: dict[str, Floats] = {}
    for name, imperfections in variants(bench, options.seed).items():
        found[name] = np.array([bench.shares(imperfections, 100 + k) for k in range(options.repeats)])
        print(name, file=sys.stderr, flush=True)
    rows = [row(name, shares, found["none"]) for name, shares in found.items()]
    answer: dict[str, Any] = {"name": "imperfections", "simulated": True, "chips": options.chips, "seed": options.seed}
    answer |= {"repeats": options.repeats, "sensors": bench.network.sensors, "rows": rows}
    if options.json:
        json.dump(answer, sys.stdout, indent=1)
        print()
    else:
        heads = ("trained with", "nominal, 27 C", "nominal, 0 and 60 C", "chips, median", "mean", "worst")
        heads += ("mean against none", "0 and 60 C against none")
        print(f"| {' | '.join(heads)} |")
        print(f"|{' --- |' * len(heads)}")
        for one in rows:
            shares = " | ".join(f"{100 * one[k]:.1f} %" for k in ("nominal", "ends", "median", "mean", "worst"))
            print(f"| {one['item']} | {shares} | {one['effect']} | {one['ends_effect']} |")
    print(f"{time.process_time() - begin_s:.0f} CPU s", file=sys.stderr)
    return 0


def row(name: str, shares: Floats, none: Floats) -> dict[str, Any]:
    """One imperfection's figures: means over seeds of what shares (seeds, 3 + chips) hold."""
    chips = shares[:, 3:]
    ends = shares[:, (0, 2)]
    return {
        "item": name,
        "nominal": float(shares[:, 1].mean()),
        "ends": float(ends.mean()),
        "median": float(np.median(chips, axis=1).mean()),
        "mean": float(chips.mean()),
        "worst": float(chips.min(axis=1).mean()),
        "effect": "" if name == "none" else effect(chips, none[:, 3:]),
        "ends_effect": "" if name == "none" else effect(ends, none[:, (0, 2)]),
    }


def effect(with_it: Floats, without: Floats) -> str:
    """What it gains in points, with the standard error over the seeds (first axis)."""
    gains = 100 * (with_it.mean(axis=1) - without.mean(axis=1))
    gain, error = gains.mean(), gains.std(ddof=1) / np.sqrt(len(gains))
    return f"{gain:+.1f} +- {error:.1f}" + ("" if abs(gain) > 2 * error else ", no effect")


if __name__ == "__main__":
    sys.exit(main())
