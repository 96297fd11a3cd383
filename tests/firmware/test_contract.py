"""The contract answers the same, bit for bit, under MicroPython in the board's heap and under CPython."""

import json
import os
import subprocess
import sys
from pathlib import Path
from random import Random
from typing import Any

import pytest
from cobs import cobs as oracle

from enose_contract import frames, messages
from enose_hwsim.board.process import firmware_folder
from rig import image, paged_image

RUNNER = Path(__file__).with_name("contract_runner.py")
HEAP = "heapsize=192k"
Call = tuple[str, list[Any]]
FIELDS = "chip board sensor_set model calibration normalisation channels low_ohm high_ohm classes weights baseline_ms"
FIELDS += " exposure_ms recovery_ms scan_ms average unit"


def answers(interpreter: list[str], calls: list[Call]) -> list[Any]:
    lines = "".join(json.dumps(pack(call)) + "\n" for call in calls)
    folder = str(firmware_folder())
    environment = {"MICROPYPATH": f"{folder}{os.pathsep}.frozen", "PYTHONPATH": folder, "PATH": os.environ["PATH"]}
    done = subprocess.run(
        [*interpreter, str(RUNNER)],
        input=lines,
        capture_output=True,
        text=True,
        timeout=100,
        env=environment,
        check=False,
    )
    assert done.stderr == ""
    assert done.returncode == 0
    return [json.loads(line) for line in done.stdout.splitlines()]


def pack(value: Any) -> Any:
    if isinstance(value, (bytes, bytearray)):
        return {"hex": value.hex()}
    return [pack(inner) for inner in value] if isinstance(value, (list, tuple)) else value


def same_in_both(micropython: str, calls: list[Call]) -> list[Any]:
    """The answers, which do not depend on the interpreter."""
    ours = answers([sys.executable], calls)
    theirs = answers([micropython, "-X", HEAP], calls)
    assert len(ours) == len(theirs) == len(calls)
    for call, a, b in zip(calls, ours, theirs, strict=True):
        assert a == b, call
    return ours


def oks(found: list[Any]) -> int:
    return sum(kind == "ok" for kind, _ in found)


@pytest.fixture
def rng(request: pytest.FixtureRequest) -> Random:
    return Random(request.node.name)


def bodies(rng: Random, count: int) -> list[bytes]:
    """Bodies of all lengths; with and without zeros."""
    sizes = [0, 1, 252, 253, 254, 255, 256, frames.MAX_BODY] + [rng.randint(0, frames.MAX_BODY) for _ in range(count)]
    return [bytes(rng.choice((0, 1, rng.randint(0, 255), 255)) for _ in range(n)) for n in sizes] + [
        b"\x01" * n for n in sizes
    ]


def test_cobs(micropython: str, rng: Random) -> None:
    plain = bodies(rng, 30)
    calls: list[Call] = [("cobs_encode", [data]) for data in plain]
    calls += [("cobs_decode", [rng.randbytes(rng.randint(0, 300)), 300]) for _ in range(100)]
    calls += [("cobs_decode", [oracle.encode(data), 600]) for data in plain]
    found = same_in_both(micropython, calls)
    assert [bytes.fromhex(value["hex"]) for _, value in found[: len(plain)]] == [oracle.encode(data) for data in plain]


def test_frames_and_streams(micropython: str, rng: Random) -> None:
    heads = [(rng.randint(0, 0xFFFF), rng.randint(0, 255), rng.randint(0, 255)) for _ in range(60)]
    calls: list[Call] = [("frame", [*head, body]) for head, body in zip(heads, bodies(rng, 40), strict=False)]
    calls.append(("frame", [1, 1, 1, bytes(frames.MAX_BODY + 1)]))
    writer = frames.FrameWriter()
    for _ in range(60):
        stream = b""
        for _ in range(rng.randint(1, 4)):
            wire = bytearray(writer.frame(rng.randint(0, 0xFFFF), 1, 2, rng.randbytes(rng.randint(0, 60))))
            if rng.random() < 0.5:
                wire[rng.randrange(len(wire))] ^= 1 << rng.randrange(8)
            stream += bytes(wire) + rng.randbytes(rng.choice((0, 0, 5)))
        calls.append(("read_stream", [stream + bytes(rng.choices(range(1, 256), k=rng.choice((0, 3, 700))))]))
    found = same_in_both(micropython, calls)
    assert found[len(calls) - 61] == ["refused", f"body of {frames.MAX_BODY + 1} bytes, at most {frames.MAX_BODY}"]


