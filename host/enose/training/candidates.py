"""Which sensors and which order of the classes are worth training: a candidate is one of each."""

from dataclasses import dataclass
from itertools import combinations, permutations

import numpy as np
from numpy.typing import NDArray

from enose.training.circuit import Circuit, Singles
from enose_hwsim.chipfile import AnyChip

RIDGE = 1e-3  # of the samples' count


@dataclass(frozen=True)
class Candidates:
    """K candidates: channels (K, I), each class's answer, as a number (K, classes), how hard weights shrink (K,)."""

    channels: NDArray[np.int64]
    band_of_class: NDArray[np.int64]
    shrink: NDArray[np.float64]

    def __len__(self) -> int:
        """K."""
        return len(self.channels)

    def some(self, chosen: NDArray[np.int64]) -> "Candidates":
        """Those with these indices, in their order."""
        return Candidates(self.channels[chosen], self.band_of_class[chosen], self.shrink[chosen])

    def times(self, count: int) -> "Candidates":
        """All of them, then all again, so many times."""
        return self.some(np.tile(np.arange(len(self)), count))

    def shrunk(self, amounts: tuple[float, ...]) -> "Candidates":
        """Each of them with each of these amounts."""
        every = self.times(len(amounts))
        return Candidates(every.channels, every.band_of_class, np.repeat(amounts, len(self)))


def class_orders(chip: AnyChip, classes: int) -> list[tuple[int, ...]]:
    """Which answer each class may get, one order of many that a network can turn into one another by its weights.

    A network can mirror its output, and so three bands that lie about the middle of its swing; two classes take the two
    lowest bands, which do not, so there both orders count. Of several outputs all are alike: what matters is which
    class, if any, is the one at rest.
    """
    orders = list(permutations(range(classes)))
    if chip.kind == "memristor":
        return orders[:1] if classes <= chip.topology.outputs else [p for p in orders if _rising(p, classes - 1)]
    return [p for p in orders if classes == 2 or p[0] < p[-1]]


def _rising(order: tuple[int, ...], rest: int) -> bool:
    outputs = [answer for answer in order if answer != rest]
    return outputs == sorted(outputs)


def all_candidates(sensors: int, inputs: int, orders: list[tuple[int, ...]]) -> Candidates:
    """Every choice of sensors with every order of the classes, unshrunk."""
    subsets = np.array(list(combinations(range(sensors), inputs)), dtype=np.int64)
    channels = np.repeat(subsets, len(orders), axis=0)
    return Candidates(channels, np.tile(np.array(orders), (len(subsets), 1)), np.zeros(len(channels)))


def random_layer_score(
    circuit: Circuit, inputs_v: NDArray[np.float64], bands: NDArray[np.int64], rows: Singles
) -> NDArray[np.float64]:
    """A cheap score of each of K candidates, (K,), the higher the better; inputs_v (K, S, I), bands (K, S).

    The share of specimens in the right band when a hidden layer of fixed weights, rows (neurons, I + 1), is read out by
    least squares: what a trained hidden layer can do better than a random one is left to the training of those that
    rank high.
    """
    hidden = circuit.random_layer(circuit.drives(inputs_v), rows)
    hidden = np.concatenate([hidden, np.ones_like(hidden[..., :1])], axis=-1).astype(np.float64)
    turned = hidden.transpose(0, 2, 1)
    ridge = RIDGE * bands.shape[1] * np.eye(len(rows) + 1)
    wanted = bands[..., None].astype(np.float64)
    read = np.matmul(hidden, np.linalg.solve(np.matmul(turned, hidden) + ridge, np.matmul(turned, wanted)))
    return np.asarray(np.mean(np.rint(read) == wanted, axis=(1, 2)))
