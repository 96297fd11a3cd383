"""Training through the chip's equations: sensors, order of the classes and weights, all from the training split."""

from enose.training.network import Network, TrainingError
from enose.training.search import train

__all__ = ["Network", "TrainingError", "train"]
