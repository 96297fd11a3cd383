"""The fault matrix, host and malice: 47 to 53; those of the device in every phase of the controller."""

import pickle
from pathlib import Path
from typing import Any

import pytest
from matrix_boards import TIMES_MS, MatrixBoard
from phases import (
    FIRST,
    OLD,
    RATIOS,
    assert_works,
    ended,
    in_phases,
    numbered,
    reach,
)

from enose.cli.main import BAD_INPUT, run
from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, seal
from rig import image, present

KEY, OTHER_KEY = b"k" * 32, b"o" * 32


class Bomb:
    """Unpickled, it leaves a file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> Any:
        return Path.touch, (self.path,)


@pytest.mark.parametrize(
    "words",
    [
        ("demo", "--recordings"),
        ("device", "program", "--device", "sim:pico-mlp"),
        ("chip", "yield", "mlp441", "--image"),
        ("device", "key", "--device", "sim:pico-mlp"),
    ],
    ids=["47-pickle-offered-as-recordings", "47-pickle-offered-as-image", "47-pickle-offered-as-weights",
         "47-pickle-offered-as-key"],
)  # fmt: skip
@pytest.mark.parametrize("suffix", [".pkl", ".joblib", ".csv", ".img"])
def test_a_pickle_is_refused_unread(
    words: tuple[str, ...], suffix: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fell = tmp_path / "fell"
    path = tmp_path / f"bomb{suffix}"
    path.write_bytes(pickle.dumps(Bomb(fell)))
    assert run([*words, str(path)]) == BAD_INPUT
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    assert str(path) in said
    assert not fell.exists()


def test_48_a_path_in_a_name_is_a_name(device: Device) -> None:
    """The device stores in its slots, whatever the names in an image are."""
    named = image(**TIMES_MS, classes=["../../a.img", "/b.img", "..\\key"], model=b"../../..")
    flash = device.port.board.flash
    outside = bytes(flash.cells[: 1280 * 1024])
    device.program(named.pack())
    assert bytes(flash.cells[: 1280 * 1024]) == outside
    device.port.wait(1500)
    present(device.port.board, RATIOS)
    assert device.measure().label in named.classes
    assert device.program(FIRST.pack()) == 2
    assert device.info()["image"]["model"] == OLD


def test_48_a_path_in_the_name_of_a_board_is_no_board(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["sim", "../chips/mlp441"]) == BAD_INPUT
    assert "'../chips/mlp441'" in capsys.readouterr().err


def drift(features: list[str]) -> str:
    return "1;10.0 " + " ".join(features) + "\n"


GOOD = [f"{k}:{1000.0 + k}" for k in range(1, 129)]


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        ([*GOOD[:9], "10:nan", *GOOD[10:]], "batch1.dat:2: feature 10 is '10:nan', expected '10:number'"),
        (GOOD[:127], "batch1.dat:2: 127 features, expected 128"),
        ([*GOOD[:8], "9:12kohm", *GOOD[9:]], "batch1.dat:2: feature 9 is '9:12kohm', expected '9:number'"),
    ],
    ids=["49-bad-recordings-nan", "49-bad-recordings-ragged", "49-bad-recordings-another-unit"],
)
def test_bad_recordings_are_named_with_row_and_column(
    bad: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "batch1.dat").write_text(drift(GOOD) + drift(bad))
    assert run(["demo", "--recordings", str(tmp_path)]) == BAD_INPUT
    assert capsys.readouterr().err == f"error: {tmp_path}/{said}\n"


@in_phases()
@pytest.mark.parametrize("name", numbered("image-not-authentic"))
def test_an_image_that_is_not_authentic_is_refused(blank: Device, on: MatrixBoard, name: str, phase: str) -> None:
    device, first = blank, on.first.pack()
    device.set_key(KEY)
    older = device.sealed(on.image(**TIMES_MS, model=b"older001").pack(), KEY)
    device.program(older)
    device.program(device.sealed(first, KEY))
    reach(device, phase)
    for refused, words in (
        (first, "the image is not sealed with the device's key"),
        (seal.sealed(first, OTHER_KEY, 9), "the image is not sealed with the device's key"),
        (older, "the image is sealed with number 1, and 2 was stored already"),
    ):
        with pytest.raises(DeviceError, match=words):
            device.program(refused)
    assert device.info()["image"]["model"] == OLD
    assert ended(device).reason == ""
    assert_works(device)


@in_phases()
@pytest.mark.parametrize("name", numbered("image-does-not-match"))
def test_an_image_that_does_not_match_is_refused(ready: Device, on: MatrixBoard, name: str, phase: str) -> None:
    ready.fit(on.first.sensor_set, on.first.calibration)
    reach(ready, phase)
    for changes, code in (
        ({"chip": "resistor341"}, messages.E_CHIP),
        ({"board": "pico-resistor"}, messages.E_BOARD),
        ({"sensor_set": b"sensors2"}, messages.E_SENSOR_SET),
        ({"calibration": b"calib002"}, messages.E_CALIBRATION),
    ):
        with pytest.raises(DeviceError) as refused:
            ready.program(on.image(**TIMES_MS, **changes).pack())
        assert refused.value.code == code
        if code in (messages.E_SENSOR_SET, messages.E_CALIBRATION):
            assert "`enose device fit --image FILE`" in str(refused.value)
    assert ready.info()["image"]["model"] == OLD
    assert ended(ready).reason == ""
    assert_works(ready)