def test_every_one_bit_flip_of_a_frame_is_refused(micropython: str, rng: Random) -> None:
    writer = frames.FrameWriter()
    calls: list[Call] = [("frame_flips", [writer.frame(9, 8, 7, rng.randbytes(n))]) for n in (0, 1, 17, 64)]
    assert same_in_both(micropython, calls) == [["ok", 0]] * len(calls)


def test_images(micropython: str, rng: Random) -> None:
    good = image()
    fields = [getattr(good, name) for name in FIELDS.split()]
    calls: list[Call] = [("image_pack", fields), ("image_fields", [good.pack()])]
    for _ in range(150):
        hostile = list(fields)
        hostile[rng.randrange(5, len(fields))] = rng.choice((0, -1, 1, 255, 256, 70_000, 86_400_001, 1 << 32))
        try:
            raw = image(**dict(zip(FIELDS.split(), hostile, strict=True))).pack()
        except TypeError:  # a number in place of a list: a defect of the caller, not a value to refuse
            continue
        except ValueError:
            calls.append(("image_pack", hostile))
        else:
            calls += [("image_pack", hostile), ("image_fields", [raw])]
    for n in range(0, len(good.pack()), 7):
        calls.append(("image_fields", [good.pack()[:n]]))
    for name in ("", "x" * 16, "x" * 17, "a b~", "tab\t", "\u00fc"):
        calls.append(("image_pack", [name, *fields[1:]]))
    found = same_in_both(micropython, calls)
    assert found[0] == ["ok", {"hex": good.pack().hex()}]
    assert 20 < oks(found) < len(found) - 50


def test_every_one_bit_flip_of_an_image_is_refused(micropython: str) -> None:
    assert same_in_both(micropython, [("image_flips", [image().pack()])]) == [["ok", 0]]


def test_messages(micropython: str, rng: Random) -> None:
    calls: list[Call] = []
    for kind in messages.MESSAGES:
        for n in range(90):
            calls.append(("message_request", [kind, rng.randbytes(n)]))
            calls.append(("message_reply", [kind, rng.randbytes(n)]))
    found = same_in_both(micropython, calls)
    # each request and each reply has one length below 90 that fits, but for hello's, info's and result's replies,
    # which may be longer; `upload data` takes any tail
    assert oks(found) >= 2 * len(messages.MESSAGES) - 3


def test_limits(micropython: str, rng: Random) -> None:
    calls: list[Call] = []
    for _ in range(300):
        full, bits = rng.choice((2_500_000, 3_300_000, 4_096_000)), rng.choice((8, 12, 16))
        low, high = sorted((rng.randint(0, full), rng.randint(0, full)))
        calls.append(("code_nearest", [rng.randint(0, full), full, bits]))
        calls.append(("uv_from_code", [rng.randint(0, (1 << bits) - 1), full, bits]))
        calls.append(("code_range", [low, rng.choice((high, low + 3)), full, bits]))
        calls.append(("code_within", [rng.randint(-full, 2 * full), 100, 200, full, bits]))
    found = same_in_both(micropython, calls)
    assert 0 < len(found) - oks(found) < 300


