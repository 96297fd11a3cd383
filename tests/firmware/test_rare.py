"""Code that a request brings in where memory has no piece for it: the request is refused, and nothing else happens."""

from collections.abc import Generator
from pathlib import Path

import pytest

from enose.boards import find_board
from enose.cli.main import run
from enose.link.conversation import DeviceError
from enose_contract import frames, lesson, messages, updates, watching
from enose_hwsim.board.simulated import SimulatedBoard
from rig import host_of, image, learner

LESSONS = 12
SESSION = 9
LEARN = (60, 5, 4, 20_000, 500, 0)  # LEARN's fields behind the session: longer than this test looks
pytestmark = [pytest.mark.usefixtures("micropython", "libngspice"), pytest.mark.timeout(300)]


@pytest.fixture
def pico(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Path:
    """The compiled firmware, as on a device: its imports want longer pieces than those of source."""
    folder = tmp_path / "pico"
    assert run(["device", "flash", "--device", "sim:pico-mlp", "--files", str(folder)]) == 0
    capsys.readouterr()
    return folder


@pytest.fixture
def board(pico: Path) -> Generator[SimulatedBoard, None, None]:
    found, chip, _ = find_board("pico-mlp")
    running = SimulatedBoard(found, chip, files=pico, flash_path=pico / "flash.bin")
    yield running
    running.close()
    assert running.monitor.violations == []


def test_an_import_that_memory_ends_is_refused_and_leaves_nothing_half_made(pico: Path, board: SimulatedBoard) -> None:
    """The file stands for memory that ends half way; once there is room the same question is answered."""
    device = host_of(board)
    device.program(image().pack())
    compiled = pico / "a/enose_device/watching.mpy"
    whole = compiled.read_bytes()
    compiled.unlink()
    compiled.with_suffix(".py").write_text("from enose_contract import watching\nraise MemoryError\n")
    for _ in range(2):
        with pytest.raises(DeviceError, match="has no piece long enough for this; it goes on as before") as refused:
            device.ask(watching.WATCH, 0, 1, 100)
        assert refused.value.code == messages.E_MEMORY
    status = device.status()
    assert (status["fault"], status["weights"]) == ("none", "held")
    compiled.with_suffix(".py").unlink()
    compiled.write_bytes(whole)
    assert device.ask(watching.WATCH, 0, 1, 100)["count"] == 0
    device.port.wait(2000)
    assert device.info()["refresh"]["missed"] == 0


def test_a_question_about_the_firmware_does_not_end_a_session_of_learning(board: SimulatedBoard) -> None:
    """Lessons leave memory in pieces; before, `device info` was the safe state then."""
    host_of(board).program(image(weights=[780_000 + 10_000 * k for k in range(25)]).pack())
    host = learner(board)
    for k in range(LESSONS):
        inputs_uv = [850_000 + 7919 * (k + 3 * j) % 100_000 for j in range(4)]
        host.ask(lesson.LESSON, SESSION, k, 900_000, *inputs_uv, 0, 0, 0, 0)
    host.ask(lesson.LEARN, SESSION, *LEARN)
    board.run(5000)
    reply = host.ask(updates.FIRMWARE)
    assert reply.kind == updates.FIRMWARE.kind | frames.REPLY or reply.error()[0] == messages.E_MEMORY
    status = host.ask(messages.STATUS).fields(messages.STATUS)
    assert (status["state"], status["fault"]) == (messages.MEASURING, messages.FAULT_NONE)
