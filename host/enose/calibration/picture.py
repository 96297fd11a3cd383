"""A calibrated chip as a picture: gains and zeros of its synapses with their uncertainties, and its neurons."""

from typing import Any

import numpy as np

from enose.calibration.calibration import Calibration
from enose.chips.pictures import Picture

KNOWN, UNKNOWN = "#2b5fa8", "#b03a5b"


def picture(found: Calibration) -> Picture:
    """Three rows; what is not known is in another colour and marked by a cross."""

    def draw(figure: Any) -> None:
        axes = figure.subplots(3, 1, height_ratios=(2, 2, 1.4))
        rows = (
            (found.gain, found.gain_sd, found.synapses_known, "gain of synapse\n(nominal = 1)", "synapse"),
            (
                found.zero_v * 1e3,
                found.zero_sd_v * 1e3,
                found.synapses_known,
                "zero of weight\nfrom nominal (mV)",
                "synapse",
            ),
            (
                found.slope,
                found.slope_sd,
                found.neurons_known,
                "slope of neuron\n(nominal = 1)",
                "neuron (last: output)",
            ),
        )
        for axis, (values, spread, known, words, below) in zip(axes, rows, strict=True):
            place = np.arange(len(values))
            for mask, colour, mark, name in ((known, KNOWN, "o", "known"), (~known, UNKNOWN, "x", "not known")):
                if mask.any():
                    axis.errorbar(
                        place[mask], values[mask], 2 * spread[mask], fmt=mark, color=colour, ms=5, lw=1, label=name
                    )
            axis.set(ylabel=words, xlabel=below, xticks=place)
            axis.grid(alpha=0.3)
        axes[0].legend(loc="upper right", title="bars: 2 standard deviations", fontsize="small")
        axes[0].set_title(
            f"{found.chip}, unit {found.unit or '?'}{' (simulated)' if found.simulated else ''}:"
            f" {found.readings} readings at {found.temperature_c:g} C;\noutputs within"
            f" {found.residual_rms_v * 1e3:.2f} mV RMS of its twin's,"
            f" {found.nominal_rms_v * 1e3:.1f} mV of the nominal chip's"
        )

    return Picture("calibration", 9.0, draw)
