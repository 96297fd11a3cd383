"""One particular chip: found out through its inputs, its weights and its one output, and trained for.

probes -> identify -> Calibration (a twin of that chip, with a success mask) -> remap.
"""

from enose.calibration.calibration import Calibration, CalibrationError
from enose.calibration.identify import identify
from enose.calibration.probes import Probes, make_probes

__all__ = ["Calibration", "CalibrationError", "Probes", "identify", "make_probes"]
