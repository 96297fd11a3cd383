"""Weight images as files, and made from a trained network."""

import hashlib
import os
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from enose.features import exact_ohm
from enose.mapping import mapping_of
from enose.recordings import Recordings, Specimen
from enose.training import Network
from enose.training.pages import REST, Pages
from enose_contract.image import Image, ImageError, unpack
from enose_contract.messages import ERRORS
from enose_contract.normalise import LEAST_CHANGE_PPM, NORM_CHANGE
from enose_contract.pages import NO_CLASS
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip

PLAY_MS = 500  # a recording with slower samples is played at this pace: its minutes are not waited for
NO_CALIBRATION = bytes(8)


class ImageFileError(ValueError):
    """A file that is no usable weight image: one line with file and reason."""


def play_ms(specimen: Specimen) -> int:
    """The time between two samples when a recording is played to a board."""
    return min(round(specimen.sample_s * 1000), PLAY_MS)


def least_change_ppm(training: Sequence[Specimen], channels: Sequence[int], average: int) -> int:
    """What counts as a change of the sensors in channels: twice the most that clean air alone has changed any of them
    from a baseline's first scans to its last.

    At most half of what the weakest odour of the split changes any of them; LEAST_CHANGE_PPM where that is larger, or
    where no baseline is long enough to tell.
    """
    pick = list(channels)
    ends = [s.baseline_ohm[:, pick] for s in training if len(s.baseline_ohm) >= 2 * average]
    if not ends:
        return LEAST_CHANGE_PPM
    wander = max(float(np.max(np.abs(ohm[:average].mean(0) / ohm[-average:].mean(0) - 1))) for ohm in ends)
    exposure_ohm, baseline_ohm = exact_ohm(training, average)
    assert baseline_ohm is not None  # one specimen has a baseline, so all have
    weakest = float(np.abs(exposure_ohm / baseline_ohm - 1)[:, pick].max(axis=1).min())
    return max(round(1e6 * min(2 * wander, weakest / 2)), LEAST_CHANGE_PPM)


def clean_ohm(training: Sequence[Specimen], channels: Sequence[int], average: int) -> list[int]:
    """Each channel's R0 over the training split, the geometric mean in whole ohm; 0 where no baseline was recorded."""
    ends = [s.baseline_ohm[-average:, list(channels)] for s in training if len(s.baseline_ohm)]
    if not ends:
        return [0] * len(channels)
    return [round(float(ohm)) for ohm in np.exp(np.mean([np.log(end.mean(axis=0)) for end in ends], axis=0))]


def build_image(
    network: Network, recordings: Recordings, board: BoardFile, chip: AnyChip, training: Sequence[int] = ()
) -> Image:
    """The image of a trained network for one board: its weights as the chip holds them, and how to measure.

    training: the specimens of the training split, from which it takes what counts as a change.
    """
    weights = mapping_of(chip).carried(network.weights).tolist()
    classes = [*network.class_order, *[""] * (chip.answers - len(network.class_order))]
    return _image(recordings, board, chip, training, network, classes, weights, [])


def build_paged_image(
    pages: Pages, recordings: Recordings, board: BoardFile, chip: AnyChip, training: Sequence[int] = ()
) -> Image:
    """The image of a page a class, as build_image does for one network; it scans the sensors of all pages."""
    weights = [weight for network in pages.networks for weight in mapping_of(chip).carried(network.weights).tolist()]
    channels = pages.channels
    ends = {c: ends for n in pages.networks for c, *ends in zip(n.channels, n.low_ohm, n.high_ohm, strict=True)}
    union = replace(
        pages.networks[0],
        channels=channels,
        class_order=pages.classes,
        low_ohm=tuple(ends[c][0] for c in channels),
        high_ohm=tuple(ends[c][1] for c in channels),
    )
    places = [bytes(channels.index(c) for c in network.channels) for network in pages.networks]
    of_bands = band_classes(pages, chip)
    paged = list(zip(places, of_bands, strict=True))
    return _image(recordings, board, chip, training, union, list(pages.classes), weights, paged)


def band_classes(pages: Pages, chip: AnyChip) -> list[bytes]:
    """For each page the number of the class of each of the chip's bands."""
    numbers = {name: k for k, name in enumerate(pages.classes)} | {REST: NO_CLASS}
    orders = [[*network.class_order, *[REST] * (chip.answers - len(network.class_order))] for network in pages.networks]
    return [bytes(numbers[name] for name in order) for order in orders]


def _image(
    recordings: Recordings,
    board: BoardFile,
    chip: AnyChip,
    training: Sequence[int],
    network: Network,
    classes: list[str],
    weights: list[int],
    pages: list[tuple[bytes, bytes]],
) -> Image:
    """network: the sensors and their constants."""
    specimen = recordings.specimens[0]
    scan_ms = play_ms(specimen)
    chosen = [recordings.specimens[i] for i in training]
    least_ppm = LEAST_CHANGE_PPM
    if recordings.normalisation == NORM_CHANGE:
        least_ppm = least_change_ppm(chosen, network.channels, recordings.average)
    low_ohm, high_ohm = list(network.low_ohm), list(network.high_ohm)
    identity = repr((weights, network.channels, low_ohm, high_ohm, network.class_order, *pages)).encode()
    return Image(
        chip=chip.name,
        board=board.name,
        sensor_set=recordings.sensor_set_id(),
        model=hashlib.sha256(identity).digest()[:8],
        calibration=NO_CALIBRATION,
        normalisation=recordings.normalisation,
        channels=list(network.channels),
        low_ohm=low_ohm,
        high_ohm=high_ohm,
        classes=classes,
        weights=weights,
        unit=mapping_of(chip).unit,
        baseline_ms=len(specimen.baseline_ohm) * scan_ms,
        exposure_ms=len(specimen.exposure_ohm) * scan_ms,
        recovery_ms=len(specimen.recovery_ohm) * scan_ms,
        scan_ms=scan_ms,
        average=recordings.average,
        least_change_ppm=least_ppm,
        clean_ohm=clean_ohm(chosen, network.channels, recordings.average),
        pages=pages,
    )


def read_image(path: Path) -> tuple[bytes, Image]:
    """The bytes and the content of an image file. Raises ImageFileError."""
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise ImageFileError(f"{path}: cannot be read ({error.strerror})") from error
    try:
        return raw, unpack(raw)
    except ImageError as error:
        reason = ERRORS[error.code].format(value=error.value, limit=error.limit)
        raise ImageFileError(f"{path}: not a weight image: {reason}") from error


def check_writable(path: Path | None, endings: tuple[str, ...] = ()) -> None:
    """Raise ImageFileError for a path that cannot be written or has none of the endings: before the work."""
    if path is None:
        return
    if endings and path.suffix.lower() not in endings:
        raise ImageFileError(f"{path}: ends in '{path.suffix}', expected {' or '.join(endings)}")
    if path.is_dir() or not path.name:
        raise ImageFileError(f"{path}: is a folder, expected a file to write")
    if not path.parent.is_dir():
        raise ImageFileError(f"{path}: there is no folder {path.parent} to write into")
    try:
        with tempfile.TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ImageFileError(f"{path}: cannot be written ({error.strerror})") from error


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that it is there whole or not at all. Raises OSError, which names it, where the disk is full."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise OSError(error.errno, error.strerror, str(path)) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    """The process's mask for new files; it can only be read by setting it."""
    mask = os.umask(0o022)
    os.umask(mask)
    return mask
