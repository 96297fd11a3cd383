"""Training through the chip's circuits: sensors, order of the classes and weights, all from the training split."""

from typing import TYPE_CHECKING, Any

from enose.training.choosing import Effort
from enose.training.network import Network, TrainingError
from enose.training.search import train

if TYPE_CHECKING:
    from enose.training.estimator import AnalogMLPClassifier

__all__ = ["AnalogMLPClassifier", "Effort", "Network", "TrainingError", "train"]


def __getattr__(name: str) -> Any:
    """The classifier when it is asked for: scikit-learn takes a second to load."""
    if name == "AnalogMLPClassifier":
        from enose.training.estimator import AnalogMLPClassifier

        return AnalogMLPClassifier
    raise AttributeError(f"module '{__name__}' has no attribute '{name}'")
