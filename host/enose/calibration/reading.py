"""Probing a device: each set of weights is programmed, its samples are driven, the output is read."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from enose.calibration.calibration import CalibrationError
from enose.calibration.probes import Probes
from enose.link.device import Device
from enose_hwsim.chipfile import MlpFile

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
