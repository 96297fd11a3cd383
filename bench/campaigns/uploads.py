"""Uploads by the project's own host over a link that mangles frames, to a device that reboots.

Frames are lost, flipped, doubled and overtaken (bad_link.py). Every image must be in force in the end: named by the
device, its codes on the chip, and stored once. A host that has lost its session says hello again and goes on, as a user
does; it gives up after ATTEMPTS. A device that was cut off three times comes up with its link only: the host clears it.

In the middle of its life a device is given a key, over the same link. From then on the images are sealed with rising
numbers, and some of the uploads are followed by one that must be refused: sealed before, not sealed, or with another
key.
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
from enose_contract import limits, messages, seal
from enose_contract.image import Image
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim.chipfile import MlpFile

SHARE = 0.15  # of the frames
REBOOTS = 0.03  # a frame of the host: one in six uploads or so
ATTEMPTS = 30
SHARD = 1000
RESTART_MS = 2000  # more than a device needs that was cleared
REFUSED = 0.5  # of the sealed uploads are followed by one that must be
LAST = 0.01  # of the uploads are followed by a time that a start has to last to be a good one
LAST_MS = 61_000
RETENTION = 10  # times the chip's own: nine tenths of the work would be refreshes, which are not looked at here
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
    with InnerDevice(firmware, seed, retention=RETENTION) as device:
        link = BadLink(device, rng, SHARE, REBOOTS)
        sealer = Sealer(rng)
        generation = 0
        for number in range(uploads):
            problems = [sealer.begin(link)] if number == uploads // 2 else []
            problem, generation = one_upload(link, rng, some_image(rng, device.chip), sealer, generation, counts)
            for one in filter(None, (*problems, problem)):
                counts[one] += 1
                failures.append({"seed": seed, "upload": number, "failure": one})
            if rng.random() < LAST:
                link.wait(LAST_MS)
        report = device.report()
        seen = judged(device, report["seen"])
    counts.update(frames=link.frames, boots=report["boots"], **link.met)
    failures += [{"seed": seed, "failure": one} for one in report["raised"]]
    return {"counts": counts, **seen, "faults": report["faults"], "failures": failures[:20]}


def one_upload(
    link: BadLink, rng: Random, image: Image, sealer: "Sealer", generation: int, counts: Counter[str]
) -> tuple[str, int]:
    """What went wrong, or "", and the device's generation after it."""
    link.share, link.reboots = SHARE, REBOOTS
    raw = sealer.next(image.pack())
    counts["sealed"] += sealer.on
    told = 0
    for _ in range(ATTEMPTS):
        counts["attempts"] += 1
        nonce = rng.getrandbits(32) or 1
        try:
            told = Device(link, nonce=nonce).program(raw)
            break
        except LinkError:
            continue
        except DeviceError as error:
            if sealer.on and (error.code, error.value) == (messages.E_OLDER, sealer.number):
                break  # stored already: the power went between the commit and its reply
            if only_link(error):
                counts["safe modes"] += 1
                restart(link, rng)
            elif error.code not in EXPECTED:
                return f"refused: {error}", generation
    else:
        return "not converged", generation
    link.calm()
    host = settled(link, nonce)  # the same host, or the power went behind its last reply
    info = host.info()
    codes = link.device.report()["weight_codes"]
    now = int(info["image"]["generation"])
    if told not in (0, now) or info["image"]["model"] != image.model.hex() or info["weights"] != "held":
        return "another image in force", now
    if codes != codes_of(link.device, image):
        return "other weights on the chip", now
    if now != generation + 1:
        return "stored more than once", now
    problem = ""
    if sealer.on and rng.random() < REFUSED:
        counts["to be refused"] += 1
        problem = sealer.intrude(host)
        if host.info()["image"] != info["image"]:
            problem = problem or "another image in force"
    host.close()
    return problem, now


def only_link(error: DeviceError) -> bool:
    """Whether a device refuses because it was cut off three times."""
    return (error.code, error.value) == (messages.E_SAFE, messages.FAULT_RESETS)


def restart(link: BadLink, rng: Random) -> None:
    """What a user does with such a device; where that is lost on the way, the next refusal tells."""
    try:
        Device(link, nonce=rng.getrandbits(32) or 1).clear()
    except (LinkError, DeviceError):
        return
    link.wait(RESTART_MS)


def settled(link: BadLink, nonce: int) -> Device:
    """The host at a device that is not cut off any more, cleared if need be."""
    host = Device(link, nonce=nonce)
    if host.status()["fault"] == messages.FAULTS[messages.FAULT_RESETS]:
        host.clear()
        link.wait(RESTART_MS)
        host = Device(link, nonce=nonce)
    return host


class Sealer:
    """Seals what a device with a key is sent; `on` from `begin` on."""

    def __init__(self, rng: Random) -> None:
        """The key is drawn now."""
        self.on = False
        self.number = 0
        self._rng = rng
        self._key = rng.randbytes(seal.KEY_SIZE)
        self._sent: list[bytes] = []
        self._plain = b""

    def begin(self, link: BadLink) -> str:
        """Give the device its key, over the bad link; "" or what went wrong."""
        self.on = True
        for _ in range(ATTEMPTS):
            try:
                Device(link, nonce=self._rng.getrandbits(32) or 1).set_key(self._key)
                return ""
            except LinkError:
                continue
            except DeviceError as error:
                if only_link(error):
                    restart(link, self._rng)
                elif error.code not in EXPECTED:
                    return f"refused: {error}"
        return "not converged"

    def next(self, raw: bytes) -> bytes:
        """The image as it is to be sent."""
        if not self.on:
            return raw
        self.number += 1
        self._plain = raw
        self._sent.append(seal.sealed(raw, self._key, self.number))
        return self._sent[-1]

    def intrude(self, host: Device) -> str:
        """Send what must be refused: "" where it was, with the right words."""
        older = self._rng.choice(self._sent)
        other = seal.sealed(self._plain, self._rng.randbytes(seal.KEY_SIZE), self.number + 1)
        raw, code = self._rng.choice(
            ((older, messages.E_OLDER), (self._plain, messages.E_UNSEALED), (other, messages.E_UNSEALED))
        )
        try:
            host.program(raw)
        except DeviceError as error:
            return "" if error.code == code else f"refused: {error}"
        # the very last one is known to be stored, as long as the device was not switched off
        return "" if raw == self._sent[-1] else "taken and should not be"


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
        row("uploads, sealed", "", whole["sealed"]),
        row("frames", "", whole["frames"]),
        row("frames that met a fault", "%", round(100 * faulty / whole["frames"], 1)),
        row("power cuts", "", whole["boots"] - len(found)),
        row("safe modes after three of them, cleared", "", whole["safe modes"]),
        row("attempts an upload", "", round(whole["attempts"] / whole["uploads"], 3)),
        none_of("not converged", whole["not converged"]),
        none_of("another image in force", whole["another image in force"]),
        none_of("other weights on the chip", whole["other weights on the chip"]),
        none_of("stored more than once", whole["stored more than once"]),
        row("older, unsealed and forged images sent", "", whole["to be refused"]),
        none_of("older, unsealed and forged images taken", whole["taken and should not be"]),
        row("refused", "", problems, {}, not problems),
        *watched(found, ASKED),
    ]


CAMPAIGN = Campaign("uploads", "uploads", 20_000, shards, work, rows)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
