"""One answer from several measurements in a row, and one that does not flicker.

An answer is taken up with at least the guard's margin, like any other. From then on it stands: it is given up only when
another one leads it by the hysteresis. Whatever is no measurement in between begins the row anew.
"""

from enose_contract import decision
from enose_contract.image import COMBINE_VOTES, Image
from enose_contract.messages import REASON_DIVIDED, REASON_FEW, REASON_OK, REASON_OUTPUT

TYPE_CHECKING = False  # MicroPython has no `typing`; a type checker takes this name for True
if TYPE_CHECKING:
    from typing import Any


class Steady:
    """The answer that stands, and the measurements of the row that it came from."""

    def __init__(self, rule: "dict[str, Any]", image: Image) -> None:
        """rule: a chip's in whole uV, as board.json has it; image: how many measurements, how they are put together."""
        self._rule = rule
        self._image = image
        self.standing = -1  # the band of the answer that stands
        self._row: list[Any] = []  # the last outputs, or the last votes: (band, margin_uv), band -1 for an abstention

    def forget(self) -> None:
        """There was no measurement: nothing stands, and the row begins anew."""
        self.standing = -1
        self._row = []

    def add(self, outputs_uv: list[int]) -> tuple[int, int, int, int]:
        """(answer, band, margin_uv, reason) with one more measurement; the outputs are whole uV.

        Until the row is as long as the image wants it, and where no band has more than half of the votes, it abstains.
        margin_uv is negative where an answer stands by the hysteresis: another is ahead by so much.
        """
        image = self._image
        found = self._judged(outputs_uv)
        if found[0] == decision.NONE:
            self.forget()
            return found + (REASON_OUTPUT,)
        votes = image.combine == COMBINE_VOTES
        self._row.append((found[1] if found[0] == decision.CLASS else -1, found[2]) if votes else list(outputs_uv))
        self._row = self._row[-image.measurements :]
        if len(self._row) < image.measurements:
            return decision.ABSTAIN, found[1], found[2], REASON_FEW
        reason = REASON_OK
        if votes and image.measurements > 1:
            found, reason = self._majority(found)
        elif image.measurements > 1:
            found = self._judged([sum(column) // image.measurements for column in zip(*self._row)])
        answer, band, _ = found
        self.standing = band if answer == decision.CLASS and image.classes[band] else -1
        return found + (reason,)

    def _judged(self, outputs_uv: list[int]) -> tuple[int, int, int]:
        """One set of outputs by the chip's rule, beside the answer that stands."""
        found = decision.by_rule(self._rule, outputs_uv, self._image.guard_uv)
        if found[0] != decision.NONE and self.standing >= 0 and self._image.hysteresis_uv:
            ahead_uv = lead_uv(self._rule, outputs_uv, self.standing)
            if ahead_uv < self._image.hysteresis_uv:
                return decision.CLASS, self.standing, -ahead_uv
        return found

    def _majority(self, last: tuple[int, int, int]) -> tuple[tuple[int, int, int], int]:
        """The band with more than half of the votes and the mean of their margins; else the last one's, abstaining."""
        for band in range(len(self._image.classes)):
            margins_uv = [margin_uv for voted, margin_uv in self._row if voted == band]
            if 2 * len(margins_uv) > len(self._row):
                return (decision.CLASS, band, sum(margins_uv) // len(margins_uv)), REASON_OK
        return (decision.ABSTAIN, last[1], last[2]), REASON_DIVIDED


def lead_uv(rule: "dict[str, Any]", outputs_uv: list[int], band: int) -> int:
    """How far the output is beyond the nearer edge of a band, or the largest other level above the band's; minus the
    margin where the band is the answer."""
    if rule["rule"] == "largest":
        levels_uv: list[int] = list(outputs_uv) + [rule["rest_uv"]]
        return max([levels_uv[k] for k in range(len(levels_uv)) if k != band]) - levels_uv[band]
    edges_uv: list[int] = rule["edges_uv"]
    below_uv = [edges_uv[band - 1] - outputs_uv[0]] if band else []
    above_uv = [outputs_uv[0] - edges_uv[band]] if band < len(edges_uv) else []
    return max(below_uv + above_uv)
