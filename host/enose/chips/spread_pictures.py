"""Pictures of many chips: the certificate's errors and outputs, and the spread of mismatched chips."""

from functools import partial
from typing import Any

import numpy as np

from enose.chips.pictures import TEMPERATURE_COLOURS, Picture
from enose.chips.yields import BINS_V, Yield
from enose_hwsim.chipfile import AnyChip, MlpFile
from enose_hwsim.chips.memristor import certify as network
from enose_hwsim.chips.twin.certify import MAX_ERROR_V, NOMINAL_MAX_ERROR_V, P999_ERROR_V, Certificate

ERROR_BINS_V = np.geomspace(1e-9, 1e-3, 91)
OUTPUT_BINS = 60
CHIP_BINS = 60
NOMINAL = "0.45"


def certificate_picture(chip: AnyChip, certificate: Certificate | network.Certificate) -> Picture:
    """How far the twin was from ngspice, with the limits, and which outputs that was at."""
    return Picture("certificate", 4.8, partial(_draw_certificate, chip=chip, certificate=certificate))


def yield_picture(chip: MlpFile, answer: Yield) -> Picture:
    """The outputs of all chips in the valid range, and how far each chip is from the nominal one."""
    return Picture("yield", 4.8, partial(_draw_yield, chip=chip, answer=answer))


def _draw_certificate(figure: Any, chip: AnyChip, certificate: Certificate | network.Certificate) -> None:
    errors, outputs = figure.subplots(1, 2, width_ratios=[1.5, 1])
    corner = f", corner {certificate.corner}" if isinstance(certificate, Certificate) else ""
    count = f"{certificate.chips} chips x {certificate.samples} samples{corner},"
    verdict = "within its limits" if certificate.ok else "NOT within its limits"
    figure.suptitle(
        f"{chip.name}: fast twin against ngspice (both simulated), {count} at each temperature: {verdict}", size=11
    )
    bins_uv = ERROR_BINS_V * 1e6
    for k, temperature_c in enumerate(certificate.temperatures_c):
        label = f"{temperature_c:g} C, mismatched: at most {certificate.errors_v[k].max() * 1e6:.3g} µV"
        errors.hist(_clipped(certificate.errors_v[k]), bins_uv, histtype="step", label=label, linewidth=1.4,
                    color=TEMPERATURE_COLOURS[k % 4])  # fmt: skip
        outputs.hist(certificate.outputs_v[k].ravel(), OUTPUT_BINS, histtype="step", linewidth=1.4,
                     color=TEMPERATURE_COLOURS[k % 4], label=f"{temperature_c:g} C")  # fmt: skip
    limits: tuple[tuple[float, str, str], ...] = ((network.MAX_ERROR_V, "limit, largest", "--"),)
    if isinstance(certificate, Certificate):
        nominal_v = np.concatenate([error.ravel() for error in certificate.nominal_errors_v])
        errors.hist(_clipped(nominal_v), bins_uv, histtype="stepfilled", color=NOMINAL, alpha=0.35,
                    label=f"nominal chip: at most {nominal_v.max() * 1e6:.3g} µV")  # fmt: skip
        limits = (
            (NOMINAL_MAX_ERROR_V, "limit, nominal chip", ":"),
            (P999_ERROR_V, "limit, 99.9th percentile", "-."),
            (MAX_ERROR_V, "limit, largest", "--"),
        )
    for limit_v, text, style in limits:
        errors.axvline(
            limit_v * 1e6, color="black", linewidth=1, linestyle=style, label=f"{text}: {limit_v * 1e6:g} µV"
        )
    errors.set(xscale="log", yscale="log", xlabel="difference of the outputs, µV", ylabel="outputs in a bin")
    errors.set(xlim=(1e-3, 1e3), ylim=(0.7, None))
    errors.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)
    _mark_ranges(outputs, chip)
    outputs.set(xlabel="output in ngspice, V", ylabel="outputs in a bin")
    outputs.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)


def _clipped(errors_v: Any) -> Any:
    """Errors of less than the first bin, 0 among them, count in it, those beyond the last one in that."""
    inside = np.nextafter(ERROR_BINS_V[[0, -1]], ERROR_BINS_V.mean())
    return np.clip(errors_v.ravel(), *inside) * 1e6


def _draw_yield(figure: Any, chip: MlpFile, answer: Yield) -> None:
    outputs, chips = figure.subplots(1, 2, width_ratios=[1.3, 1])
    low, high = answer.interval
    figure.suptitle(
        f"{chip.name}, {answer.chips} mismatched chips x {answer.samples} inputs at {answer.temperature_c:g} C "
        f"(simulated, fast twin), {answer.weights}: {answer.share:.1%} valid (95 %: {low:.1%} to {high:.1%})",
        size=11,
    )
    edges_v = np.array(BINS_V)
    outputs.stairs(answer.output_counts, edges_v, fill=True, color=TEMPERATURE_COLOURS[0], alpha=0.55,
                   label="mismatched chips")  # fmt: skip
    outputs.stairs(answer.nominal_counts, edges_v, color="black", linewidth=1.1, label="nominal chip, as many outputs")
    _mark_ranges(outputs, chip)
    reached = np.flatnonzero(answer.output_counts)
    outputs.set(
        xlim=(
            min(edges_v[reached[0]], chip.output.valid_min_v) - 0.01,
            max(edges_v[reached[-1] + 1], chip.output.valid_max_v) + 0.01,
        ),
        xlabel="output, V",
        ylabel="outputs in a bin of 2 mV",
    )
    outputs.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)
    bins_mv = np.histogram_bin_edges(np.asarray(answer.largest_deviation_v) * 1e3, CHIP_BINS)
    for values_v, text, colour in (
        (answer.mean_deviation_v, "mean over the inputs", TEMPERATURE_COLOURS[1]),
        (answer.largest_deviation_v, "where it is largest", TEMPERATURE_COLOURS[2]),
    ):
        chips.hist(np.asarray(values_v) * 1e3, bins_mv, histtype="stepfilled", alpha=0.5, color=colour, label=text)
    chips.axvline(0, color="black", linewidth=0.8)
    chips.set(xlabel="deviation from the nominal chip, mV", ylabel="chips in a bin")
    chips.legend(fontsize=8, loc="upper center", bbox_to_anchor=(0.5, -0.14), ncols=2, frameon=False)


def _mark_ranges(axes: Any, chip: AnyChip) -> None:
    output = chip.output
    axes.axvspan(output.min_v, output.max_v, color="#2f7d32", alpha=0.08, linewidth=0,
                 label=f"nominal range {output.min_v:g} .. {output.max_v:g} V")  # fmt: skip
    for v in (output.valid_min_v, output.valid_max_v):
        label = f"valid {output.valid_min_v:g} .. {output.valid_max_v:g} V" if v == output.valid_min_v else None
        axes.axvline(v, color="black", linewidth=1, linestyle="--", label=label)
