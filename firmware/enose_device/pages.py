"""Answers from images of several pages: each page's weights onto the chip, its inputs, its output; then all of them
together. Imported where such an image comes into force; see contract.pages.

A new page is a refresh like any other: the weights that it takes the place of have to be within their time, or they and
all after them are stale. So an answer means that each page was written, and held while it was read.
"""

from array import array

from enose_contract import decision, messages, pages
from enose_contract.image import ImageError
from enose_contract.messages import WEIGHTS_HELD

READINGS = 4  # conversions of the output that are averaged


def check(image, facts) -> None:
    """Raise ImageError(E_TOPOLOGY) where the pages do not fit the chip; facts: the chip's, of board.json."""
    places, classes = image.pages[0]
    if len(image.weights) != len(image.pages) * facts["weights"] or len(places) != facts["inputs"]:
        raise ImageError(messages.E_TOPOLOGY, len(image.weights), len(image.pages) * facts["weights"])
    if len(classes) != facts["classes"]:
        raise ImageError(messages.E_TOPOLOGY, len(classes), facts["classes"])


class Pages:
    """The codes of every page, made once: nothing is worked out while weights wait."""

    def __init__(self, chip, refresh, facts, image) -> None:
        """chip: HeldWeightChip; refresh: Refresh; the caller programs the chip anew, for `load` was called."""
        self._chip = chip
        self._refresh = refresh
        self._facts = facts
        self._image = image
        self._codes = []
        for page in range(len(image.pages)):
            chip.load(pages.page_weights(image, page))
            self._codes.append(array("H", chip.codes))
        self._scores_uv = [0] * len(image.classes)

    def turn(self, page: int) -> bool:
        """Put a page's weights on the chip; whether those before it, and they, are held. Allocates nothing."""
        codes, held = self._codes[page], self._chip.codes
        for k in range(len(held)):
            held[k] = codes[k]
        self._refresh.keep()
        return self._refresh.state == WEIGHTS_HELD

    def ask(self, ohms, baseline_ohm):
        """A task: ((answer, class, margin_uv, reason), outputs_uv) for the resistances of the image's channels.

        The outputs are those of the page of the class. Where the weights have gone stale, or the chip was disturbed,
        it ends there and then: the caller looks at both.
        """
        image, scores_uv = self._image, self._scores_uv
        inputs_uv = [pages.page_inputs(image, page, ohms, baseline_ohm) for page in range(len(image.pages))]
        best_uv, best = pages.SILENT_UV, ()
        for k in range(len(scores_uv)):
            scores_uv[k] = pages.SILENT_UV
        for page in range(len(image.pages)):
            if inputs_uv[page] is None:
                continue
            if not self.turn(page):
                break
            self._chip.drive(inputs_uv[page])
            outputs_uv = yield from self._chip.read_output(READINGS)
            self._chip.rest()
            if self._chip.disturbed:
                break
            if not pages.score_page(scores_uv, self._facts, image.pages[page][1], outputs_uv):
                self._refresh.keep()
                return (decision.NONE, 0, 0, messages.REASON_OUTPUT), outputs_uv
            if max(scores_uv) > best_uv:
                best_uv, best = max(scores_uv), outputs_uv
        self._refresh.keep()  # the last page, too, was held for as long as it was read
        return pages.combine(scores_uv, max(image.guard_uv, self._facts["guard_uv"])) + (messages.REASON_OK,), best
