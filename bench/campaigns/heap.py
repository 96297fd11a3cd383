"""The heap swept through a device's life: the safe state or success, never a wrong drive, never a crash.

What is asked beside a classification may be refused for want of memory; then the device has to classify as before.

A life is start, programming and a classification; then what the flash is written for besides, the sensor set's name,
the key and a sealed image; a classification with that one; and a second start from what is stored.
Every size is a run of the firmware of its own on the simulated board. Too small to load at all is an end as well: the
process has ended before it drove anything. An interpreter that ends in any other way, as it would if an allocation
failed inside its file system, is a miss.
"""

import sys
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.campaigns.campaign import Campaign, Found, Options, Row, row, run
from bench.campaigns.simulated import SENSOR_SET, classify, host_of, raw_image
from msgspec.structs import replace

from enose.boards import find_board
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Answer, Device
from enose_contract import messages
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile

LEAST_KIB, MOST_KIB = 64, 192
NOT_LOADED, SAFE, SUCCESS = "did not load", "safe state", "success"
NO_IMAGE = "no image stored"
REFUSED = "refused, and goes on"
ENDS = (NOT_LOADED, SAFE, REFUSED, SUCCESS)
KEY = bytes(range(32))


def shards(options: Options) -> list[Any]:
    """Sizes evenly over the range, in KiB and parts of it, the board's own the last."""
    span = MOST_KIB - LEAST_KIB
    return [(MOST_KIB - span * k / options.cases, options.seed) for k in reversed(range(options.cases))]


def work(shard: Any) -> Found:
    """How one size ends, at the first start and at the second."""
    kib, seed = shard
    board_file, chip, _ = find_board("pico-mlp")
    quick = replace(board_file, heap_kib=kib, sensors=replace(board_file.sensors, warmup_s=1.0))
    ends, answers, violations = [], [], []
    with tempfile.TemporaryDirectory(prefix="enose-heap-") as folder:
        for life in (first_life, second_life):
            board = SimulatedBoard(quick, chip, seed=seed, flash_path=Path(folder) / "flash")
            try:
                end, answer = ended(board, life)
                violations += list(board.wiring.chip.violations)
                if end == SAFE and any(map(board.wiring.pin_read, outputs(quick))):
                    end = "safe state, and an output is on"
            finally:
                board.close()
            ends.append(end)
            answers.append(answer)
    return {"kib": kib, "ends": ends, "answers": answers, "violations": violations}


def outputs(board_file: BoardFile) -> tuple[int, ...]:
    """The pins of what must be off in the safe state."""
    return board_file.switch.pin, board_file.gas.heater_pin, board_file.gas.valve_pin


def first_life(board: SimulatedBoard, device: Device) -> list[Answer]:
    """From a blank flash to a sealed image."""
    device.program(raw_image())
    answers = [classify(board, device)]
    device.fit(SENSOR_SET)
    device.set_key(KEY)
    device.program(device.sealed(raw_image(), KEY))
    return [*answers, classify(board, device)]


def second_life(board: SimulatedBoard, device: Device) -> list[Answer]:
    """From what is stored; nothing where the first life came to no image."""
    return [classify(board, device)]


def ended(board: SimulatedBoard, life: Callable[[SimulatedBoard, Device], list[Answer]]) -> tuple[str, str]:
    """One of ENDS or what else it was, and the answers where there were any."""
    try:
        device = host_of(board)
        answers = life(board, device)
        answer = next((one for one in answers if one.reason), answers[-1])
        if answer.reason:
            return (SAFE if device.status()["state"] == "safe" else answer.reason), ""
    except FirmwareEnded as gone:
        return (NOT_LOADED if "MemoryError" in str(gone) else str(gone)), ""
    except LinkError as silent:
        return str(silent), ""
    except DeviceError as refused:
        if refused.code == messages.E_NO_IMAGE and life is second_life:
            return NO_IMAGE, ""
        if device.status()["state"] == "safe":
            return SAFE, ""
        if refused.code != messages.E_MEMORY:
            return str(refused), ""
        end, answer = ended(board, second_life)
        return (REFUSED if end == SUCCESS else end), answer
    return SUCCESS, ", ".join(sorted({f"{one.answer} {one.label}".strip() for one in answers}))


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    ends = [Counter(one["ends"][start] for one in found) for start in (0, 1)]
    other = {one["kib"]: one["ends"] for one in found if not set(one["ends"]) <= {*ENDS, NO_IMAGE}}
    right = found[-1]["answers"][0]
    wrong = {one["kib"]: one["answers"] for one in found if not set(one["answers"]) <= {"", right}}
    drives = {one["kib"]: one["violations"] for one in found if one["violations"]}
    succeeded = [one["kib"] for one in found if one["ends"] == [SUCCESS, SUCCESS]]
    own = found[-1]["ends"]
    return [
        row("sizes", "", len(found)),
        *(row(end, "sizes", ends[0][end]) for end in ENDS),
        *(row(f"{end}, at the second start", "sizes", ends[1][end]) for end in (*ENDS, NO_IMAGE)),
        row("smallest heap that succeeded", "KiB", min(succeeded, default=None)),
        row("the board's own heap", "", own, [SUCCESS] * 2, own == [SUCCESS] * 2),
        row("other ends", "", other, {}, not other),
        row("wrong answers", "", wrong, {}, not wrong),
        row("wrong drives", "", drives, {}, not drives),
    ]


CAMPAIGN = Campaign("heap", "sizes", 4 * (MOST_KIB - LEAST_KIB), shards, work, rows, any_firmware=False)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
