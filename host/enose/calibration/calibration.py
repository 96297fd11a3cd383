"""The result of calibrating one chip: what it is, how surely that is known, and for which parts it is not."""

import hashlib
import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose.calibration.probes import Probes
from enose.calibration.synapses import Figures, figures
from enose.image import write_whole
from enose.link.device import SIMULATED_UNIT
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.cells.mismatch import SHIFT_LIMIT, Shifts
from enose_hwsim.chips.twin.twin import TwinChip

Floats = NDArray[np.float64]

FORMAT = 1
DRAWS, SEED = 64, 20260101  # of what the chip could be just as well: the figures' uncertainties come from them
GAIN_SURE, ZERO_SURE_V = 0.03, 2e-3  # standard deviations up to which a synapse counts as known
SLOPE_SURE = 0.03
RESIDUAL_LIMIT_V = 1e-3  # RMS: more, and it is no chip of this kind, or not at this temperature


class CalibrationError(ValueError):
    """What is no calibration: one line with the value and what was expected."""


@dataclass(frozen=True)
class Calibration:
    """One chip."""

    chip: str
    unit: str  # of the device, as hello names it
    temperature_c: float
    readings: int
    nominal_rms_v: float  # how far the chip's outputs are from the nominal chip's
    residual_rms_v: float  # and from its twin's, at the probes
    sigmas: Floats  # (P,) threshold shifts
    gain: Floats  # (W,), see synapses.Figures
    gain_sd: Floats
    zero_v: Floats
    zero_sd_v: Floats
    slope: Floats  # (N,)
    slope_sd: Floats
    offset_v: Floats

    @classmethod
    def judged(
        cls,
        chip: MlpFile,
        temperature_c: float,
        unit: str,
        sigmas: Floats,
        spread: Floats,
        probes: Probes,
        read_v: Floats,
        found_v: Floats,
        nominal_v: Floats,
    ) -> "Calibration":
        """From shifts, their covariance (P, P), and the outputs read, of the twin and of the nominal chip.

        Raises CalibrationError where the twin does not answer as the chip did.
        """
        residual = _rms(read_v - found_v)
        if residual > RESIDUAL_LIMIT_V:
            worst = int(np.argmax(np.abs(read_v - found_v)))
            raise CalibrationError(
                f"the likeliest {chip.name} misses the outputs read by {1e3 * residual:.2f} mV RMS, expected at most "
                f"{1e3 * RESIDUAL_LIMIT_V:g}; the worst, reading {worst}, is {read_v[worst]:.4f} V. Is it this kind of "
                f"chip, at {temperature_c:g} C, and were its weights refreshed?"
            )
        rng = np.random.default_rng(SEED)
        drawn = rng.multivariate_normal(sigmas, spread, DRAWS, method="cholesky")
        likely = figures(chip, temperature_c, sigmas[None])
        others = figures(chip, temperature_c, np.clip(drawn, -SHIFT_LIMIT, SHIFT_LIMIT))
        return cls(
            chip.name, unit, temperature_c, probes.readings, _rms(read_v - nominal_v), residual, sigmas,
            likely.gain[0], others.gain.std(0), likely.zero_v[0], others.zero_v.std(0),
            likely.slope[0], others.slope.std(0), likely.offset_v[0],
        )  # fmt: skip

    @property
    def synapses_known(self) -> NDArray[np.bool_]:
        """(W,) the success mask of the synapses."""
        return np.asarray((self.gain_sd <= GAIN_SURE) & (self.zero_sd_v <= ZERO_SURE_V))

    @property
    def neurons_known(self) -> NDArray[np.bool_]:
        """(N,) that of the neurons."""
        return np.asarray(self.slope_sd <= SLOPE_SURE)

    @property
    def simulated(self) -> bool:
        """Whether it was a simulated board's chip."""
        return self.unit.startswith(SIMULATED_UNIT)

    @property
    def identity(self) -> bytes:
        """Eight bytes that an image carries which was made with this calibration."""
        return hashlib.sha256(repr((self.chip, self.unit, self.sigmas.tolist())).encode()).digest()[:8]

    def twin(self, chip: MlpFile) -> TwinChip:
        """The chip's own twin. Raises CalibrationError for a chip file of another name."""
        if chip.name != self.chip:
            raise CalibrationError(f"a calibration of {self.chip}, expected one of {chip.name}")
        return TwinChip(chip, self.temperature_c, Shifts.from_sigmas(chip.topology, self.sigmas[None]))

    def as_dict(self) -> dict[str, Any]:
        """For JSON."""
        fields: dict[str, Any] = {"format": FORMAT, "identity": self.identity.hex()}
        for name in self.__dataclass_fields__:
            value = getattr(self, name)
            fields[name] = value.tolist() if isinstance(value, np.ndarray) else value
        fields["simulated"] = self.simulated
        fields["synapses_known"] = self.synapses_known.tolist()
        fields["neurons_known"] = self.neurons_known.tolist()
        return fields

    def write(self, path: Path) -> None:
        """Write it as JSON, whole or not at all."""
        write_whole(path, (json.dumps(self.as_dict(), indent=1) + "\n").encode())


