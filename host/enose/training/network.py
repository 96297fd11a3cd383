"""A trained network, before it meets a particular chip."""

from dataclasses import dataclass


class TrainingError(ValueError):
    """What cannot be trained: one line with the value and what was expected."""


@dataclass(frozen=True)
class Network:
    """Four sensors, the order of the classes on the output's scale, and the weights that were trained for them."""

    sensors: tuple[str, ...]  # names of the chosen sensors, in the order of the chip's inputs
    channels: tuple[int, ...]  # their positions in the recordings
    class_order: tuple[str, ...]  # the class of each band, the lowest first; bands beyond them have none
    weights: tuple[float, ...]  # -1..1, numbered as in enose_hwsim.chips.equations
    normalisation: int  # of enose_contract.normalise
    low_ohm: tuple[int, ...]  # NORM_RANGE's constants of each input, from the training split; else zeros
    high_ohm: tuple[int, ...]
    inner_accuracy: float  # in the inner cross-validation that chose sensors and order
    inner_loss: float
    train_accuracy: float  # of these weights on their own training split
