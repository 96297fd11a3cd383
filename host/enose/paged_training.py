"""`enose train --paged`: a page a class, how right their common answer is, and what a decision takes on the device.

Time is that of the simulated board: its buses, converters and waits, without the instructions in between. Energy is the
board file's figures times that time, estimated like everything that comes of them; the sensors' heaters stand apart.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose import accuracy, power
from enose.accuracy_report import accuracy_report
from enose.audit import audit
from enose.image import build_paged_image, play_ms
from enose.link.device import Answer, Device
from enose.link.port import LockstepPort
from enose.paged import paged_stages
from enose.recordings import Recordings
from enose.splits import Splits
from enose.training.paged import train_pages
from enose.training.pages import Pages
from enose_contract.image import Image
from enose_hwsim.board.interpreters import choose_interpreter
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import AnyChip
from enose_hwsim.chips import open_chip

Progress = Callable[[str, int, int], None]
Ints = NDArray[np.int64]


def paged_training(
    recordings: Recordings,
    splits: Splits,
    board: BoardFile,
    chip: AnyChip,
    *,
    through: int,
    fidelity: str = "fast",
    seed: int = 0,
    on_progress: Progress = lambda text, done, total: None,
) -> tuple[dict[str, Any], Pages]:
    """(report, pages): the accuracy over all folds at each of accuracy.STAGES, as cross_validated has it; `through` of
    the last fold's specimens measured by the firmware on the simulated board, with the pages of that fold; and the
    pages of all recordings.

    Raises TrainingError, MicroPythonMissing, or RecordingsError as the audit does.
    """
    choose_interpreter()  # now, and not after the training
    folds = len(splits.folds)
    total = folds + 3
    on_progress("audit", 0, total)
    verdict = audit(recordings, seed)
    model = open_chip(chip, fidelity, telling=lambda text: on_progress(text, 0, total))
    nominal = open_chip(chip, "ideal" if fidelity == "ideal" else "fast")
    answered: dict[str, list[str]] = {}
    tested: list[int] = []
    for k, fold in enumerate(splits.folds):
        pages = _trained(recordings, fold.train, chip, seed, fidelity, f"fold {k + 1} of {folds}", on_progress)
        for name, found in paged_stages(pages, recordings, fold.test, chip, model, nominal).items():
            answered.setdefault(name, []).extend(found)
        tested += fold.test.tolist()
    on_progress("firmware", folds, total)
    some = np.random.default_rng([seed, 0x7F]).permutation(len(fold.test))[:through]
    of_fold = build_paged_image(pages, recordings, board, chip, fold.train.tolist())
    measured = measured_by_firmware(of_fold, recordings, fold.test[some], board, chip, fidelity, seed)
    on_chip = answered["chip"][len(tested) - len(fold.test) :]
    equal = sum(named(answer) == on_chip[i] for answer, i in zip(measured["answers"], some.tolist(), strict=True))
    whole = _trained(recordings, np.arange(len(recordings.specimens)), chip, seed, fidelity, "all", on_progress)
    on_progress("done", total, total)
    report = accuracy_report(recordings, splits, tested, answered, verdict, chip, fidelity, seed)
    report |= {
        "sensors": [recordings.sensors[c] for c in whole.channels],
        "pages": [{"class": n.class_order[0], "sensors": list(n.sensors)} for n in whole.networks],
        "firmware": {"specimens": len(some), "equal_to_chip": equal, "simulated_board": True},
        "decision": decision_cost(measured["decision_s"], len(pages.networks), board),
    }
    return report, whole


def _trained(
    recordings: Recordings, indices: Ints, chip: AnyChip, seed: int, fidelity: str, name: str, on_progress: Progress
) -> Pages:
    return train_pages(
        recordings, indices, chip, seed, fidelity, lambda text, done, total: on_progress(f"{name}: {text}", done, total)
    )


def measured_by_firmware(
    image: Image, recordings: Recordings, indices: Ints, board: BoardFile, chip: AnyChip, fidelity: str, seed: int
) -> dict[str, Any]:
    """`answers` of the firmware on the simulated board to these specimens, and `decision_s`, the mean time from a first
    page's writing to the end of a last one's reading, where all pages were read."""
    simulated = SimulatedBoard(board, chip, fidelity=fidelity, seed=seed)
    device = Device(LockstepPort(simulated, f"sim:{board.name}"), nonce=seed + 1)
    answers: list[Answer] = []
    page_s: list[float] = []
    count = len(image.pages)
    try:
        device.program(image.pack())
        for i in indices.tolist():
            specimen = recordings.specimens[i]
            phases = specimen.baseline_ohm, specimen.exposure_ohm, specimen.recovery_ohm
            simulated.present(*phases, play_ms(specimen) * 1e-3)
            drives = simulated.wiring.chip.drives
            drives.clear()
            answers.append(device.measure())
            if len(drives) == count:  # a page takes as long as from its inputs to those of the next
                page_s.append((drives[-1][0] - drives[0][0]) / (count - 1))
    finally:
        device.close()
    return {"answers": answers, "decision_s": count * float(np.mean(page_s)) if page_s else None}


def named(answer: Answer) -> str:
    """The answer as accuracy's columns are named."""
    if answer.answer == "CLASS":
        return answer.label
    return accuracy.ABSTAINED if answer.answer == "ABSTAIN" else accuracy.NO_ANSWER


def decision_cost(decision_s: float | None, pages: int, board: BoardFile) -> dict[str, Any]:
    """Time and energy of a decision, heaters apart; None for what was not measured or the board file does not tell."""
    found: dict[str, Any] = {"pages": pages, "simulated": True, "ms": None, "estimated_mj": None, "parts_mj": None}
    if decision_s is None:
        return found
    found |= {"ms": decision_s * 1e3, "page_ms": decision_s * 1e3 / pages}
    if board.power is not None:
        seconds = {"always": decision_s, "awake": decision_s, "heated": 0.0, "measuring": decision_s}
        cost = power.estimate(board.power, seconds, 1)
        parts_mj = {part: joule * 1e3 for part, joule in cost.parts_j.items() if joule}
        heated_mw = power.estimate(board.power, seconds | {"heated": decision_s}, 1).heaters_j / decision_s * 1e3
        found |= {"estimated_mj": sum(parts_mj.values()), "parts_mj": parts_mj, "heaters_apart_mw": heated_mw}
    return found
