"""A network for each class, before they meet a particular chip."""

from dataclasses import dataclass

from enose.training.network import Network

REST = ""  # the other classes, in a page's class_order


@dataclass(frozen=True)
class Pages:
    """A network for each class, whose class_order has the class at one end and REST at the other bands."""

    classes: tuple[str, ...]
    networks: tuple[Network, ...]

    @property
    def channels(self) -> tuple[int, ...]:
        """The sensors of all pages, each once, in rising order."""
        return tuple(sorted({channel for network in self.networks for channel in network.channels}))
