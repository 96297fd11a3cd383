"""Rates of the simulated mlp441: ngspice by our driver and by `alter` and `op`, the fast twin. Answers are checked.

Run it alone on a machine, single-threaded: `OMP_NUM_THREADS=1 python bench/mlp441.py`. Rows are
{"item", "unit", "value", "spread", "peer", "ratio"}; times are CPU seconds of this process.
"""

import json
import sys
import time
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np

from enose.cli.chip import find_chip
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import transistor_netlist as circuit
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.twin import TwinChip
from enose_hwsim.spice.pyspice_mending import Ngspice

ROUNDS = 3
LIMIT_V = 1e-4  # two ways to one answer


def main() -> None:
    """Measure, check, and print one JSON document."""
    chip = find_chip("mlp441")
    rng = np.random.default_rng(1)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (1000, 4))
    weights_v = rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, (1000, 25))
    shifts = Shifts.draw(chip.topology, 1000, rng)
    rows = []

    few_v = inputs_v[:60]
    nominal = TransistorChip(chip)
    expected_v = nominal.output_v(inputs_v, weights_v[0])
    one_set, _ = rate(1000, lambda: nominal.output_v(inputs_v, weights_v[0]))
    with ProcessPoolExecutor(1, get_context("spawn")) as apart:  # one ngspice in a process
        by_op, answers_v = apart.submit(peer_rate, chip, few_v, weights_v[0]).result()
    checked(answers_v, expected_v[:60])
    rows.append(row("ngspice, one set of weights", "samples/s", one_set, by_op))

    ten = TransistorChip(chip, shifts=Shifts(*(getattr(shifts, name)[:10] for name in shifts.__dataclass_fields__)))
    new_chips, spice_v = rate(600, lambda: ten.output_v(few_v, weights_v[:10]))
    rows.append(row("ngspice, a new chip every 60 samples", "samples/s", new_chips, by_op))

    TwinChip(chip)  # the tables, once for all chips
    begin_s = time.process_time()
    ready = TwinChip(chip, shifts=shifts, dtype=np.float32).program(weights_v)
    rows.append(row("fast twin, preparation of 1000 chips", "s", [time.process_time() - begin_s], None))
    checked(ready.output_v(few_v)[:10], spice_v)
    fast, _ = rate(10**6, lambda: ready.output_v(inputs_v))
    rows.append(row("fast twin, 1000 chips x 1000 samples", "samples/s", fast, new_chips))
    rows.append(row("fast twin, 1000 chips x 1000 samples", "s", [1e6 / value for value in fast], None))
    json.dump({"name": "mlp441", "rows": rows}, sys.stdout, indent=2)
    sys.stdout.write("\n")


def rate(samples: int, work: Callable[[], np.ndarray]) -> tuple[list[float], np.ndarray]:
    """Samples per CPU second of each round, and the last answer."""
    rates = []
    for _ in range(ROUNDS):
        begin_s = time.process_time()
        answer = work()
        rates.append(samples / (time.process_time() - begin_s))
    return rates, answer


def row(item: str, unit: str, values: list[float], peer: list[float] | None) -> dict[str, object]:
    """A row, the values' median first."""
    value = float(np.median(values))
    other = None if peer is None else float(np.median(peer))
    ratio = None if other is None else value / other
    return {"item": item, "unit": unit, "value": value, "spread": float(np.ptp(values)), "peer": other, "ratio": ratio}


def peer_rate(chip: MlpFile, inputs_v: np.ndarray, weights_v: np.ndarray) -> tuple[list[float], np.ndarray]:
    """The peer's rates and answers."""
    ngspice = Ngspice()
    for command in ("set nomoremode", "set num_threads=1", "unset ngbehavior"):
        ngspice.command(command)
    return rate(len(inputs_v), lambda: altered_v(ngspice, chip, inputs_v, weights_v))


def altered_v(ngspice: Ngspice, chip: MlpFile, inputs_v: np.ndarray, weights_v: np.ndarray) -> np.ndarray:
    """The peer: PySpice's front end, `alter` of each input and an `op` a sample, as its users do it."""
    text = str(circuit.netlist(chip, 27.0))
    for k, v in enumerate(weights_v):
        text = text.replace(f"Vw{k} w{k} 0 external", f"Vw{k} w{k} 0 {float(v)!r}")
    text = text.replace(" external", f" {chip.synapse.v_ref_v!r}")
    ngspice.load([*text.splitlines(), ".options reltol=1e-7 vntol=1e-9 abstol=1e-15", ".end"])
    answers = []
    for sample_v in inputs_v:
        for i, v in enumerate(sample_v):
            ngspice.command(f"alter vx{i} = {float(v)!r}")
        ngspice.command("op")
        answers.append(ngspice.vector(circuit.OUTPUT_NODE))
        ngspice.command("destroy all")
    ngspice.command("remcirc")
    return np.concatenate(answers)


def checked(answer_v: np.ndarray, expected_v: np.ndarray) -> None:
    """Raises AssertionError for an answer that is wrong."""
    worst_v = float(np.abs(answer_v - expected_v).max())
    assert worst_v <= LIMIT_V, f"answers differ by {worst_v} V"


if __name__ == "__main__":
    main()
