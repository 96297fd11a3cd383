"""What must not allocate does not: the firmware's loops run with MicroPython's heap locked."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from enose_hwsim.board.process import firmware_folder
from enose_hwsim.configuration import device_configuration
from rig import BOARD, CHIP

RUNNER = Path(__file__).parent / "heap_lock_runner.py"
LOOPS = ("refresh", "turn", "drive", "adc", "frame", "long frame", "listen")


@pytest.fixture(scope="module")
def answers(micropython: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What the runner says, each loop run once."""
    folder = tmp_path_factory.mktemp("heap")
    (folder / "board.json").write_text(json.dumps(device_configuration(BOARD, CHIP)), encoding="ascii")
    with subprocess.Popen(
        [micropython, "-X", f"heapsize={BOARD.heap_kib}k", RUNNER],
        stdin=subprocess.PIPE,  # held open: nobody speaks on it
        stdout=subprocess.PIPE,
        cwd=folder,
        env={"MICROPYPATH": os.pathsep.join([str(firmware_folder()), ".frozen"])},
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        process.wait(timeout=30)
    found: dict[str, Any] = json.loads(line)
    return found


@pytest.mark.parametrize("loop", LOOPS)
def test_it_asks_for_no_memory(answers: dict[str, Any], loop: str) -> None:
    assert answers[loop] is True


def test_the_weights_were_refreshed_meanwhile(answers: dict[str, Any]) -> None:
    assert answers["refreshes"] == [5 + 2, 0]  # turns of a page are refreshes too


def test_what_does_ask_for_memory_is_seen(answers: dict[str, Any]) -> None:
    """The end of a frame makes views for its CRC-32 and its body; no loop that a weight waits for comes there."""
    assert sorted(answers["loud"]) == ["anything", "frame end"]
