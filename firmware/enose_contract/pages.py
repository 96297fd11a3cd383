"""Weight images of several pages: more classes than the chip has bands, for a chip that takes new weights in no time.

Each page is a network of its own: some of the sensors that the image scans, weights, and which class each of the
chip's bands speaks for. The device shows the odour to one page after the other and puts their answers together. In the
image the pages follow behind everything else: how many there are, inputs and bands of a page (u8 each); then for each
page the places of its inputs among the image's channels and the number of the class of each band (u8 each). The weights
of all pages stand one after the other where those of the only page would. Only images with pages need this file.
"""

from enose_contract import decision
from enose_contract.image import UNIT_UV, ImageError
from enose_contract.messages import E_FIELD, E_PAGED, E_TOPOLOGY, MAX_CHANNELS
from enose_contract.normalise import NORM_CHANGE, change_ppm, inputs_from_changes, inputs_from_range
from enose_contract.steady import lead_uv

TYPE_CHECKING = False  # MicroPython has no `typing`; a type checker takes this name for True
if TYPE_CHECKING:
    from typing import Any

    from enose_contract.image import Image

MAX_PAGES = 8
NO_CLASS = 0xFF  # of a band: all the classes of the other pages
SILENT_UV = -0x3FFFFFFF  # the score of a class whose page has not been shown anything
HEAD_SIZE = 3


def packed_pages(pages: "list[tuple[bytes, bytes]]") -> bytes:
    """The bytes behind an image's other fields; pages: (places, classes) each, places and classes all of one length."""
    body = bytes([len(pages), len(pages[0][0]), len(pages[0][1])])
    for places, classes in pages:
        body += places + classes
    return body


def read_pages(raw: bytes | bytearray | memoryview) -> "list[tuple[bytes, bytes]]":
    """The pages in raw. Raises ImageError(E_TOPOLOGY) where there are not as many bytes as it says."""
    if len(raw) < HEAD_SIZE or len(raw) != HEAD_SIZE + raw[0] * (raw[1] + raw[2]):
        raise ImageError(E_TOPOLOGY, len(raw), HEAD_SIZE)
    inputs, size = raw[1], raw[1] + raw[2]
    return [(bytes(raw[at : at + inputs]), bytes(raw[at + inputs : at + size])) for at in range(3, len(raw), size)]


def check_pages(image: "Image") -> None:
    """Raise ImageError (E_TOPOLOGY, E_FIELD, E_PAGED) for pages that no device could work with.

    Each class is that of one band of one page, each sensor an input of some page. Rows of measurements and hysteresis
    are for one network.
    """
    count, sensors = len(image.pages), len(image.channels)
    if not 2 <= count <= MAX_PAGES:
        raise ImageError(E_TOPOLOGY, count, MAX_PAGES)
    if sensors > MAX_CHANNELS:
        raise ImageError(E_TOPOLOGY, sensors, MAX_CHANNELS)
    if len(image.weights) % count:
        raise ImageError(E_TOPOLOGY, len(image.weights), count)
    if image.unit != UNIT_UV:
        raise ImageError(E_PAGED)
    if image.measurements != 1 or image.hysteresis_uv:
        raise ImageError(E_FIELD, max(image.measurements, image.hysteresis_uv), 1)
    inputs, bands = len(image.pages[0][0]), len(image.pages[0][1])
    spoken_for: list[int] = []
    looked_at: list[int] = []
    for places, classes in image.pages:
        if not 0 < len(places) == inputs or len(classes) != bands:
            raise ImageError(E_TOPOLOGY, len(places), inputs)
        looked_at += list(places)
        spoken_for += [k for k in classes if k != NO_CLASS]
    if sorted(set(looked_at)) != list(range(sensors)):
        raise ImageError(E_FIELD, max(looked_at), sensors - 1)
    if sorted(spoken_for) != list(range(len(image.classes))) or not all(image.classes):
        raise ImageError(E_TOPOLOGY, len(spoken_for), len(image.classes))


def page_weights(image: "Image", page: int) -> list[int]:
    """The weights of one page, in the order of the chip's."""
    size = len(image.weights) // len(image.pages)
    return image.weights[page * size : (page + 1) * size]


def page_inputs(image: "Image", page: int, ohms: list[int], baseline_ohm: list[int]) -> list[int] | None:
    """One page's input voltages in uV, by the resistances of all the image's channels; None where its sensors show no
    odour.

    The largest change of NORM_CHANGE is that among the page's sensors; a sensor's constants of NORM_RANGE are the same
    on every page, and the baseline does not matter.
    """
    places = image.pages[page][0]
    if image.normalisation == NORM_CHANGE:
        changes = [change_ppm(ohms[k], baseline_ohm[k]) for k in places]
        return inputs_from_changes(changes, image.least_change_ppm)
    return inputs_from_range(
        [ohms[k] for k in places], [image.low_ohm[k] for k in places], [image.high_ohm[k] for k in places]
    )


def score_page(scores_uv: list[int], rule: "dict[str, Any]", classes: bytes, outputs_uv: list[int]) -> bool:
    """Put the score of each class that a page speaks for into scores_uv, by its outputs in whole uV.

    A score is how far the output is inside the class's band, negative outside it. False where an output is outside the
    rule's valid range, which is no answer at all.
    """
    if decision.by_rule(rule, outputs_uv, 0)[0] == decision.NONE:
        return False
    for band in range(len(classes)):
        if classes[band] != NO_CLASS:
            scores_uv[classes[band]] = -lead_uv(rule, outputs_uv, band)
    return True


def combine(scores_uv: list[int], guard_uv: int) -> tuple[int, int, int]:
    """(answer, class, margin_uv) for the score of each class: the largest positive one, by at least the guard.

    margin_uv is the smaller of what the largest score is above zero and above the second largest: how far the outputs
    are from another answer. Below the guard, and at zero and below, it abstains.
    """
    best = 0
    for k in range(len(scores_uv)):
        if scores_uv[k] > scores_uv[best]:
            best = k
    margin_uv = scores_uv[best]
    for k in range(len(scores_uv)):
        if k != best:
            margin_uv = min(margin_uv, scores_uv[best] - scores_uv[k])
    return (decision.CLASS if margin_uv > 0 and margin_uv >= guard_uv else decision.ABSTAIN), best, margin_uv
