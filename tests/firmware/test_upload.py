"""Programming a device: uploads that resume, images that are refused with the old one kept."""

import hashlib
from typing import Any

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, seal
from enose_contract.image import MAX_IMAGE, UNIT_OHM
from rig import RawHost, SwitchOn, host_of, image, present

GOOD = image().pack()
OTHER = image(model=b"model002").pack()
LONGEST = MAX_IMAGE + seal.OVERHEAD


def begin(host: RawHost, raw: bytes, upload: int = 1, sha256: bytes | None = None):
    return host.ask(messages.UPLOAD_BEGIN, upload, len(raw), sha256 or hashlib.sha256(raw).digest())


def send_all(host: RawHost, raw: bytes, upload: int = 1, start: int = 0) -> None:
    for at in range(start, len(raw), 200):
        reply = host.ask(messages.UPLOAD_DATA, upload, at, tail=raw[at : at + 200])
        assert reply.fields(messages.UPLOAD_DATA)["offset"] == min(at + 200, len(raw))


def upload(host: RawHost, raw: bytes, number: int = 1):
    begin(host, raw, number)
    send_all(host, raw, number)
    return host.ask(messages.UPLOAD_COMMIT, number)


def test_programming_stores_activates_and_writes_every_weight(device: Device) -> None:
    chip = device.port.board.wiring.chip
    assert device.info()["image"] == {"generation": 0, "model": bytes(8).hex()}
    assert device.program(GOOD) == 1
    assert device.status()["weights"] == "held"
    assert device.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    # half a code of 38 uV, the hold's exp(-10) of at most 1.1 V, and the droop since: well below a millivolt
    expected = [(700_000 + k * 400_000 // 24) * 1e-6 for k in range(25)]
    assert chip.weights_v(device.port.board.now_s) == pytest.approx(expected, abs=1e-3)


def test_progress_is_told_up_to_the_end(device: Device) -> None:
    seen: list[tuple[int, int]] = []
    device.program(GOOD, lambda done, total: seen.append((done, total)))
    assert seen[-1] == (len(GOOD), len(GOOD))
    assert [done for done, _ in seen] == sorted({done for done, _ in seen})


def test_the_same_image_again_is_not_sent_again(device: Device) -> None:
    assert device.program(GOOD) == 1
    seen: list[tuple[int, int]] = []
    assert device.program(GOOD, lambda done, total: seen.append((done, total))) == 1
    assert seen == []


def test_another_image_replaces_it(device: Device) -> None:
    device.program(GOOD)
    assert device.program(OTHER) == 2
    assert device.info()["image"]["model"] == b"model002".hex()


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"chip": "mlp442"}, messages.E_CHIP),
        ({"board": "pico2-mlp"}, messages.E_BOARD),
        ({"weights": [900_000] * 24}, messages.E_TOPOLOGY),
        ({"channels": [0, 1, 2], "low_ohm": [0] * 3, "high_ohm": [0] * 3}, messages.E_TOPOLOGY),
        ({"classes": ["a", "b"]}, messages.E_TOPOLOGY),
        ({"weights": [900_000] * 24 + [699_999]}, messages.E_WEIGHT),
        ({"weights": [1_100_001] + [900_000] * 24}, messages.E_WEIGHT),
        ({"unit": UNIT_OHM}, messages.E_UNIT),
        ({"channels": [0, 1, 2, 16]}, messages.E_SENSOR),
    ],
    ids=str,
)
def test_an_image_that_does_not_fit_is_refused_and_the_old_one_kept(
    programmed: Device, changes: dict[str, Any], code: int
) -> None:
    writes = programmed.port.board.wiring.flash.writes
    with pytest.raises(DeviceError) as refused:
        programmed.program(image(**changes).pack())
    assert refused.value.code == code
    assert programmed.port.board.wiring.flash.writes == writes
    assert programmed.info()["image"] == {"generation": 1, "model": b"model001".hex()}
    assert programmed.measure().reason == ""


def test_the_refusal_says_which_weight_and_which_sensor(device: Device) -> None:
    with pytest.raises(DeviceError, match="weight 24 of the image lies outside the chip's range"):
        device.program(image(weights=[900_000] * 24 + [699_999]).pack())
    with pytest.raises(DeviceError, match="the image asks for sensor position 16 of 16"):
        device.program(image(channels=[0, 1, 2, 16]).pack())


