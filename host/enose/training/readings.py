"""What the loss makes of outputs: the likelihood that they are read as the right class.

An output is read through logistic noise of a certain softness, so a sample pulls until it is well inside its class, and
one that cannot be had does not outweigh the others. Classes are numbered as the chip numbers its answers: bands from
the lowest up; or the outputs, then rest.
"""

from typing import Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp, softmax

from enose.training.circuit import Singles
from enose_hwsim.chipfile import AnyChip

SOFTNESS_V = 0.003  # of the reading, for ever so many specimens
FAR_V = 1e3  # no output lies beyond
SOFTNESS_OF_ONE_V = 0.040  # and with n groups this / sqrt(n) besides: few of them must lie well inside their class


class Reading(Protocol):
    """Outputs above the reference: (J, S), or (J, S, O) of several; classes wanted (J, S)."""

    def of(self, output_v: Singles) -> NDArray[np.int64]:
        """The class of each sample, (J, S)."""
        ...

    def slope(self, output_v: Singles, wanted: NDArray[np.int64]) -> Singles:
        """Derivative of the negative log-likelihood by the outputs, per volt, in their shape."""
        ...

    def loss(self, output_v: Singles, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Negative log-likelihood of every sample, (J, S)."""
        ...


def reading_of(chip: AnyChip, groups: int) -> Reading:
    """The reading of a chip's decision rule, for training on specimens of so many groups."""
    softness_v = float(np.hypot(SOFTNESS_V, SOFTNESS_OF_ONE_V / np.sqrt(groups)))
    if chip.kind == "memristor":
        return LargestReading(chip.decision.rest_v - chip.input.common_v, softness_v)
    return BandReading(np.array(chip.decision.edges_v) - chip.synapse.v_ref_v, softness_v)


class BandReading:
    """Bands on one output: an ordinal regression whose thresholds are the edges."""

    def __init__(self, edges_v: NDArray[np.float64], softness_v: float) -> None:
        """Edges above the reference."""
        self.edges_v, self.softness_v = edges_v, softness_v

    def of(self, output_v: Singles) -> NDArray[np.int64]:
        """The band of each output, 0 the lowest."""
        return np.asarray(np.sum(output_v[..., None] > self.edges_v.astype(np.float32), axis=-1), dtype=np.int64)

    def slope(self, output_v: Singles, wanted: NDArray[np.int64]) -> Singles:
        """-log(over[band] - over[band + 1]): with logistic edges its derivative needs no logarithm, never overflows."""
        ends_v = np.concatenate([[-FAR_V], self.edges_v, [FAR_V]]).astype(np.float32)
        half = np.float32(0.5 / self.softness_v)
        slope: Singles = np.tanh((output_v - ends_v[wanted]) * half)
        slope += np.tanh((output_v - ends_v[wanted + 1]) * half)
        slope *= half
        return slope

    def loss(self, output_v: Singles, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of every output."""
        over = self._over(output_v.astype(np.float64))
        below = np.take_along_axis(over, wanted[..., None], axis=-1)[..., 0]
        above = np.take_along_axis(over, wanted[..., None] + 1, axis=-1)[..., 0]
        return np.asarray(-np.log(np.maximum(below - above, 1e-12)))

    def _over(self, output_v: NDArray[np.floating]) -> NDArray[np.floating]:
        """Probability that the reading lies over each edge, with those of minus and plus infinity at the ends."""
        at = (output_v[..., None] - self.edges_v.astype(output_v.dtype)) / output_v.dtype.type(self.softness_v)
        inner = 0.5 + 0.5 * np.tanh(at * output_v.dtype.type(0.5))
        ends = np.ones((*output_v.shape, 1), dtype=output_v.dtype)
        return np.concatenate([ends, inner.astype(output_v.dtype), 0 * ends], axis=-1)


class LargestReading:
    """The largest of several outputs and a resting level: a softmax over them."""

    def __init__(self, rest_v: float, softness_v: float) -> None:
        """The resting level above the reference."""
        self.rest_v, self.softness_v = rest_v, softness_v

    def of(self, output_v: Singles) -> NDArray[np.int64]:
        """The number of the largest output; that behind the last for rest."""
        return np.asarray(np.argmax(self._with_rest(output_v), axis=-1), dtype=np.int64)

    def slope(self, output_v: Singles, wanted: NDArray[np.int64]) -> Singles:
        """Share less one for the class wanted, share for the others."""
        share = softmax(self._with_rest(output_v) / np.float32(self.softness_v), axis=-1)[..., :-1]
        right = wanted[..., None] == np.arange(output_v.shape[-1])
        slope: Singles = ((share - right) / self.softness_v).astype(np.float32)
        return slope

    def loss(self, output_v: Singles, wanted: NDArray[np.int64]) -> NDArray[np.float64]:
        """Of every sample."""
        level = self._with_rest(output_v.astype(np.float64)) / self.softness_v
        right = np.take_along_axis(level, wanted[..., None], axis=-1)[..., 0]
        return np.asarray(logsumexp(level, axis=-1) - right)

    def _with_rest(self, output_v: NDArray[np.floating]) -> NDArray[np.floating]:
        rest_v = np.full((*output_v.shape[:-1], 1), self.rest_v, dtype=output_v.dtype)
        return np.concatenate([output_v, rest_v], axis=-1)
