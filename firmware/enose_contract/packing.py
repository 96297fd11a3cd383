"""An image's bytes; see image, which reads them. Only a host makes images."""

import hashlib
import struct

from enose_contract.image import FORMAT, HEAD, MAGIC, NAME_SIZE, PAGED, STEADY, Image, length_of, printable


def packed(image: Image) -> bytes:
    """As Image.pack says."""
    image.check()
    inputs = len(image.channels)
    form, pages = FORMAT, b""
    if image.pages:
        from enose_contract.pages import packed_pages

        form, pages = PAGED, packed_pages(image.pages)
    length = length_of(form, inputs, len(image.classes), len(image.weights)) + len(pages)
    body = struct.pack(
        HEAD, MAGIC, form, length, _name(image.chip), _name(image.board),
        image.sensor_set, image.model, image.calibration, image.normalisation,
        inputs, len(image.classes), len(image.weights),
        image.baseline_ms, image.exposure_ms, image.recovery_ms, image.scan_ms, image.average, image.unit,
        image.least_change_ppm,
    )  # fmt: skip
    for k in range(inputs):
        body += struct.pack("<BII", image.channels[k], image.low_ohm[k], image.high_ohm[k])
    for name in image.classes:
        body += _name(name)
    for weight in image.weights:
        body += struct.pack("<i", weight)
    body += struct.pack(
        STEADY, image.guard_uv, image.hysteresis_uv, image.measurements, image.combine, image.drift_limit_ppm
    )
    for ohm in image.clean_ohm:
        body += struct.pack("<I", ohm)
    body += pages
    return body + hashlib.sha256(body).digest()


def _name(text: str) -> bytes:
    raw = text.encode()
    if len(raw) > NAME_SIZE or not printable(raw):
        raise ValueError("'%s': a name is at most %d printable ASCII characters" % (text, NAME_SIZE))
    return raw + bytes(NAME_SIZE - len(raw))