@pytest.mark.parametrize("at", [0, 10, len(GOOD) // 2, len(GOOD) - 1])
def test_a_damaged_image_is_refused_and_the_old_one_kept(programmed: Device, at: int) -> None:
    damaged = bytearray(GOOD)
    damaged[at] ^= 1
    with pytest.raises(DeviceError, match="the image is damaged: its hash does not match"):
        programmed.program(bytes(damaged))
    assert programmed.info()["image"]["generation"] == 1


def test_what_arrived_is_not_what_was_announced(raw: RawHost) -> None:
    begin(raw, GOOD, sha256=hashlib.sha256(OTHER).digest())
    send_all(raw, GOOD)
    assert raw.ask(messages.UPLOAD_COMMIT, 1).error()[0] == messages.E_HASH
    # begun anew it is wanted from its start
    reply = begin(raw, GOOD, sha256=hashlib.sha256(OTHER).digest())
    assert reply.fields(messages.UPLOAD_BEGIN)["offset"] == 0


def test_an_image_over_the_limit_is_refused_before_it_is_sent(raw: RawHost) -> None:
    reply = raw.ask(messages.UPLOAD_BEGIN, 1, LONGEST + 1, bytes(32))
    assert reply.error() == (messages.E_TOO_LARGE, LONGEST + 1, LONGEST)


def test_data_and_commit_must_match_what_was_begun(raw: RawHost) -> None:
    assert raw.ask(messages.UPLOAD_COMMIT, 0).error()[0] == messages.E_HASH  # nothing was begun: no image
    begin(raw, GOOD)
    for upload_number, offset, piece in ((2, 0, b"x"), (1, 1, b"x"), (1, 0, bytes(len(GOOD) + 1)[:480])):
        raw.ask(messages.UPLOAD_DATA, 1, 0, tail=b"")
        reply = raw.ask(messages.UPLOAD_DATA, upload_number, offset, tail=piece)
        assert reply.error()[0] == messages.E_UPLOAD
    assert raw.ask(messages.UPLOAD_COMMIT, 1).error() == (messages.E_UPLOAD, 0, len(GOOD))
    assert raw.ask(messages.UPLOAD_COMMIT, 2).error()[0] == messages.E_UPLOAD


def test_a_piece_sent_twice_counts_once(raw: RawHost) -> None:
    begin(raw, GOOD)
    for _ in range(2):
        reply = raw.ask(messages.UPLOAD_DATA, 1, 0, tail=GOOD[:100])
        assert reply.fields(messages.UPLOAD_DATA)["offset"] == 100
    send_all(raw, GOOD, start=100)
    assert raw.ask(messages.UPLOAD_COMMIT, 1).fields(messages.UPLOAD_COMMIT)["generation"] == 1


def test_a_commit_sent_twice_stores_once(raw: RawHost) -> None:
    first = upload(raw, GOOD).fields(messages.UPLOAD_COMMIT)
    assert raw.ask(messages.UPLOAD_COMMIT, 1).fields(messages.UPLOAD_COMMIT) == first


def test_two_uploads_of_one_number_are_two(raw: RawHost) -> None:
    assert upload(raw, GOOD, 1).fields(messages.UPLOAD_COMMIT)["generation"] == 1
    assert upload(raw, OTHER, 1).fields(messages.UPLOAD_COMMIT)["generation"] == 2
    assert upload(raw, GOOD, 1).fields(messages.UPLOAD_COMMIT)["generation"] == 3


def test_an_upload_goes_on_where_it_was_cut_off(raw: RawHost) -> None:
    """Unplugged in mid-upload, with an image in force: it stays in force, and the rest is all that is sent."""
    upload(raw, OTHER)
    raw.ask(messages.ACTIVATE, 1)
    begin(raw, GOOD, int.from_bytes(hashlib.sha256(GOOD).digest()[:4], "little"))
    send_all(raw, GOOD[:200], int.from_bytes(hashlib.sha256(GOOD).digest()[:4], "little"))
    raw.port.wait(5000)
    second = host_of(raw.port.board, nonce=99)
    assert second.info()["image"] == {"generation": 1, "model": b"model002".hex()}
    seen: list[int] = []
    assert second.program(GOOD, lambda done, total: seen.append(done)) == 2
    assert seen == [len(GOOD)]  # one piece: the rest


@pytest.mark.parametrize("generation", [0, 1, 0xFFFFFFFF])
def test_only_the_newest_generation_can_be_activated(raw: RawHost, generation: int) -> None:
    assert raw.ask(messages.ACTIVATE, generation).error() == (messages.E_GENERATION, generation, 0)


def test_during_a_measurement_no_image_is_put_into_force(programmed: Device) -> None:
    ask = programmed._conversation.ask
    ask(messages.MEASURE, 41)
    with pytest.raises(DeviceError, match=r"a measurement is running \(cycle 41\)"):
        programmed.program(OTHER)
    assert programmed.info()["image"] == {"generation": 2, "model": b"model001".hex()}  # stored, not in force


def test_without_an_image_nothing_is_measured(device: Device) -> None:
    with pytest.raises(DeviceError, match="no image is active: program one first"):
        device.measure()


def test_a_full_store_keeps_the_old_image(power_on: SwitchOn) -> None:
    from rig import QUICK, changed

    # littlefs needs about four of eight blocks for itself, two images are all that fit; five more are log and key
    small = power_on(changed(QUICK, flash=changed(QUICK.flash, length_kib=32 + 20)))
    device = host_of(small)
    device.program(GOOD)
    assert device.program(OTHER) == 2
    present(small)
    assert device.measure().reason == ""
