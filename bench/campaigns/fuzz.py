"""Millions of hostile frames through the whole firmware: parser, session, handlers, converters.

Every byte goes through the device's own loop. The parser must take exactly the frames that the oracle takes, no
exception may leave any part of the firmware (it would be a fault of its own), no code outside the chip's range may
reach a converter, and what the device says must be good frames.

A device lives for LIFE frames, then another one with a blank flash takes its place: some take sealed images only, and
some begin in the safe mode that three quick starts lead to, which any `clear` in the stream ends with a restart.
"""

import sys
from collections import Counter
from random import Random
from typing import Any

from bench.campaigns.campaign import Campaign, Found, Options, Row, none_of, row, run, shares, total
from bench.campaigns.inner_device import InnerDevice, judged, watched
from bench.campaigns.mixture import MESSAGES, Mixture, good_in, is_good
from cobs import cobs

from enose_contract import frames, messages

SHARD = 100_000
LIFE = 2000
PIECE = 500  # frames at once
KEYED, QUICK = 3, 4  # one in so many
# the host's own, an image that `fit` has put out of force and `clear` looks for, and the quick starts
ASKED = (messages.FAULT_HOST, messages.FAULT_MISFIT, messages.FAULT_RESETS)
QUICK_STARTS = 3
A_MEASUREMENT_MS = 5000  # with its warm-up; more than a host's lease, too
PAUSES = (0, 0, 0, 300, A_MEASUREMENT_MS)  # ms after a piece


def shards(options: Options) -> list[Any]:
    """Devices with so many frames each."""
    return [
        (options.firmware, options.seed * 100_000 + k, count) for k, count in enumerate(shares(options.cases, SHARD))
    ]


def work(shard: Any) -> Found:
    """One device under fire."""
    firmware, seed, count = shard
    rng = Random(seed)
    mixture = Mixture(rng)
    expected = bad_replies = 0
    replies: Counter[str] = Counter()
    lives = 0
    with InnerDevice(firmware, seed) as device:
        while mixture.sent.total() < count:
            if lives:
                device.blank()
            lives += 1
            mixture.another_device(keyed=lives % KEYED == 0)
            for _ in range(0 if lives % QUICK else QUICK_STARTS):
                device.boot()
            until = min(mixture.sent.total() + LIFE, count)
            while (left := until - mixture.sent.total()) > 0:
                pause_ms = rng.choice(PAUSES)
                stream = mixture.hello() + mixture.stream(min(PIECE, left))
                if pause_ms >= A_MEASUREMENT_MS:
                    stream += mixture.story()
                expected += good_in(stream)
                bad, mixture.generation = heard(device.run(pause_ms, stream), replies)
                bad_replies += bad
        report = device.report()
        seen = judged(device, report["seen"])
    return {
        "lives": lives, "resets": report["resets"],
        "sent": dict(mixture.sent), "replies": dict(replies), "bad_replies": bad_replies,
        "good": report["good"], "expected": expected, "dropped": report["dropped"],
        **seen, "faults": report["faults"],
        "failures": [{"seed": seed, "failure": one} for one in seen["unsafe"] + report["raised"]],
    }  # fmt: skip


def heard(data: bytes, replies: Counter[str]) -> tuple[int, int]:
    """Count replies by name, and errors by code; how many were no good frames, and the last generation told."""
    bad = generation = 0
    for piece in filter(None, data.split(b"\0")):
        if not is_good(piece):
            bad += 1
            continue
        plain = cobs.decode(piece)
        kind = plain[3] & ~frames.REPLY
        error = f" {plain[frames.HEADER_SIZE]}" if kind == messages.ERROR.kind else ""
        replies[MESSAGES[kind].name + error] += 1
        if kind == messages.UPLOAD_COMMIT.kind:
            generation = int.from_bytes(plain[frames.HEADER_SIZE : frames.HEADER_SIZE + 4], "little")
    return bad, generation


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    sent: Counter[str] = Counter()
    replies: Counter[str] = Counter()
    for one in found:
        sent.update(one["sent"])
        replies.update(one["replies"])
    expected = total(found, "expected")
    return [
        row("frames", "", sent.total()),
        row("devices", "", total(found, "lives")),
        row("restarts out of the safe mode", "", total(found, "resets")),
        *(row(f"frames, {name}", "", count) for name, count in sorted(sent.items())),
        row("good frames", "", total(found, "good"), expected, total(found, "good") == expected),
        row("dropped frames", "", total(found, "dropped")),
        row("replies", "", replies.total()),
        *(row(f"replies, {name}", "", count) for name, count in sorted(replies.items())),
        none_of("replies that are no frames", total(found, "bad_replies")),
        *watched(found, ASKED),
    ]


CAMPAIGN = Campaign("fuzz", "frames", 10_000_000, shards, work, rows)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
