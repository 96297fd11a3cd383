"""Code that a request brings in where memory has no piece for it: the request is refused, and nothing else happens."""

import gc
import sys
from pathlib import Path
from types import ModuleType

import pytest

from enose.boards import find_board
from enose.cli.main import run
from enose_contract import lesson, messages, updates
from enose_contract.image import ImageError
from enose_device.rare import brought_in
from enose_hwsim.board.simulated import SimulatedBoard
from rig import RawHost, host_of, image

LESSONS = 12
SESSION = 9
LEARN = (60, 5, 4, 20_000, 500, 0)  # LEARN's fields behind the session: longer than this test looks
FREE = 63_904


def test_an_import_that_memory_ends_is_refused_and_leaves_nothing_half_made(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gc, "mem_free", lambda: FREE, raising=False)  # MicroPython's alone
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "rare_part.py").write_text("A = 1\n")
    (tmp_path / "rare_whole.py").write_text("import rare_part\nif rare_part.A:\n    raise MemoryError\n")

    def whole() -> ModuleType:
        import rare_whole  # type: ignore[import-not-found]

        return rare_whole

    with pytest.raises(ImageError) as refused:
        brought_in(whole)
    assert (refused.value.code, refused.value.value) == (messages.E_MEMORY, FREE)
    assert not {"rare_part", "rare_whole"} & set(sys.modules)
    (tmp_path / "rare_part.py").write_text("A = 0  # there is room now\n")
    assert brought_in(whole).rare_part.A == 0


@pytest.mark.usefixtures("micropython", "libngspice")
@pytest.mark.timeout(300)
def test_a_question_about_the_firmware_does_not_end_a_session_of_learning(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Compiled firmware, whose imports want longer pieces than the lessons leave: it was the safe state before."""
    pico = tmp_path / "pico"
    assert run(["device", "flash", "--device", "sim:pico-mlp", "--files", str(pico)]) == 0
    capsys.readouterr()
    found, chip, _ = find_board("pico-mlp")
    board = SimulatedBoard(found, chip, files=pico, flash_path=pico / "flash.bin")
    try:
        host_of(board).program(image(weights=[780_000 + 10_000 * k for k in range(25)]).pack())
        host = RawHost(board)
        board.run(3100)
        host.hello()
        host.ask(messages.TEACH, 1)
        board.run(2500)
        host.receive(10)
        host.session = 0
        host.hello()
        for k in range(LESSONS):
            inputs_uv = [850_000 + 7919 * (k + 3 * j) % 100_000 for j in range(4)]
            host.ask(lesson.LESSON, SESSION, k, 900_000, *inputs_uv, 0, 0, 0, 0)
        host.ask(lesson.LEARN, SESSION, *LEARN)
        board.run(5000)
        reply = host.ask(updates.FIRMWARE)
        assert reply.kind == updates.FIRMWARE.kind | 0x80 or reply.error()[0] == messages.E_MEMORY
        status = host.ask(messages.STATUS).fields(messages.STATUS)
        assert (status["state"], status["fault"]) == (messages.MEASURING, messages.FAULT_NONE)
        assert board.monitor.violations == []
    finally:
        board.close()
