"""The certificate of the memristor network's fast twin: random chips, weights and inputs, solved by both."""

import hashlib
import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.chips.memristor.netlist import netlist
from enose_hwsim.chips.memristor.network import Network
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from enose_hwsim.chips.memristor.spice_chip import SpiceNetwork
from enose_hwsim.chips.memristor.spread import Spread
from enose_hwsim.chips.memristor.twin import OFFSET_LIMIT_V, SPREAD_LIMIT, TwinNetwork

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int | None], None]

TEMPERATURES_C = (0.0, 27.0, 60.0)
# Both solve the same circuit: what is left are ngspice's tolerances, 0.1 uV, and the table of the transistors.
MAX_ERROR_V = 1e-5
OUTPUT_COVERAGE = 0.8
COVERAGE_STEP_V = 5e-3
SIGMA_WEIGHTS = 10  # sets of weights for the spread between chips
SIGMA_CHIPS = 100


@dataclass(frozen=True)
class Certificate:
    """How far twin and ngspice differ, in volts; both are simulations."""

    chip: str
    simulated: bool
    chips: int
    samples: int
    seed: int
    temperatures_c: tuple[float, ...]
    weight_min_ohm: float  # the smallest and largest memristance drawn
    weight_max_ohm: float
    open_share: float
    spread_limit: float  # relative errors of memristances were drawn up to this
    offset_limit_v: float
    max_error_v: float  # of the outputs
    p999_error_v: float
    sum_max_error_v: float  # of the hidden adders
    tf_max_error_v: float  # of the sigmoids
    max_error_v_by_temperature: tuple[float, ...]
    output_min_v: float
    output_max_v: float
    output_coverage: float
    chip_sigma_v: float  # between chips of the chip file's own tolerance and offset
    worst_device: str  # of all monitored, the one that sees most
    worst_device_v: float
    threshold_v: float
    spice_samples_per_cpu_s: float
    fast_samples_per_cpu_s: float
    netlists: tuple[str, ...]  # SHA-256, by temperature
    missed: tuple[str, ...]  # limits that were not kept, each with figure and limit
    ok: bool
    # What the figures are taken from, by temperature (C, S, O), for pictures.
    errors_v: tuple[Floats, ...] = field(default=(), repr=False, compare=False)
    outputs_v: tuple[Floats, ...] = field(default=(), repr=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """For JSON: the figures."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare}


def certify(
    chip: MemristorFile,
    chips: int = 200,
    samples: int = 100,
    seed: int = 1,
    temperatures_c: tuple[float, ...] = TEMPERATURES_C,
    on_progress: Progress = lambda text, done, total: None,
) -> Certificate:
    """Draw chips, a set of weights for each and inputs, and compare.

    Inputs come evenly from their range, memristances from the devices' (see draw_ohms), errors and offsets evenly from
    all that the twin accepts. on_progress(text, done, total) is called as the work goes on. Raises ValueError for fewer
    than two chips or one sample, and for a temperature outside 0..60 C; else as SpiceNetwork.run.
    """
    if chips < 2 or samples < 1:
        raise ValueError(f"{chips} chips and {samples} samples, expected at least 2 and 1")
    rng = np.random.default_rng(seed)
    network = Network.of(chip)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (samples, chip.topology.inputs))
    ohms = draw_ohms(chip, chips, rng)
    spread = _wide(network, chips, rng)

    errors_v, outputs_v, sum_errors_v, tf_errors_v, worst = [], [], [], [], []
    spice_s = fast_s = 0.0
    for temperature_c in temperatures_c:
        twin = TwinNetwork(network, temperature_c, spread)
        begin_s = time.process_time()
        fast = twin.run(inputs_v, ohms)
        fast_s += time.process_time() - begin_s
        true_chip = SpiceNetwork(network, temperature_c, spread)
        begin_s = time.process_time()
        true = true_chip.run(inputs_v, ohms, partial(on_progress, f"{temperature_c:g} C: chips in ngspice"))
        spice_s += time.process_time() - begin_s
        errors_v.append(np.abs(fast.signals.output_v - true.signals.output_v))
        sum_errors_v.append(np.abs(fast.signals.sum_v - true.signals.sum_v).max())
        tf_errors_v.append(np.abs(fast.signals.tf_v - true.signals.tf_v).max())
        outputs_v.append(network.common_v + true.signals.output_v)
        worst.append(true.seen.worst)

    every_v = np.concatenate(outputs_v)
    max_error_v, coverage = float(np.max(errors_v)), _coverage(chip, every_v)
    worst_device, worst_device_v = max(worst, key=lambda one: one[1])
    count = len(temperatures_c) * chips * samples
    return Certificate(
        chip=chip.name,
        simulated=True,
        chips=chips,
        samples=samples,
        seed=seed,
        temperatures_c=tuple(temperatures_c),
        weight_min_ohm=float(np.abs(ohms[ohms != 0]).min()),
        weight_max_ohm=float(np.abs(ohms).max()),
        open_share=float((ohms == 0).mean()),
        spread_limit=SPREAD_LIMIT,
        offset_limit_v=OFFSET_LIMIT_V,
        max_error_v=max_error_v,
        p999_error_v=float(np.quantile(errors_v, 0.999)),
        sum_max_error_v=float(np.max(sum_errors_v)),
        tf_max_error_v=float(np.max(tf_errors_v)),
        max_error_v_by_temperature=tuple(float(error.max()) for error in errors_v),
        output_min_v=float(every_v.min()),
        output_max_v=float(every_v.max()),
        output_coverage=coverage,
        chip_sigma_v=_chip_sigma_v(network, inputs_v, ohms[:SIGMA_WEIGHTS], rng),
        worst_device=worst_device,
        worst_device_v=worst_device_v,
        threshold_v=network.threshold_v,
        spice_samples_per_cpu_s=count / spice_s,
        fast_samples_per_cpu_s=count / max(fast_s, 1e-9),
        netlists=tuple(hashlib.sha256(str(netlist(network, t)).encode()).hexdigest() for t in temperatures_c),
        missed=limits_missed(max_error_v, coverage),
        ok=within_limits(max_error_v, coverage),
        errors_v=tuple(errors_v),
        outputs_v=tuple(outputs_v),
    )


def within_limits(max_error_v: float, output_coverage: float) -> bool:
    """Whether a certificate's figures are good enough. A figure that is not a number is not."""
    return not limits_missed(max_error_v, output_coverage)


def limits_missed(max_error_v: float, output_coverage: float) -> tuple[str, ...]:
    """The limits that such figures do not keep, each with figure and limit."""
    checks = (
        ("max_error_v", max_error_v, "at most", MAX_ERROR_V, max_error_v <= MAX_ERROR_V),
        ("output_coverage", output_coverage, "at least", OUTPUT_COVERAGE, output_coverage >= OUTPUT_COVERAGE),
    )
    return tuple(f"{name} {v:.3g}, expected {most} {limit:g}" for name, v, most, limit, kept in checks if not kept)


def _wide(network: Network, chips: int, rng: np.random.Generator) -> Spread:
    """Chips from all that the twin accepts."""
    none = Spread.none(network)
    limits = ((none.weight_error, SPREAD_LIMIT), (none.block_error, SPREAD_LIMIT), (none.offset_v, OFFSET_LIMIT_V))
    return Spread(*(rng.uniform(-limit, limit, (chips, one.shape[1])) for one, limit in limits))


def _coverage(chip: MemristorFile, outputs_v: Floats) -> float:
    """Of the output range, in steps of 5 mV, the share in which there is an output."""
    steps = round((chip.output.max_v - chip.output.min_v) / COVERAGE_STEP_V)
    counts, _ = np.histogram(outputs_v, steps, (chip.output.min_v, chip.output.max_v))
    return float((counts > 0).mean())


def _chip_sigma_v(network: Network, inputs_v: Floats, ohms: Floats, rng: np.random.Generator) -> float:
    """The spread of the chips' outputs with the same weights and inputs, RMS over weights and inputs; by the twin."""
    twin = TwinNetwork(network, spread=Spread.draw(network, SIGMA_CHIPS, rng))
    variances = [twin.output_v(inputs_v, np.tile(row, (SIGMA_CHIPS, 1))).var(axis=0, ddof=1) for row in ohms]
    return float(np.sqrt(np.mean(variances)))
