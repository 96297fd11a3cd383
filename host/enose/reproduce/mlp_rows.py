"""The rows of `enose reproduce mlp`: paper 003's figures, ours, and what ours have to keep."""

import numpy as np

from enose.reproduce.mlp import Result
from enose.reproduce.odours import COMPOUND_SPREAD
from enose.reproduce.rows import Row
from enose_hwsim.chipfile import MlpFile

PAPER_RIGHT, PAPER_MW = 11, 0.553
POWER_LIMIT_MW = 0.2  # issue 3, for our cells
LDA_LIMITS = (93.0, 98.0)  # odours on which others get so much are neither trivial nor hopeless
FEW = 50  # seeds, below which the odours' own spread says more than these limits
# A pulse of 10 us errs by up to 0.4 mV in a weight, with the same sign when an odour comes again: over 12 samples up to
# 2 mV add up, 0.5 mV RMS. An output in its steepest place sums such errors over all weights; a class's band is 40 mV.
LEARNING_WEIGHT_LIMIT_MV, LEARNING_OUTPUT_LIMIT_MV = 3.0, 4.0
OUTPUT_LIMIT_MV = 0.4  # as `enose chip certify`


def rows(chip: MlpFile, result: Result) -> list[Row]:
    """All rows. Simulated; medians and ranges over the seeds."""
    of = result.odours.test.shape[1]
    seeds = len(result.right)
    median = float(np.median(result.right))
    enough = seeds >= FEW
    several = (("all 8 sensors", result.odours.lda_all_right), ("the chip's 4 sensors", result.odours.lda_right))
    in_training = round(float(result.train_right.mean() / of * 100), 2)
    lda = [
        Row(f"LDA on {what}, same splits", "%", None, round(float(right.mean() / of * 100), 2),
            "93..98" if enough else None, not enough or bool(LDA_LIMITS[0] <= right.mean() / of * 100 <= LDA_LIMITS[1]))
        for what, right in several
    ]  # fmt: skip
    better, worse = (int((sign * (result.right - result.odours.lda_right) > 0).sum()) for sign in (1, -1))
    low_v, high_v = float(result.output_v.min()), float(result.output_v.max())
    valid = f"{chip.output.valid_min_v}..{chip.output.valid_max_v} (mismatched chips)"
    inside = chip.output.valid_min_v <= low_v and high_v <= chip.output.valid_max_v
    inputs_v = np.concatenate((result.odours.train_v, result.odours.test_v))
    fits = chip.input.min_v <= inputs_v.min() and inputs_v.max() <= chip.input.max_v + 1e-9
    learning = result.checked.learning
    output_mv = result.checked.twin_output_error_v * 1e3
    in_learning = [
        Row(f"twin against ngspice's transient, 12 samples of training, {what}, largest", "mV", None, round(off_mv, 4),
            f"<= {limit_mv:g}", off_mv <= limit_mv)
        for what, off_mv, limit_mv in (
            ("weights", 1e3 * learning.weights_v, LEARNING_WEIGHT_LIMIT_MV),
            ("outputs", 1e3 * learning.outputs_v, LEARNING_OUTPUT_LIMIT_MV),
        )
    ]  # fmt: skip
    return [
        Row("seeds (chips, sensor arrays, odour sets), simulated", "", "1 chip", seeds),
        Row("odour spread of ln ppm within a fruit", "", None, COMPOUND_SPREAD),
        Row(f"right of {of}, median", "", PAPER_RIGHT, median, ">= 11", median >= PAPER_RIGHT),
        Row(f"right of {of}, distribution", "right: seeds", None, _distribution(result.right)),
        Row("accuracy, mean", "%", 91.7, round(float(result.right.mean() / of * 100), 2)),
        Row("accuracy on the training specimens, mean", "%", None, in_training),
        Row(f"right of {of}, one training, weights after Ba-Le-Ly, median", "", PAPER_RIGHT,
            float(np.median(result.right_after_sequence))),
        Row(f"right of {of}, untrimmed, 20 us throughout, weights after Ba-Le-Ly, median", "", PAPER_RIGHT,
            float(np.median(result.right_plain))),
        *lda,
        Row("seeds where the chip is better, worse than LDA on its 4 sensors", "", None, f"{better}, {worse}"),
        Row("power, ngspice, learning cells at work", "mW", PAPER_MW, round(result.checked.power_mw, 4), "<= 0.2",
            result.checked.power_mw <= POWER_LIMIT_MW),
        Row("input range", "V", "0.85..0.95", f"{inputs_v.min():.4f}..{inputs_v.max():.4f}", "0.85..0.95", bool(fits)),
        Row("output range at the test", "V", "0.82..0.98", f"{low_v:.4f}..{high_v:.4f}", valid, inside),
        Row("thresholds", "V", "0.88, 0.92", ", ".join(f"{v:g}" for v in chip.decision.edges_v), "0.88, 0.92",
            tuple(chip.decision.edges_v) == (0.88, 0.92)),
        *in_learning,
        Row("twin against ngspice, outputs of one test, largest", "mV", None, round(output_mv, 4),
            f"<= {OUTPUT_LIMIT_MV:g}", output_mv <= OUTPUT_LIMIT_MV),
    ]  # fmt: skip


def _distribution(right: "np.ndarray[tuple[int, ...], np.dtype[np.int64]]") -> str:
    values, counts = np.unique(right, return_counts=True)
    return ", ".join(f"{v}: {n}" for v, n in zip(values.tolist(), counts.tolist(), strict=True))