def read_calibration(path: Path, chip: MlpFile) -> Calibration:
    """A calibration file of a chip. Raises CalibrationError with file, field, value and what was expected."""
    try:
        raw = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise CalibrationError(f"{path}: cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise CalibrationError(f"{path}: not a calibration, which is JSON ({error})") from error
    return calibration_of(path, raw, chip)


def calibration_of(path: Path, raw: Any, chip: MlpFile) -> Calibration:
    """A calibration from what JSON holds of it; `path` is where that is from. Raises CalibrationError as above."""
    if not isinstance(raw, dict) or raw.get("format") != FORMAT:
        found = raw.get("format") if isinstance(raw, dict) else type(raw).__name__
        raise CalibrationError(f"{path}: format {found!r}, expected a calibration of format {FORMAT}")
    if raw.get("chip") != chip.name:
        raise CalibrationError(f"{path}: a calibration of {raw.get('chip')!r}, expected one of {chip.name}")
    values: dict[str, Any] = {}
    sizes = _sizes(chip)
    for name in Calibration.__dataclass_fields__:
        values[name] = _field(path, name, raw.get(name), sizes.get(name))
    return Calibration(**values)


def _sizes(chip: MlpFile) -> dict[str, int]:
    topology = chip.topology
    neurons = topology.hidden + topology.outputs
    sizes = dict.fromkeys(("gain", "gain_sd", "zero_v", "zero_sd_v"), topology.weights)
    sizes |= dict.fromkeys(("slope", "slope_sd", "offset_v"), neurons)
    return sizes | {"sigmas": Shifts.count(topology)}


def _field(path: Path, name: str, value: Any, size: int | None) -> Any:
    if name in ("chip", "unit"):
        if not isinstance(value, str):
            raise CalibrationError(f"{path}: {name} is {value!r}, expected a name")
        return value
    numbers = value if isinstance(value, list) else [value]
    if size is not None and (not isinstance(value, list) or len(value) != size):
        raise CalibrationError(f"{path}: {name} has {len(numbers)} values, expected {size}")
    limit = SHIFT_LIMIT if name == "sigmas" else math.inf
    for k, number in enumerate(numbers):
        if isinstance(number, bool) or not isinstance(number, (int, float)) or not abs(number) < limit:
            raise CalibrationError(f"{path}: {name}[{k}] is {number!r}, expected a number below {limit:g}")
    return np.array(numbers, dtype=np.float64) if size is not None else value


def _rms(values: Floats) -> float:
    return float(np.sqrt(np.mean(values**2)))


__all__ = ["Calibration", "CalibrationError", "Figures", "read_calibration"]
