"""An hour at the chip's own leak, and a day on a chip that holds its weights ten times as long.

The whole simulated board runs in lockstep and measures once an hour. No refresh may be missed, no weight droop further
than the chip tolerates; every measurement gives the same answer, and the device has as much free memory at the end as
after its first: the mean of some looks, for what it is about to write or to say takes some of it for a moment.
`--cases` are minutes on the second chip; the first one runs for a 24th of them.
"""

import sys
import time
from typing import Any

import numpy as np
from bench.campaigns.campaign import Campaign, Found, Options, Row, none_of, row, run
from bench.campaigns.simulated import WEIGHTS_UV, classify, host_of, raw_image
from msgspec.structs import replace

from enose.boards import find_board
from enose.link.conversation import DeviceError, LinkError
from enose.link.device import Answer, Device
from enose_hwsim.board.serving import FirmwareEnded
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.chipfile import MlpFile

MINUTES = 24 * 60
SHORTER = 24  # the run on the chip that leaks ten times as fast
LONGER = 10
HOUR_S = 3600.0
LEAST_MEASUREMENTS = 2
# bytes: the least free memory is looked for once a second, and a measurement holds some hundred bytes for moments only;
# a leak of one byte a refresh would come to 65 000 in the hour
SPREAD = 1024
LOOKS, APART_MS = 60, 2000  # at the free memory; everything that it does once a second lies between two
# bytes, two blocks of the interpreter's heap: single looks scatter by 40 (measured), so means of 60 by 5
MEAN_SPREAD = 64
STEP_S = 20.0  # between two looks at the weights
# half a code of 38 uV, and what is left after 20 us of a hold that settles with 2 us: exp(-10) of at most 0.4 V
WRITING_ERROR_V = 19e-6 + 18e-6


def shards(options: Options) -> list[Any]:
    """The day first: it takes longer."""
    day_s = 60.0 * options.cases
    return [(day_s, LONGER, options.seed), (day_s / SHORTER, 1, options.seed)]


def work(shard: Any) -> Found:
    """One board for so many seconds of its time."""
    seconds, longer, seed = shard
    board_file, chip, _ = find_board("pico-mlp")
    assert isinstance(chip, MlpFile)
    chip = replace(chip, retention=replace(chip.retention, leak_v_per_s=chip.retention.leak_v_per_s / longer))
    board = SimulatedBoard(board_file, chip, seed=seed)
    begin_s = time.monotonic()
    try:
        device = host_of(board)
        device.program(raw_image())
        answers = [answer_of(classify(board, device))]
        first, free_first = looked(device)
        worst_v = 0.0
        measurements = max(round(seconds / HOUR_S), LEAST_MEASUREMENTS)
        steps = round(seconds / measurements / STEP_S) or 1
        for _ in range(measurements):
            for _ in range(steps):
                device.port.wait(1e3 * seconds / measurements / steps)
                worst_v = max(worst_v, error_v(board))
            answers.append(answer_of(classify(board, device)))
        last, free_last = looked(device)
        violations = list(board.wiring.chip.violations)
    except (FirmwareEnded, LinkError, DeviceError) as error:
        raise ChildProcessError(f"leak / {longer}, at {board.now_s:.0f} s: {error}") from error
    finally:
        board.close()
    return {
        "minutes": seconds / 60, "longer": longer, "wall_s": time.monotonic() - begin_s,
        "done": last["refresh"]["done"],
        "period_s": last["refresh"]["period_s"], "missed": last["refresh"]["missed"], "worst_v": worst_v,
        "limit_v": chip.retention.droop_max_v + WRITING_ERROR_V, "answers": len(answers), "kinds": sorted(set(answers)),
        "low": (first["memory_free_low"], last["memory_free_low"]), "violations": violations,
        "now": (free_first, free_last), "dropped": last["frames_dropped"],
    }  # fmt: skip


def looked(device: Device) -> tuple[dict[str, Any], int]:
    """What the device says of itself, and the mean free memory of LOOKS."""
    free = 0
    for _ in range(LOOKS):
        info = device.info()
        free += info["memory_free_now"]
        device.port.wait(APART_MS)
    return info, round(free / LOOKS)


def answer_of(answer: Answer) -> str:
    """What a user is told."""
    return f"{answer.answer} {answer.label} {answer.reason}".strip()


def error_v(board: SimulatedBoard) -> float:
    """How far the worst weight is from what it was programmed to, now."""
    return float(np.abs(board.wiring.chip.weights_v(board.now_s) - np.array(WEIGHTS_UV) * 1e-6).max())


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits, for each board."""
    return [one for board in reversed(found) for one in _rows_of(board)]


def _rows_of(board: Found) -> list[Row]:
    minutes = board["minutes"]
    name = f"{f'{minutes / 60:g} h' if minutes >= 60 else f'{minutes:g} min'}, leak / {board['longer']}"
    low_before, low_after = board["low"]
    free_before, free_after = board["now"]
    return [
        row(f"{name}: wall time", "s", round(board["wall_s"], 1)),
        row(f"{name}: refreshes", "", board["done"]),
        row(f"{name}: period of refresh, at the end", "s", board["period_s"]),
        none_of(f"{name}: refreshes missed", board["missed"]),
        row(
            f"{name}: worst weight error",
            "mV",
            round(1e3 * board["worst_v"], 4),
            round(1e3 * board["limit_v"], 4),
            board["worst_v"] <= board["limit_v"],
        ),
        row(f"{name}: measurements", "", board["answers"]),
        row(f"{name}: answers", "", board["kinds"], "one", len(board["kinds"]) == 1),
        row(f"{name}: least free memory", "byte", low_after, low_before - SPREAD, low_after >= low_before - SPREAD),
        row(
            f"{name}: free memory",
            "byte",
            free_after,
            free_before - MEAN_SPREAD,
            free_after >= free_before - MEAN_SPREAD,
        ),
        none_of(f"{name}: frames dropped", board["dropped"]),
        row(f"{name}: wrong drives", "", board["violations"], [], not board["violations"]),
    ]


CAMPAIGN = Campaign("hours", "minutes", MINUTES, shards, work, rows, any_firmware=False)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
