"""The weight image: everything that a device needs to classify with one trained network, and nothing else.

Little-endian: a fixed head, then per input its sensor position and its two scaling constants, the class names in the
order of the decision's bands (empty for a band that means nothing), the weights in the unit of the chip, how answers
are made steady and each input's resistance in clean air when it was trained, and the SHA-256 of all before it. Text is
ASCII, padded with zero bytes.

Format 3 ends with the weights; it is taken as well, with what stands in Image's __init__ for the rest. Format 5 is
format 4 with several pages behind the clean-air resistances; see pages.
"""

import hashlib
import struct

from enose_contract.messages import E_FIELD, E_FORMAT, E_HASH, E_TOPOLOGY
from enose_contract.normalise import LEAST_CHANGE_PPM, NORM_CHANGE, NORM_RANGE, NORMALISATIONS, PPM

MAGIC = b"ENW1"
FORMAT = 4
PAGED = 5  # the format of an image with pages; one without stays what it was
UNIT_UV = 1  # weights are voltages on capacitors
UNIT_OHM = 2  # weights are memristances, negative at an adder's minus input, 0 with the switch open
HEAD = "<4sHH16s16s8s8s8sBBBBIIIHBBI"
HEAD_SIZE = struct.calcsize(HEAD)
STEADY = "<IIBBI"  # behind the weights
COMBINE_MEAN, COMBINE_VOTES = 1, 2
HASH_SIZE = 32
NAME_SIZE = 16
IDENTITY_SIZE = 8
MAX_U32 = 0xFFFFFFFF
MAX_WEIGHT = 0x7FFFFFFF
MAX_PHASE_MS = 86_400_000  # a day: the device's tick counter tells times apart up to six
MAX_IMAGE = 2048
SEAL_MARK = b"ENS1"  # what a sealed image begins with; see seal
MAX_SEALED = MAX_IMAGE + 40
MAX_INPUTS = 16
MAX_CLASSES = 8


class ImageError(ValueError):
    """An image that cannot be used: `code` is one of messages.ERRORS, with its value and limit."""

    def __init__(self, code: int, value: int = 0, limit: int = 0) -> None:
        """Keep the code beside its numbers; the host words it."""
        super().__init__("image error %d (%d, %d)" % (code, value, limit))
        self.code = code
        self.value = value
        self.limit = limit


class Image:
    """A weight image in memory. Lists are in the order of the chip's inputs, of its weights, of the bands."""

    def __init__(
        self,
        chip: str,
        board: str,
        sensor_set: bytes,
        model: bytes,
        calibration: bytes,
        normalisation: int,
        channels: list[int],
        low_ohm: list[int],
        high_ohm: list[int],
        classes: list[str],
        weights: list[int],
        baseline_ms: int,
        exposure_ms: int,
        recovery_ms: int,
        scan_ms: int,
        average: int,
        unit: int = UNIT_UV,
        least_change_ppm: int = LEAST_CHANGE_PPM,
        guard_uv: int = 0,
        hysteresis_uv: int = 0,
        measurements: int = 1,
        combine: int = COMBINE_MEAN,
        drift_limit_ppm: int = 200_000,
        clean_ohm: list[int] | None = None,
        pages: "list[tuple[bytes, bytes]] | None" = None,
    ) -> None:
        """Identities (sensor_set, model, calibration) are 8 bytes each; `average` scans end each phase's mean.

        Below least_change_ppm of R0 nothing has changed: it is no odour, and a baseline that moves more is none.
        guard_uv: the margin below which it abstains, where the chip's own guard is not wider. hysteresis_uv,
        measurements and combine (COMBINE_MEAN or COMBINE_VOTES): see contract.steady. clean_ohm: each input's R0 in
        training, 0 for not known; one that has come further from it than drift_limit_ppm is flagged (0: never). Its
        default is ours: three times what a few degrees and a tenth of humidity make of a simulated sensor. pages:
        (places of its inputs in channels, class of each band) of each, none for one network; see contract.pages.
        """
        self.chip = chip
        self.board = board
        self.sensor_set = sensor_set
        self.model = model
        self.calibration = calibration
        self.normalisation = normalisation
        self.channels = channels
        self.low_ohm = low_ohm
        self.high_ohm = high_ohm
        self.classes = classes
        self.weights = weights
        self.baseline_ms = baseline_ms
        self.exposure_ms = exposure_ms
        self.recovery_ms = recovery_ms
        self.scan_ms = scan_ms
        self.average = average
        self.unit = unit
        self.least_change_ppm = least_change_ppm
        self.guard_uv = guard_uv
        self.hysteresis_uv = hysteresis_uv
        self.measurements = measurements
        self.combine = combine
        self.drift_limit_ppm = drift_limit_ppm
        self.clean_ohm = [0] * len(channels) if clean_ohm is None else clean_ohm
        self.pages = [] if pages is None else pages

    def check(self) -> None:
        """Raise ImageError (E_TOPOLOGY, E_FIELD) for counts and fields that no device could work with."""
        inputs = len(self.channels)
        found = (len(self.low_ohm), len(self.high_ohm), len(self.clean_ohm))
        if not 0 < inputs <= MAX_INPUTS or found != (inputs, inputs, inputs):
            raise ImageError(E_TOPOLOGY, inputs, MAX_INPUTS)
        if not 0 < len(self.classes) <= MAX_CLASSES:
            raise ImageError(E_TOPOLOGY, len(self.classes), MAX_CLASSES)
        if not 0 < len(self.weights) < 256:
            raise ImageError(E_TOPOLOGY, len(self.weights), 255)
        if self.normalisation not in NORMALISATIONS:
            raise ImageError(E_FIELD, self.normalisation, max(NORMALISATIONS))
        for identity in (self.sensor_set, self.model, self.calibration):
            _within(len(identity), IDENTITY_SIZE, IDENTITY_SIZE)
        _within(self.baseline_ms, 1 if self.normalisation == NORM_CHANGE else 0, MAX_PHASE_MS)
        _within(self.exposure_ms, 1, MAX_PHASE_MS)
        _within(self.recovery_ms, 0, MAX_PHASE_MS)
        _within(self.scan_ms, 1, 0xFFFF)
        _within(self.average, 1, 0xFF)
        for k in range(inputs):
            _within(self.channels[k], 0, 0xFF)
            _within(self.high_ohm[k], 0, MAX_U32)
            _within(self.low_ohm[k], 0, self.high_ohm[k] - 1 if self.normalisation == NORM_RANGE else MAX_U32)
        _within(self.unit, UNIT_UV, UNIT_OHM)
        _within(self.least_change_ppm, 1, PPM)
        _within(self.guard_uv, 0, MAX_WEIGHT)
        _within(self.hysteresis_uv, 0, MAX_WEIGHT)
        _within(self.measurements, 1, 16)
        _within(self.combine, COMBINE_MEAN, COMBINE_VOTES)
        _within(self.drift_limit_ppm, 0, PPM)
        for ohm in self.clean_ohm:
            _within(ohm, 0, MAX_U32)
        for weight in self.weights:
            _within(weight, 0 if self.unit == UNIT_UV else -MAX_WEIGHT, MAX_WEIGHT)
        if self.pages:
            from enose_contract.pages import check_pages  # a device has no memory for what its image has not got

            check_pages(self)

    def pack(self) -> bytes:
        """The image's bytes. Raises ImageError for what `check` refuses, ValueError for a name that does not fit."""
        from enose_contract.packing import packed  # a device has no memory for what it never does

        return packed(self)


