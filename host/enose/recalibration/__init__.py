"""A network whose sensors have drifted or were replaced, brought back by a few reference specimens.

Exposures -> corrected constants -> virtual specimens -> weights: see recalibrate. What it changes is what a device
takes: the two normalisation constants of each sensor, and the weights.
"""

from enose.recalibration.exposures import Exposures, RecalibrationError
from enose.recalibration.recalibrate import Recalibrated, recalibrated

__all__ = ["Exposures", "Recalibrated", "RecalibrationError", "recalibrated"]
