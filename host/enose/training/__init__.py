"""Training through the chip's circuits: sensors, order of the classes and weights, all from the training split."""

from enose.training.choosing import Effort
from enose.training.estimator import AnalogMLPClassifier
from enose.training.network import Network, TrainingError
from enose.training.search import train

__all__ = ["AnalogMLPClassifier", "Effort", "Network", "TrainingError", "train"]
