"""scikit-learn transformers over specimens: pipelines, searches and cross-validation take them as they are.

X is a sequence of recordings.Specimen, all with the same sensors. Every column that comes out has its sensor and its
unit in its name (get_feature_names_out).
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from enose.features.inputs import NO_SAMPLE_UV, device_ohm, input_uv, no_constants, range_constants
from enose.features.response import NAMES, response
from enose.recordings import Specimen
from enose_contract.normalise import NORM_CHANGE, NORM_RANGE

Floats = NDArray[np.float64]
RANGE_PERCENTILE = 10.0  # as in training.search


class ResponseFeatures(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """From specimens to the features of response.NAMES, (N, features x sensors), feature by feature.

    `features` are some of them, `sensors` the sensors' names (sensor_0 and so on if they are not said), `average` the
    samples of a mean. Undefined features are NaN, to be imputed or refused by what comes next.
    """

    def __init__(self, features: Sequence[str] = NAMES, sensors: Sequence[str] | None = None, average: int = 4) -> None:
        self.features = features
        self.sensors = sensors
        self.average = average

    def fit(self, X: Sequence[Specimen], y: object = None) -> "ResponseFeatures":
        """Learn the sensors' names. Raises ValueError for an unknown feature, or names that do not fit."""
        for name in self.features:
            if name not in NAMES:
                raise ValueError(f"feature '{name}', expected some of {', '.join(NAMES)}")
        self.sensors_ = _sensor_names(X, self.sensors)
        return self

    def transform(self, X: Sequence[Specimen]) -> Floats:
        """The features, (N, features x sensors). Raises ValueError as response does."""
        check_is_fitted(self)
        found = [response(specimen, self.average) for specimen in X]
        return np.array([np.concatenate([getattr(one, name) for name in self.features]) for one in found])

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """`TGS2600 r0_ohm` and so on."""
        check_is_fitted(self)
        return np.array([f"{sensor} {name}" for name in self.features for sensor in self.sensors_], dtype=object)


class ChipInputs(TransformerMixin, BaseEstimator):  # type: ignore[misc] # scikit-learn has no types
    """From specimens to the voltages that the device puts on a chip's inputs, in whole microvolts, (N, channels).

    Bit for bit what the firmware computes: ADC counts, whole ohm, and enose_contract's normalisation. NORM_RANGE's
    constants are learnt from the specimens that it is fitted to. A specimen without a sample (no odour) is
    NO_SAMPLE_UV throughout.
    """

    def __init__(
        self,
        channels: Sequence[int] | None = None,
        normalisation: int = NORM_CHANGE,
        average: int = 4,
        load_ohm: int = 10_000,
        sensors: Sequence[str] | None = None,
    ) -> None:
        self.channels = channels
        self.normalisation = normalisation
        self.average = average
        self.load_ohm = load_ohm
        self.sensors = sensors

    def fit(self, X: Sequence[Specimen], y: object = None) -> "ChipInputs":
        """Learn the sensors' names, and for NORM_RANGE its constants. Raises ValueError as device_ohm does."""
        self.sensors_ = _sensor_names(X, self.sensors)
        self.channels_ = tuple(self.channels if self.channels is not None else range(len(self.sensors_)))
        exposure_ohm, _ = device_ohm(X, self.average, self.load_ohm)
        ranged = self.normalisation == NORM_RANGE
        exact = exposure_ohm.astype(np.float64)
        self.constants_ = range_constants(exact, RANGE_PERCENTILE) if ranged else no_constants(len(self.sensors_))
        return self

    def transform(self, X: Sequence[Specimen]) -> NDArray[np.int64]:
        """The voltages, (N, channels), in whole microvolts; NO_SAMPLE_UV for no sample. Raises ValueError."""
        check_is_fitted(self)
        measured = device_ohm(X, self.average, self.load_ohm)
        return input_uv(*measured, self.channels_, self.normalisation, self.constants_)

    def get_feature_names_out(self, input_features: Any = None) -> NDArray[np.object_]:
        """`TGS2600 input_uv` and so on."""
        check_is_fitted(self)
        return np.array([f"{self.sensors_[channel]} input_uv" for channel in self.channels_], dtype=object)


def _sensor_names(X: Sequence[Specimen], names: Sequence[str] | None) -> tuple[str, ...]:
    if not len(X):
        raise ValueError("no specimens to be fitted to")
    counts = {specimen.exposure_ohm.shape[1] for specimen in X}
    if len(counts) > 1:
        raise ValueError(f"specimens of {' and '.join(str(n) for n in sorted(counts))} sensors, expected one number")
    count = counts.pop()
    if names is not None and len(names) != count:
        raise ValueError(f"{len(names)} sensors' names, the specimens have {count}")
    return tuple(names) if names is not None else tuple(f"sensor_{k}" for k in range(count))


__all__ = ["NO_SAMPLE_UV", "ChipInputs", "ResponseFeatures"]
