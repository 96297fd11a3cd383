"""The certificate of the fast twin: random chips, weights and inputs, solved by ngspice and by the twin."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field, fields
from functools import partial

import numpy as np
from numpy.typing import NDArray

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import SHIFT_LIMIT, Shifts
from enose_hwsim.chips.cells.transistors import A_VT_V_UM
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.region import TEMPERATURES_C, check_region
from enose_hwsim.chips.twin.store import load_tables, netlist_hash
from enose_hwsim.chips.twin.twin import TwinChip
from enose_hwsim.spice.cards import Corner

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int | None], None]

MAX_ERROR_V = 4e-4
P999_ERROR_V = 2e-4
NOMINAL_MAX_ERROR_V = 5e-5
OUTPUT_COVERAGE = 0.8
CHIP_SIGMA_V = 5e-3  # less, and the mismatch would not be real

COVERAGE_STEP_V = 5e-3
NOMINAL_SHARE = 0.1  # so many of the sets of weights are solved on the nominal chip, too
SIGMA_WEIGHTS = 10  # sets of weights for the spread between chips


@dataclass(frozen=True)
class Certificate:
    """How far twin and ngspice differ, in volts at the output; both are simulations."""

    chip: str
    simulated: bool
    chips: int
    samples: int
    seed: int
    temperatures_c: tuple[float, ...]
    corner: str
    a_vt_v_um: float
    shift_limit_sigmas: float  # where the drawn shifts' distribution is cut off, and the twin refuses
    max_error_v: float
    p999_error_v: float
    nominal_max_error_v: float
    max_error_v_by_temperature: tuple[float, ...]
    float32_max_error_v: float
    output_min_v: float
    output_max_v: float
    output_coverage: float
    chip_sigma_v: float
    characterise_s: float  # CPU time of ngspice, once for all chips, at all temperatures
    prepare_chip_s: float  # for one more chip
    spice_samples_per_cpu_s: float
    fast_samples_per_cpu_s: float
    netlists: tuple[str, ...]  # SHA-256, by temperature
    missed: tuple[str, ...]  # limits that were not kept, each with figure and limit
    ok: bool
    # What the figures are taken from, by temperature (C, S), for pictures.
    errors_v: tuple[Floats, ...] = field(default=(), repr=False, compare=False)
    nominal_errors_v: tuple[Floats, ...] = field(default=(), repr=False, compare=False)
    outputs_v: tuple[Floats, ...] = field(default=(), repr=False, compare=False)

    def as_dict(self) -> dict[str, object]:
        """For JSON: the figures."""
        return {one.name: getattr(self, one.name) for one in fields(self) if one.compare}


def certify(
    chip: MlpFile,
    chips: int = 200,
    samples: int = 100,
    seed: int = 1,
    temperatures_c: tuple[float, ...] = TEMPERATURES_C,
    corner: Corner = "tt",
    on_progress: Progress = lambda text, done, total: None,
) -> Certificate:
    """Draw chips, a set of weights for each and inputs, and compare.

    Inputs and weights come evenly from their whole ranges, threshold shifts after Pelgrom, cut off at SHIFT_LIMIT
    sigmas. on_progress(text, done, total) is called as the work goes on; without a total nobody knows how long it
    takes. Raises ValueError for fewer than two chips or one sample or temperature, and as TwinChip; SpiceError as
    TransistorChip.
    """
    if chips < 2 or samples < 1 or not temperatures_c:
        counts = f"{chips} chips, {samples} samples and {len(temperatures_c)} temperatures"
        raise ValueError(f"{counts}, expected at least 2, 1 and 1")
    for temperature_c in temperatures_c:
        check_region(chip, temperature_c, corner)
    rng = np.random.default_rng(seed)
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (samples, chip.topology.inputs))
    weights_v = rng.uniform(chip.synapse.weight_min_v, chip.synapse.weight_max_v, (chips, chip.topology.weights))
    shifts = Shifts.draw(chip.topology, chips, rng)
    few_v = weights_v[: max(1, round(NOMINAL_SHARE * chips))]

    errors_v, outputs_v, nominal_v, single_v = [], [], [], []
    spice_s = prepare_s = fast_s = 0.0
    for temperature_c in temperatures_c:
        load_tables(chip, temperature_c, corner, lambda text: on_progress(text, 0, None))
        begin_s = time.process_time()
        twin = TwinChip(chip, temperature_c, shifts, corner)
        ready = twin.program(weights_v)
        prepared_s = time.process_time()
        fast_v = ready.output_v(inputs_v)
        done_s = time.process_time()
        prepare_s, fast_s = prepare_s + prepared_s - begin_s, fast_s + done_s - prepared_s

        on_chip = partial(on_progress, f"{temperature_c:g} C: chips in ngspice")
        begin_s = time.process_time()
        true_v = TransistorChip(chip, temperature_c, shifts, corner).output_v(inputs_v, weights_v, on_chip)
        spice_s += time.process_time() - begin_s
        errors_v.append(np.abs(fast_v - true_v))
        outputs_v.append(true_v)
        single = TwinChip(chip, temperature_c, shifts, corner, np.float32).output_v(inputs_v, weights_v)
        single_v.append(np.abs(single - true_v).max())
        nominal = TransistorChip(chip, temperature_c, corner=corner).output_v(inputs_v, few_v)
        nominal_v.append(np.abs(TwinChip(chip, temperature_c, corner=corner).output_v(inputs_v, few_v) - nominal))

    every_v = np.concatenate(outputs_v)
    count = len(temperatures_c) * chips * samples
    figures = {
        "max_error_v": float(np.max(errors_v)),
        "p999_error_v": float(np.quantile(errors_v, 0.999)),
        "nominal_max_error_v": float(np.max(nominal_v)),
        "output_coverage": _coverage(chip, every_v),
        "chip_sigma_v": _sigma_v(
            TwinChip(chip, temperatures_c[0], shifts, corner), inputs_v, weights_v[:SIGMA_WEIGHTS]
        ),
    }
    return Certificate(
        chip=chip.name,
        simulated=True,
        chips=chips,
        samples=samples,
        seed=seed,
        temperatures_c=tuple(temperatures_c),
        corner=corner,
        a_vt_v_um=A_VT_V_UM,
        shift_limit_sigmas=SHIFT_LIMIT,
        **figures,
        max_error_v_by_temperature=tuple(float(error.max()) for error in errors_v),
        float32_max_error_v=float(np.max(single_v)),
        output_min_v=float(every_v.min()),
        output_max_v=float(every_v.max()),
        characterise_s=sum(float(load_tables(chip, t, corner).cpu_s) for t in temperatures_c),
        prepare_chip_s=prepare_s / (len(temperatures_c) * chips),
        spice_samples_per_cpu_s=count / spice_s,
        fast_samples_per_cpu_s=count / max(fast_s, 1e-9),
        netlists=tuple(netlist_hash(chip, t, corner) for t in temperatures_c),
        missed=limits_missed(**figures),
        ok=within_limits(**figures),
        errors_v=tuple(errors_v),
        nominal_errors_v=tuple(nominal_v),
        outputs_v=tuple(outputs_v),
    )


def within_limits(
    max_error_v: float, p999_error_v: float, nominal_max_error_v: float, output_coverage: float, chip_sigma_v: float
) -> bool:
    """Whether a certificate's figures are good enough. A figure that is not a number is not."""
    return not limits_missed(max_error_v, p999_error_v, nominal_max_error_v, output_coverage, chip_sigma_v)


