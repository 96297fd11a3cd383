"""Probing a device: each set of weights is programmed, its samples are driven, the output is read.

Or a simulated chip without a board around it, with what a board would add to its outputs.
"""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from enose.calibration.calibration import CalibrationError
from enose.calibration.probes import Probes
from enose.link.device import Device
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.twin import TwinChip

COUNT_V = 62.5e-6  # of the board's ADC, ADS1115 at +-2.048 V over 16 bits
DROOPED = 0.8  # of what the chip tolerates: the refresh keeps a weight within that

Progress = Callable[[str, int, int], None]


def read_probes(
    device: Device, chip: MlpFile, probes: Probes, on_progress: Progress = lambda text, done, total: None
) -> NDArray[np.float64]:
    """The device's outputs in volts, (K, n). However it ends, the device has its stored image again.

    Raises CalibrationError for a device with another chip, DeviceError and LinkError as the device's methods.
    """
    if device.chip != chip.name:
        raise CalibrationError(f"{device.port.name}: its chip is {device.chip}, expected {chip.name}")
    outputs_v = np.empty(probes.inputs_uv.shape[:2])
    try:
        for k, (weights, inputs) in enumerate(zip(probes.weights_uv, probes.inputs_uv, strict=True)):
            on_progress("probing (sets of weights)", k, len(outputs_v))
            device.probe_weights(weights.tolist())
            outputs_v[k] = [1e-6 * sample[0] for sample in device.probe(inputs.tolist())]
    finally:
        device.end_probing()
    on_progress("probing (sets of weights)", len(outputs_v), len(outputs_v))
    return outputs_v


def read_twin(chip: TwinChip, probes: Probes, seed: int) -> NDArray[np.float64]:
    """A simulated chip's outputs in volts, (K, n), as a board reads them: weights drooped, noise, ADC counts.

    The same seed is the same noise and droop. The chip is one alone.
    """
    rng = np.random.default_rng(seed)
    droop_v = DROOPED * chip.chip.retention.droop_max_v
    pairs = zip(probes.weights_v(chip.chip), probes.inputs_v(chip.chip), strict=True)
    outputs_v = [chip.output_v(inputs, held - droop_v * rng.random(len(held)), rng) for held, inputs in pairs]
    read_v: NDArray[np.float64] = np.array(outputs_v, dtype=np.float64)
    return np.asarray(COUNT_V * np.rint(read_v / COUNT_V))
