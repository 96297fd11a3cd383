"""Runs contract functions for a test, under MicroPython and under CPython: one JSON call a line in, one answer out.

A call is [function, arguments]; bytes are written {"hex": "..."} both ways; an answer is ["ok", value] or
["refused", text].
"""

import json
import struct
import sys
from binascii import hexlify, unhexlify

from enose_contract import cobs, decision, frames, image, lesson, limits, messages, normalise, pages, pulses


def cobs_encode(data):
    out = bytearray(len(data) + len(data) // 254 + 1)
    return bytes(out[: cobs.encode_into(data, len(data), out)])


def cobs_decode(data, room):
    out = bytearray(room)
    n = cobs.decode_into(data, len(data), out)
    return None if n < 0 else bytes(out[:n])


def read_stream(data):
    """Frames in a stream, and what the reader counted."""
    reader = frames.FrameReader()
    found = []
    for byte in data:
        frame = reader.feed(byte)
        if frame is not None:
            found.append([frame[0], frame[1], frame[2], bytes(frame[3])])
    reader.expire(frames.RECOVER_MS)
    return [found, reader.good, reader.bad_crc, reader.bad_cobs, reader.too_long, reader.cut_short]


def frame_flips(wire):
    """How many of all one-bit flips inside the delimiters let any frame out."""
    accepted = 0
    flipped = bytearray(wire)
    for k in range(8, 8 * (len(wire) - 1)):
        flipped[k // 8] ^= 1 << k % 8
        reader = frames.FrameReader()
        for byte in flipped:
            accepted += reader.feed(byte) is not None
        flipped[k // 8] ^= 1 << k % 8
    return accepted


def image_flips(raw):
    """How many of all one-bit flips of an image are taken for an image."""
    accepted = 0
    flipped = bytearray(raw)
    for k in range(8 * len(raw)):
        flipped[k // 8] ^= 1 << k % 8
        try:
            image.unpack(flipped)
            accepted += 1
        except image.ImageError:
            pass
        flipped[k // 8] ^= 1 << k % 8
    return accepted


FIELDS = (
    "chip board sensor_set model calibration normalisation channels low_ohm high_ohm classes weights"
    " baseline_ms exposure_ms recovery_ms scan_ms average unit"
)


def image_fields(raw):
    found = image.unpack(raw)
    return [getattr(found, name) for name in FIELDS.split()]


def message_request(kind, body):
    values, tail = messages.MESSAGES[kind].unpack_request(body)
    return [values, bytes(tail)]


def message_reply(kind, body):
    form = messages.MESSAGES[kind].reply  # a device packs replies, and does not know their fields' names
    if len(body) != struct.calcsize(form):
        raise ValueError(len(body))
    return list(struct.unpack(form, body))


def pulses_of(facts, target_ohm, tolerance, noise, ohms):
    """The pulses of one device for these readings, its state and speed, all in nanounits: floats print differently."""
    run = pulses.WriteVerify(pulses.Law(*facts), target_ohm, tolerance, noise, pulses.Scalars)
    found = []
    for ohm in ohms:
        v, on_us = run.step(ohm)
        found.append([round(v * 1e9), round(on_us), round(run.state), round(run.pulses), round(run.speed * 1e9)])
    return found


def shuffled(count, seed):
    order = list(range(count))
    return [lesson.shuffle(order, seed), order]


RULE = {"rule": "bands", "edges_uv": [880000], "guard_uv": 1000, "valid_min_uv": 780000, "valid_max_uv": 1040000}


def scores(classes, outputs_uv, guard_uv):
    """The scores of pages of two bands each, and what comes of them."""
    found = [pages.SILENT_UV] * len(outputs_uv)
    valid = [pages.score_page(found, RULE, bytes(classes[k]), [outputs_uv[k]]) for k in range(len(classes))]
    return [found, valid, pages.combine(found, guard_uv)]


FUNCTIONS = {
    "cobs_encode": cobs_encode,
    "cobs_decode": cobs_decode,
    "frame": frames.FrameWriter().frame,
    "read_stream": read_stream,
    "frame_flips": frame_flips,
    "image_flips": image_flips,
    "image_pack": lambda *fields: image.Image(*fields).pack(),
    "image_fields": image_fields,
    "message_request": message_request,
    "message_reply": message_reply,
    "code_nearest": limits.code_nearest,
    "uv_from_code": limits.uv_from_code,
    "code_range": limits.code_range,
    "code_within": limits.code_within,
    "resistance_ohm": normalise.resistance_ohm,
    "change_ppm": normalise.change_ppm,
    "at_reference_ohm": normalise.at_reference_ohm,
    "inputs_from_changes": normalise.inputs_from_changes,
    "inputs_from_range": normalise.inputs_from_range,
    "decide": decision.decide,
    "decide_largest": decision.decide_largest,
    "pulses": pulses_of,
    "scores": scores,
    "page_inputs": lambda raw, *ohms: [pages.page_inputs(image.unpack(raw), page, *ohms) for page in range(3)],
    "shuffled": shuffled,
    "mean_and_worst": lesson.mean_and_worst,
    "pulse_ns": lesson.pulse_ns,
}


def packed(value):
    """Bytes as {"hex"}, tuples as lists, for JSON."""
    if isinstance(value, (bytes, bytearray)):
        return {"hex": hexlify(value).decode()}
    return [packed(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def unpacked(value):
    if isinstance(value, dict):
        return unhexlify(value["hex"])
    return [unpacked(inner) for inner in value] if isinstance(value, list) else value


def main():
    while True:
        line = sys.stdin.readline()
        if not line:
            return
        name, arguments = json.loads(line)
        try:
            answer = ["ok", packed(FUNCTIONS[name](*unpacked(arguments)))]
        except ValueError as refused:
            answer = ["refused", str(refused)]
        print(json.dumps(answer))


if __name__ == "__main__":
    main()