def limits_missed(
    max_error_v: float, p999_error_v: float, nominal_max_error_v: float, output_coverage: float, chip_sigma_v: float
) -> tuple[str, ...]:
    """The limits that such figures do not keep, each with figure and limit."""
    checks = (
        ("max_error_v", max_error_v, "at most", MAX_ERROR_V, max_error_v <= MAX_ERROR_V),
        ("p999_error_v", p999_error_v, "at most", P999_ERROR_V, p999_error_v <= P999_ERROR_V),
        ("nominal_max_error_v", nominal_max_error_v, "at most", NOMINAL_MAX_ERROR_V,
         nominal_max_error_v <= NOMINAL_MAX_ERROR_V),
        ("output_coverage", output_coverage, "at least", OUTPUT_COVERAGE, output_coverage >= OUTPUT_COVERAGE),
        ("chip_sigma_v", chip_sigma_v, "at least", CHIP_SIGMA_V, chip_sigma_v >= CHIP_SIGMA_V),
    )  # fmt: skip
    return tuple(f"{name} {v:.3g}, expected {most} {limit:g}" for name, v, most, limit, kept in checks if not kept)


def _coverage(chip: MlpFile, outputs_v: Floats) -> float:
    """Of the output range, in steps of 5 mV, the share in which there is an output."""
    steps = round((chip.output.max_v - chip.output.min_v) / COVERAGE_STEP_V)
    counts, _ = np.histogram(outputs_v, steps, (chip.output.min_v, chip.output.max_v))
    return float((counts > 0).mean())


def _sigma_v(twin: TwinChip, inputs_v: Floats, weights_v: Floats) -> float:
    """The spread of the chips' outputs with the same weights and inputs, RMS over weights and inputs."""
    variances = [twin.output_v(inputs_v, row).var(axis=0, ddof=1) for row in weights_v]
    return float(np.sqrt(np.mean(variances)))
