"""Train, map, program, classify: every held-out specimen at each step, from the float network to the firmware."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose import accuracy
from enose.baselines import baselines
from enose.demo.plan import batches, make_plan
from enose.demo.report import Fold, make_report
from enose.image import build_image, play_ms
from enose.link.device import Answer, Device
from enose.link.port import LockstepPort
from enose.recordings import Recordings, Specimen, split
from enose.training import train
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import Chip, open_chip

Progress = Callable[[str, int, int], None]


def run_demo(
    board: BoardFile,
    chip: AnyChip,
    recordings: Recordings,
    *,
    fidelity: str = "fast",
    seed: int = 0,
    on_progress: Progress = lambda text, done, total: None,
) -> tuple[dict[str, Any], bytes]:
    """(report, image): what the demo prints, and the last weight image that it programmed.

    on_progress(text, done, total) is called as the work goes on. The same arguments give the same report but for
    `wall_s`. Raises TrainingError, or ValueError where the recordings cannot be split.
    """
    began_s = time.monotonic()
    plan = make_plan(recordings, seed)
    model = open_chip(chip, fidelity, telling=lambda text: on_progress(text, 0, 1))
    nominal = open_chip(chip, "ideal" if fidelity == "ideal" else "fast", telling=lambda text: on_progress(text, 0, 1))
    folds = []
    image = b""
    with _powered(board, chip, fidelity, seed) as device:
        for k, one in enumerate(plan.splits):
            label = f"fold {k + 1} of {len(plan.splits)}: " if len(plan.splits) > 1 else ""
            step = _labelled(on_progress, label)
            network = train(recordings, one.train, chip, seed, fidelity, step)
            image = build_image(network, recordings, board, chip, one.train.tolist()).pack()
            device.program(image)
            measured = _measure(device, recordings, one.test, step)
            answers = accuracy.stages(network, recordings, one.test, chip, model, nominal)
            answers["firmware"] = [named_answer(answer) for answer in measured]
            plain = baselines(recordings, one.train, one.test, network, seed)
            folds.append(Fold(network, one.test, answers, plain, measured))
        info = device.info()
        simulated_s = _board_of(device).now_s
        violations = _board_of(device).wiring.chip.violations
    on_progress("drift from batch to batch", 0, 1)
    report = make_report(recordings, plan, folds, chip) | {
        "refresh": {"done": info["refresh"]["done"], "missed": info["refresh"]["missed"]},
        "range_violations": len(violations),
        "board": f"sim:{board.name}",
        "simulated_board": True,
        "fidelity": fidelity,
        "micropython": info["micropython"],
        "memory_free_low": info["memory_free_low"],
        "seed": seed,
        "by_batch": _by_batch(recordings, chip, model, nominal, seed, fidelity),
        "simulated_s": round(simulated_s, 6),
        "wall_s": round(time.monotonic() - began_s, 3),
    }
    on_progress("done", 1, 1)
    return report, image


@contextmanager
def _powered(board: BoardFile, chip: AnyChip, fidelity: str, seed: int) -> Iterator[Device]:
    simulated = SimulatedBoard(board, chip, fidelity=fidelity, seed=seed)
    device = Device(LockstepPort(simulated, f"sim:{board.name}"), nonce=seed + 1)
    try:
        yield device
    finally:
        device.close()


def _board_of(device: Device) -> SimulatedBoard:
    assert isinstance(device.port, LockstepPort)
    return device.port.board


def _labelled(on_progress: Progress, label: str) -> Callable[[int, int, str], None]:
    def step(done: int, total: int, text: str) -> None:
        on_progress(f"{label}{text}", done, total)

    return step


def _measure(
    device: Device, recordings: Recordings, indices: NDArray[np.int64], on_step: Callable[[int, int, str], None]
) -> list[Answer]:
    answers = []
    for n, i in enumerate(indices.tolist()):
        specimen = recordings.specimens[i]
        present(_board_of(device), specimen)
        answers.append(device.measure())
        on_step(n + 1, len(indices), "measuring")
    return answers


def present(board: SimulatedBoard, specimen: Specimen) -> None:
    """Have a simulated board's sensors show a specimen, phase by phase, in its next measurement."""
    board.present(specimen.baseline_ohm, specimen.exposure_ohm, specimen.recovery_ohm, play_ms(specimen) * 1e-3)


def named_answer(answer: Answer) -> str:
    """An answer as accuracy counts it: the class, ABSTAINED or NO_ANSWER."""
    if answer.answer == "CLASS":
        return answer.label
    return accuracy.ABSTAINED if answer.answer == "ABSTAIN" else accuracy.NO_ANSWER


def _by_batch(
    recordings: Recordings, chip: AnyChip, model: Chip, nominal: Chip, seed: int, fidelity: str
) -> dict[str, Any] | None:
    """Trained on the first batch, tested on each later one, on the chip: what drift leaves. None without batches."""
    names = batches(recordings)
    if recordings.simulated or len(names) < 2 or len(set(recordings.groups())) < len(recordings.specimens):
        return None
    first = split.by_batch(recordings, (names[0],))
    labels = recordings.labels()
    if min(np.bincount(labels[first.train], minlength=len(recordings.classes))) < 2:
        return None
    network = train(recordings, first.train, chip, seed, fidelity)
    result: dict[str, Any] = {"trained_on": names[0], "chip_accuracy": {}}
    for name in names[1:]:
        test = np.array([i for i in first.test.tolist() if recordings.specimens[i].batch == name], dtype=np.int64)
        answered = accuracy.stages(network, recordings, test, chip, model, nominal)["chip"]
        wanted = [recordings.specimens[i].label for i in test.tolist()]
        result["chip_accuracy"][name] = accuracy.share_right(answered, wanted)
    return result
