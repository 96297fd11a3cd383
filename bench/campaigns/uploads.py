"""Uploads by the project's own host over a link that mangles frames, to a device that reboots.

Frames are lost, flipped, doubled and overtaken (bad_link.py). Every image must be in force in the end: named by the
device, its codes on the chip, and stored once. A host that has lost its session says hello again and goes on, as a user
does; it gives up after ATTEMPTS.
"""

import sys
from collections import Counter
from random import Random
from typing import Any

from bench.campaigns.bad_link import BadLink
from bench.campaigns.campaign import Campaign, Found, Options, Row, none_of, row, run, shares
from bench.campaigns.inner_device import InnerDevice, judged, watched

from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Device
from enose_contract import limits, messages
from enose_contract.image import Image
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim.chipfile import MlpFile

SHARE = 0.15  # of the frames
REBOOTS = 0.02  # a frame of the host: one in five uploads or so
ATTEMPTS = 30
SHARD = 1000
DAC_BITS = 16
UV = 1e6
ASKED = (messages.FAULT_RESETS,)  # the quick power cuts
EXPECTED = (messages.E_SESSION,)  # what a device that has been rebooted may say


def shards(options: Options) -> list[Any]:
    """Devices with a thousand uploads each."""
    pieces = shares(options.cases, SHARD)
    return [(options.firmware, options.seed * 1000 + k, uploads) for k, uploads in enumerate(pieces)]


def some_image(rng: Random, chip: MlpFile) -> Image:
    """An image that pico-mlp takes, of its own name and weights."""
    low_uv, high_uv = round(chip.synapse.weight_min_v * UV), round(chip.synapse.weight_max_v * UV)
    return Image(
        "mlp441", "pico-mlp", b"sensors1", rng.randbytes(8), b"none0000", NORM_CHANGE, [0, 1, 2, 3], [0] * 4, [0] * 4,
        ["banana", "lemon", "lychee"], [rng.randint(low_uv, high_uv) for _ in range(chip.topology.weights)],
        600, 1000, 400, 100, 2,
    )  # fmt: skip


def work(shard: Any) -> Found:
    """One device, one upload after the other."""
    firmware, seed, uploads = shard
    rng = Random(seed)
    counts: Counter[str] = Counter(uploads=uploads)
    failures: list[Any] = []
    with InnerDevice(firmware, seed) as device:
        link = BadLink(device, rng, SHARE, REBOOTS)
        generation = 0
        for number in range(uploads):
            image = some_image(rng, device.chip)
            problem, generation = one_upload(link, rng, image, generation, counts)
            if problem:
                counts[problem] += 1
                failures.append({"seed": seed, "upload": number, "failure": problem})
        report = device.report()
        seen = judged(device, report["seen"])
    counts.update(frames=link.frames, boots=report["boots"], **link.met)
    return {"counts": counts, **seen, "faults": report["faults"], "failures": failures[:20]}


def one_upload(link: BadLink, rng: Random, image: Image, generation: int, counts: Counter[str]) -> tuple[str, int]:
    """What went wrong, or "", and the device's generation after it."""
    link.share, link.reboots = SHARE, REBOOTS
    raw = image.pack()
    for _ in range(ATTEMPTS):
        counts["attempts"] += 1
        nonce = rng.getrandbits(32) or 1
        try:
            told = Device(link, nonce=nonce).program(raw)
            break
        except LinkError:
            continue
        except DeviceError as error:
            if error.code not in EXPECTED:
                return f"refused: {error}", generation
    else:
        return "not converged", generation
    link.calm()
    host = Device(link, nonce=nonce)  # the same host, or the power went behind its last reply
    info = host.info()
    codes = link.device.report()["weight_codes"]
    host.close()
    now = int(info["image"]["generation"])
    if told != now or info["image"]["model"] != image.model.hex() or info["weights"] != "held":
        return "another image in force", now
    if codes != codes_of(link.device, image):
        return "other weights on the chip", now
    return ("stored more than once" if now != generation + 1 else ""), now


def codes_of(device: InnerDevice, image: Image) -> list[int]:
    """The DAC codes of an image's weights."""
    board, synapse = device.board, device.chip.synapse
    full_uv = round(board.dac.reference_v * board.dac.gain * UV)
    low, high = limits.code_range(round(synapse.weight_min_v * UV), round(synapse.weight_max_v * UV), full_uv, DAC_BITS)
    return [limits.code_within(weight, low, high, full_uv, DAC_BITS) for weight in image.weights]


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    whole: Counter[str] = Counter()
    for one in found:
        whole.update(one["counts"])
    problems = {name: whole[name] for name in whole if name.startswith("refused")}
    faulty = sum(whole[name] for name in ("lost", "flipped", "doubled", "overtaken"))
    return [
        row("uploads", "", whole["uploads"]),
        row("frames", "", whole["frames"]),
        row("frames that met a fault", "%", round(100 * faulty / whole["frames"], 1)),
        row("power cuts", "", whole["boots"] - len(found)),
        row("attempts an upload", "", round(whole["attempts"] / whole["uploads"], 3)),
        none_of("not converged", whole["not converged"]),
        none_of("another image in force", whole["another image in force"]),
        none_of("other weights on the chip", whole["other weights on the chip"]),
        none_of("stored more than once", whole["stored more than once"]),
        row("refused", "", problems, {}, not problems),
        *watched(found, ASKED),
    ]


CAMPAIGN = Campaign("uploads", "uploads", 20_000, shards, work, rows)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