def length_of(form: int, inputs: int, classes: int, weights: int) -> int:
    """Bytes of an image of this format, its hash included, without its pages."""
    inputs_size = 13 * inputs + struct.calcsize(STEADY) if form >= FORMAT else 9 * inputs
    return HEAD_SIZE + inputs_size + NAME_SIZE * classes + 4 * weights + HASH_SIZE


def _within(value: int, low: int, high: int) -> None:
    if not low <= value <= high:
        raise ImageError(E_FIELD, value, low if value < low else high)


def printable(raw: bytes) -> bool:
    """Whether all of it is printable ASCII."""
    return all(0x20 <= byte < 0x7F for byte in raw)


def _text(raw: bytes) -> str:
    raw = raw.rstrip(b"\0")
    if not printable(raw):
        raise ImageError(E_FIELD, max(raw), 0x7E)
    return raw.decode()


def unpack(raw: bytes | bytearray | memoryview) -> Image:
    """The image in raw. Raises ImageError (E_HASH, E_FORMAT, E_TOPOLOGY, E_FIELD) for all but a whole, good image."""
    n = len(raw)
    if n < HEAD_SIZE + HASH_SIZE:
        raise ImageError(E_HASH, n, HEAD_SIZE + HASH_SIZE)
    view = memoryview(raw)
    if hashlib.sha256(view[: n - HASH_SIZE]).digest() != bytes(view[n - HASH_SIZE :]):
        raise ImageError(E_HASH, n)
    (
        magic, form, length, chip, board, sensor_set, model, calibration,
        normalisation, inputs, classes, weights, baseline_ms, exposure_ms, recovery_ms, scan_ms, average, unit,
        least_change_ppm,
    ) = struct.unpack(HEAD, view[:HEAD_SIZE])  # fmt: skip
    if magic != MAGIC or not FORMAT - 1 <= form <= PAGED:
        raise ImageError(E_FORMAT, form, PAGED)
    behind = n - length_of(form, inputs, classes, weights)
    if length != n or behind < 0 or (behind > 0) != (form == PAGED):
        raise ImageError(E_TOPOLOGY, n, length)
    at = HEAD_SIZE
    channels: list[int] = []
    low_ohm: list[int] = []
    high_ohm: list[int] = []
    for _k in range(inputs):
        channel, low, high = struct.unpack("<BII", view[at : at + 9])
        at += 9
        channels.append(channel)
        low_ohm.append(low)
        high_ohm.append(high)
    names: list[str] = []
    for _k in range(classes):
        names.append(_text(bytes(view[at : at + NAME_SIZE])))
        at += NAME_SIZE
    found = list(struct.unpack("<%di" % weights, view[at : at + 4 * weights]))
    image = Image(
        _text(chip), _text(board), sensor_set, model, calibration, normalisation,
        channels, low_ohm, high_ohm, names, found,
        baseline_ms, exposure_ms, recovery_ms, scan_ms, average, unit, least_change_ppm,
    )  # fmt: skip
    if form >= FORMAT:
        at += 4 * weights
        (
            image.guard_uv, image.hysteresis_uv, image.measurements, image.combine, image.drift_limit_ppm,
        ) = struct.unpack_from(STEADY, view, at)  # fmt: skip
        at += struct.calcsize(STEADY)
        image.clean_ohm = list(struct.unpack_from("<%dI" % inputs, view, at))
    if behind:
        from enose_contract.pages import read_pages

        image.pages = read_pages(view[n - HASH_SIZE - behind : n - HASH_SIZE])
    image.check()
    return image
