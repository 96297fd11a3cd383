"""How fast each weight of one chip leaks: outputs of weights that were held without refresh, by the chip's own twin.

Every set of weights is read twice, at once and after a hold. The difference is what the leak did, whatever the twin
misses; which weight it was, the twin's slopes say. All leaks together are fitted to all differences (Gauss-Newton).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from enose.calibration.calibration import Calibration, CalibrationError
from enose.calibration.probes import Probes
from enose.link.device import Device
from enose.mapping import uv_from_volts
from enose_contract.probing import HOLD_MS, HOLD_SAMPLES
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]
Progress = Callable[[str, int, int], None]

IMAGES = 12
FALL_V = 0.015  # a nominal weight's droop in one hold: its leak to a percent, while the twin stays near a line
ROOM_V = 0.080  # above weight_min_v: five times the nominal leak is still within the twin's tables
STEP_V = 1e-3  # of a weight, for difference quotients
STEPS = 3
SURE = 0.10  # standard deviation over the nominal leak up to which a weight's leak counts as known
MISFIT_V = 5e-4  # RMS: more, and the differences are no leak of the weights, or not of this chip


@dataclass(frozen=True)
class Droop:
    """The leak of every weight, (W,) in V/s, at the temperature of the measurement, and how sure it is."""

    temperature_c: float
    nominal_v_per_s: float  # the chip file's, at that temperature
    leak_v_per_s: Floats
    sd_v_per_s: Floats
    residual_rms_v: float
    readings: int

    @property
    def known(self) -> NDArray[np.bool_]:
        """(W,) the success mask."""
        return np.asarray(self.sd_v_per_s <= SURE * self.nominal_v_per_s)

    @property
    def worst(self) -> int:
        """The weight that leaks fastest of those that are known. Raises CalibrationError where none is."""
        if not self.known.any():
            raise CalibrationError("no weight's leak is known well enough: probe with more --images")
        return int(np.argmax(np.where(self.known, self.leak_v_per_s, -np.inf)))


@dataclass(frozen=True)
class Held:
    """What a hold read: outputs (K, n) at once and later, and how old the weights were at each, (K, n) in s."""

    first_v: Floats
    first_s: Floats
    later_v: Floats
    later_s: Floats


def make_hold_probes(chip: MlpFile, seed: int, images: int = IMAGES) -> Probes:
    """Weights with room to droop, and inputs for each of them; the same seed gives the same ones."""
    rng = np.random.default_rng([seed, 0xD0])
    synapse = chip.synapse
    weights_v = rng.uniform(synapse.weight_min_v + ROOM_V, synapse.weight_max_v, (images, chip.topology.weights))
    inputs_v = rng.uniform(chip.input.min_v, chip.input.max_v, (images, HOLD_SAMPLES, chip.topology.inputs))
    return Probes(uv_from_volts(weights_v), uv_from_volts(inputs_v))


def hold_ms(chip: MlpFile, temperature_c: float) -> int:
    """How long weights are held so that a nominal one droops by FALL_V."""
    return int(min(max(1000 * FALL_V / chip.leak_v_per_s(temperature_c), 20), HOLD_MS))


def read_holds(
    device: Device, chip: MlpFile, probes: Probes, held_ms: int, on_progress: Progress = lambda text, done, total: None
) -> Held:
    """The device's readings. However it ends, the device has its stored image again.

    Raises CalibrationError for a device with another chip, DeviceError and LinkError as the device's methods.
    """
    if device.chip != chip.name:
        raise CalibrationError(f"{device.port.name}: its chip is {device.chip}, expected {chip.name}")
    shape = probes.inputs_uv.shape[:2]
    found = Held(*(np.empty(shape) for _ in range(4)))
    try:
        for k, (weights, inputs) in enumerate(zip(probes.weights_uv, probes.inputs_uv, strict=True)):
            on_progress("holding (sets of weights)", k, len(probes.weights_uv))
            device.probe_weights(weights.tolist())
            for wait_ms, volts, seconds in (
                (0, found.first_v, found.first_s),
                (held_ms, found.later_v, found.later_s),
            ):
                answers = device.probe_held(inputs.tolist(), wait_ms)
                volts[k] = [1e-6 * outputs_uv[0] for outputs_uv, _ in answers]
                seconds[k] = [1e-3 * age_ms for _, age_ms in answers]
    finally:
        device.end_probing()
    on_progress("holding (sets of weights)", len(probes.weights_uv), len(probes.weights_uv))
    return found


def find_droop(chip: MlpFile, known: Calibration, probes: Probes, held: Held, temperature_c: float) -> Droop:
    """The leak of every weight, from what was read.

    Raises CalibrationError for readings that are no numbers, and where no leaks of a chip like this explain them.
    """
    fallen_v = (held.later_v - held.first_v).ravel()
    if not np.isfinite(fallen_v).all():
        raise CalibrationError(f"reading {int(np.argmin(np.isfinite(fallen_v)))} of the holds is no voltage")
    nominal = chip.leak_v_per_s(temperature_c)
    twin, weights_v, inputs_v = known.twin(chip), probes.weights_v(chip), probes.inputs_v(chip)
    leak = np.full(chip.topology.weights, nominal)
    slopes = np.empty((len(fallen_v), len(leak)))
    for _ in range(STEPS):
        found, slopes = np.empty(len(fallen_v)), np.empty((len(fallen_v), len(leak)))
        samples = held.first_v.shape[1]
        for k in range(len(weights_v)):
            rows = slice(k * samples, (k + 1) * samples)
            now_v, by_now = _aged(twin, chip, weights_v[k], inputs_v[k], held.first_s[k], leak)
            then_v, by_then = _aged(twin, chip, weights_v[k], inputs_v[k], held.later_s[k], leak)
            found[rows], slopes[rows] = then_v - now_v, by_then - by_now
        step, *_ = np.linalg.lstsq(slopes, fallen_v - found, rcond=None)
        leak = np.clip(leak + step, 0.0, 5 * nominal)
    left_v = fallen_v - found
    residual = float(np.sqrt(np.sum(left_v**2) / max(len(left_v) - len(leak), 1)))
    if residual > MISFIT_V:
        raise CalibrationError(
            f"the likeliest leaks miss the readings by {1e3 * residual:.2f} mV RMS, expected at most"
            f" {1e3 * MISFIT_V:g}. Is it the calibration of this chip, at {known.temperature_c:g} C?"
        )
    spread = residual**2 * np.linalg.pinv(slopes.T @ slopes)
    return Droop(temperature_c, nominal, leak, np.sqrt(np.diag(spread)), residual, 2 * len(fallen_v))


def _aged(
    twin: TwinChip, chip: MlpFile, weights_v: Floats, inputs_v: Floats, age_s: Floats, leak: Floats
) -> tuple[Floats, Floats]:
    """Outputs (n,) of samples (n, I), each with weights of its own age, and their slopes (n, W) by the leaks.

    The samples of one hold are a quarter of a second apart: about their mean age a line is near enough.
    """
    low_v, high_v = chip.synapse.weight_min_v, chip.synapse.weight_max_v
    mean_s = float(age_s.mean())
    aged_v = np.clip(weights_v - leak * mean_s, low_v, high_v)
    steps_v = np.where(aged_v - STEP_V < low_v, STEP_V, -STEP_V)
    every_v = twin.program(np.vstack([aged_v, aged_v + np.diag(steps_v)])).output_v(inputs_v)
    by_weight = ((every_v[1:] - every_v[0]) / steps_v[:, None]).T
    return every_v[0] - (by_weight @ leak) * (age_s - mean_s), -by_weight * age_s[:, None]