def test_normalisation(micropython: str, rng: Random) -> None:
    calls: list[Call] = [("inputs_from_changes", [[0] * 4])]
    for _ in range(300):
        count, rail = rng.randint(-5, 32_767), rng.randint(20_000, 32_767)
        calls.append(("resistance_ohm", [count, rail, rng.choice((1_000, 10_000, 1_000_000))]))
        calls.append(("resistance_ohm", [255 * count, 255 * rail, 10_000]))
        calls.append(("change_ppm", [rng.randint(1, 1 << 32), rng.randint(1, 1 << rng.randint(1, 32))]))
        air = [rng.randint(-40_000, 85_000), rng.randint(0, 100_000)]
        coefficients = [rng.randint(-50_000, 50_000), rng.randint(-50_000, 50_000)]
        calls.append(("at_reference_ohm", [rng.randint(1, 1 << 28), *air, *coefficients]))
        calls.append(("inputs_from_changes", [[rng.randint(0, 1 << rng.randint(1, 40)) for _ in range(4)]]))
        low = [rng.randint(0, 1 << 31) for _ in range(4)]
        calls.append(
            (
                "inputs_from_range",
                [[rng.randint(0, 1 << 32) for _ in range(4)], low, [a + rng.randint(1, 9**9) for a in low]],
            )
        )
    found = same_in_both(micropython, calls)
    assert found[0] == ["ok", None]
    assert 0 < len(found) - oks(found) < 600


def test_decisions(micropython: str, rng: Random) -> None:
    calls: list[Call] = [
        (
            "decide",
            [
                rng.randint(770_000, 1_050_000),
                sorted(rng.sample(range(800_000, 1_000_000), n)),
                1_000,
                780_000,
                1_040_000,
            ],
        )
        for n in (1, 2, 7)
        for _ in range(200)
    ]
    found = same_in_both(micropython, calls)
    assert {value[0] for _, value in found} == {1, 2, 3}


def test_decisions_by_the_largest(micropython: str, rng: Random) -> None:
    calls: list[Call] = [
        ("decide_largest", [[rng.randint(440_000, 1_360_000) for _ in range(n)], 900_000, 20_000, 450_000, 1_350_000])
        for n in (1, 2, 4)
        for _ in range(200)
    ]
    found = same_in_both(micropython, calls)
    assert {value[0] for _, value in found} == {1, 2, 3}
    assert {value[1] for _, value in found} == {0, 1, 2, 3, 4}


def test_pages(micropython: str, rng: Random) -> None:
    calls: list[Call] = [("image_flips", [paged_image(2).pack()[:60]]), ("image_fields", [paged_image().pack()])]
    raw = paged_image().pack()
    for _ in range(200):
        classes = [[page, 255] if rng.random() < 0.8 else [255, page] for page in range(rng.randint(2, 8))]
        outputs = [rng.randint(775_000, 1_045_000) for _ in classes]
        calls.append(("scores", [classes, outputs, rng.choice((0, 1_000, 20_000))]))
        ohms = [[rng.randint(1_000, 300_000) for _ in range(8)] for _ in range(2)]
        calls.append(("page_inputs", [raw, *ohms]))
    found = same_in_both(micropython, calls)
    assert {value[2][0] for _, value in found[2::2]} == {1, 2}


def test_pulses(micropython: str, rng: Random) -> None:
    facts = [3.12e6, 3.37, 57_033.0, 5, 0.1583, 0.2, 0.3, 1, 5000]
    calls: list[Call] = [
        ("pulses", [facts, rng.uniform(2e3, 5e4), 0.01, 0.002, [rng.uniform(1.0, 6e4) for _ in range(5)]])
        for _ in range(200)
    ]
    calls += [("pulses", [facts, 1e4, 0.01, 0.005, [2e4]]), ("pulses", [[*facts[:4], 0.2, *facts[5:]], 1e4, 1, 0, []])]
    found = same_in_both(micropython, calls)
    assert oks(found) == 200


def test_a_call_that_fails_is_seen(micropython: str) -> None:
    """The comparison itself: a difference or an exception does not pass unseen."""
    with pytest.raises(AssertionError):
        same_in_both(micropython, [("change_ppm", [1, 0])])


def test_lessons(micropython: str, rng: Random) -> None:
    calls: list[Call] = [("shuffled", [rng.randint(1, 32), rng.randint(0, 0xFFFF)]) for _ in range(100)]
    calls += [("mean_and_worst", [[rng.randint(0, 300_000) for _ in range(n)]]) for n in (1, 2, 3, 12, 32)]
    calls += [("pulse_ns", [epoch, 60, 4, 20_000, 500]) for epoch in range(60)]
    assert oks(same_in_both(micropython, calls)) == 165
