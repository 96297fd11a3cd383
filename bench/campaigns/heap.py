"""The heap swept through start, programming and one classification: the safe state or success, never a wrong drive.

Every size is a run of the firmware of its own on the simulated board. Too small to load at all is an end as well: the
process has ended before it drove anything.
"""

import sys
from collections import Counter
from typing import Any

from bench.campaigns.campaign import Campaign, Found, Options, Row, row, run
from bench.campaigns.simulated import classify, host_of, program
from msgspec.structs import replace

from enose.boards import find_board
from enose.link.conversation import DeviceError, LinkError
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard

LEAST_KIB, MOST_KIB = 64, 192
NOT_LOADED, SAFE, SUCCESS = "did not load", "safe state", "success"
ENDS = (NOT_LOADED, SAFE, SUCCESS)


def shards(options: Options) -> list[Any]:
    """Sizes evenly over the range, the board's own the last."""
    span = MOST_KIB - LEAST_KIB
    sizes = {MOST_KIB - span * k // options.cases for k in range(options.cases)}
    return [(kib, options.seed) for kib in sorted(sizes)]


def work(shard: Any) -> Found:
    """How one size ends."""
    kib, seed = shard
    board_file, chip, _ = find_board("pico-mlp")
    quick = replace(board_file, heap_kib=kib, sensors=replace(board_file.sensors, warmup_s=1.0))
    board = SimulatedBoard(quick, chip, seed=seed)
    try:
        end, answer = ended(board)
        violations = list(board.wiring.chip.violations)
    finally:
        board.close()
    return {"kib": kib, "end": end, "answer": answer, "violations": violations}


def ended(board: SimulatedBoard) -> tuple[str, str]:
    """One of ENDS or what else it was, and the answer where there was one."""
    try:
        device = host_of(board)
        program(device)
        answer = classify(board, device)
    except FirmwareEnded as gone:
        return (NOT_LOADED if "MemoryError" in str(gone) else str(gone)), ""
    except LinkError as silent:
        return str(silent), ""
    except DeviceError as refused:
        return (SAFE if device.status()["state"] == "safe" else str(refused)), ""
    if answer.reason:
        return (SAFE if device.status()["state"] == "safe" else answer.reason), ""
    return SUCCESS, f"{answer.answer} {answer.label}".strip()


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    ends = Counter(one["end"] for one in found)
    other = {one["kib"]: one["end"] for one in found if one["end"] not in ENDS}
    right = found[-1]["answer"]
    wrong = {one["kib"]: one["answer"] for one in found if one["end"] == SUCCESS and one["answer"] != right}
    drives = {one["kib"]: one["violations"] for one in found if one["violations"]}
    succeeded = [one["kib"] for one in found if one["end"] == SUCCESS]
    return [
        row("sizes", "", len(found)),
        *(row(end, "sizes", ends[end]) for end in ENDS),
        row("smallest heap that succeeded", "KiB", min(succeeded, default=None)),
        row("the board's own heap", "", found[-1]["end"], SUCCESS, found[-1]["end"] == SUCCESS),
        row("other ends", "", other, {}, not other),
        row("wrong answers", "", wrong, {}, not wrong),
        row("wrong drives", "", drives, {}, not drives),
    ]


CAMPAIGN = Campaign("heap", "sizes", MOST_KIB - LEAST_KIB, shards, work, rows, any_firmware=False)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
