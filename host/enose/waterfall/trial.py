"""One trained network before the specimens that it is tested on, and its answers at each step down to a chip.

Every step changes one thing, and goes on from the step before:

float        weights and inputs unrounded, through the circuit that training saw
normalised   inputs as the device's integers make them of ADC counts
mapped       weights as an image carries them
quantised    weights and inputs are the DAC's codes
nominal      the fast twin of the nominal chip, certified against ngspice, in the trained circuit's place
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from enose.accuracy import answers, constants_of
from enose.features import NO_SAMPLE_UV, device_ohm, exact_ohm, input_uv, input_v
from enose.mapping import held_v, mapping_of
from enose.recordings import Recordings
from enose.training import Network
from enose.training.circuit import open_circuit
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import Chip

Floats = NDArray[np.float64]

STEPS = ("float", "normalised", "mapped", "quantised", "nominal")


class Trial:
    """Inputs (S, I) and weights (W,) on their way; a sample that is all zero has no inputs and gives no answer."""

    def __init__(self, network: Network, recordings: Recordings, indices: NDArray[np.int64], chip: AnyChip) -> None:
        """Take the specimens with these indices. Raises ValueError as the features and the mapping do."""
        self.network, self.chip = network, chip
        self._circuit = open_circuit(chip, "fast")
        chosen = [recordings.specimens[i] for i in indices.tolist()]
        self.labels = [specimen.label for specimen in chosen]
        constants = constants_of(network, len(recordings.sensors))
        channels, rule = network.channels, network.normalisation
        exact = input_v(*exact_ohm(chosen, recordings.average), channels, rule, constants)
        read_ohm = device_ohm(chosen, recordings.average, recordings.load_ohm)
        whole_uv = input_uv(*read_ohm, channels, rule, constants)
        self.empty = np.asarray(np.any(whole_uv == NO_SAMPLE_UV, axis=-1) | np.isnan(exact).any(axis=-1))
        self.exact_v = exact[~self.empty]
        self.normalised_v = whole_uv[~self.empty] * 1e-6
        self.driven_v = held_v(self.normalised_v, chip.input.min_v, chip.input.max_v)
        self.mapping = mapping_of(chip)
        self.carried = self.mapping.carried(network.weights)
        self.exact_held = self.mapping.held(network.weights)
        self.written = self.mapping.written(self.carried)

    def steps(self, nominal: Chip) -> dict[str, list[str]]:
        """The answers at each of STEPS."""
        weights = np.asarray(self.network.weights)
        mapped = self.mapping.weights(self.mapping.exact(self.carried))
        return {
            "float": self.answers(self._trained_v(self.exact_v, weights)),
            "normalised": self.answers(self._trained_v(self.normalised_v, weights)),
            "mapped": self.answers(self._trained_v(self.normalised_v, mapped)),
            "quantised": self.answers(self._trained_v(self.driven_v, self.mapping.weights(self.written))),
            "nominal": self.answers(nominal.output_v(self.driven_v, self.written)),
        }

    def answers(self, output_v: NDArray[np.floating]) -> list[str]:
        """What outputs (S,) or (S, O) of the samples with inputs answer, over all specimens."""
        every = np.full((len(self.empty), *output_v.shape[1:]), np.nan)
        every[~self.empty] = output_v
        return answers(every, self.network.class_order, self.chip)

    def right(self, output_v: NDArray[np.floating]) -> NDArray[np.bool_]:
        """(S,) which of the specimens these outputs name rightly."""
        return right_of(self.answers(output_v), self.labels)

    def _trained_v(self, inputs_v: Floats, weights: Floats) -> Floats:
        """The outputs of the circuit that training saw, absolute."""
        drives = self._circuit.drives(inputs_v[None])
        above_v = self._circuit.output_v(drives, weights[None].astype(np.float32))[0]
        reference_v = self.chip.input.common_v if self.chip.kind == "memristor" else self.chip.synapse.v_ref_v
        return np.asarray(above_v, dtype=np.float64) + reference_v


def right_of(answered: Sequence[str], labels: Sequence[str]) -> NDArray[np.bool_]:
    """(S,) which answers name the right class; to abstain is not right."""
    return np.array([a == b for a, b in zip(answered, labels, strict=True)])
