"""The app tries itself, with no hands: a simulated board, a small training, programming, one answer. For installers."""

import json
import time
from pathlib import Path
from typing import Any

import numpy as np
from PySide6.QtCore import QEventLoop, QTimer

from enose.app import CheckFailed
from enose.app.bench import Bench, Chosen
from enose.app.window import Pages, Window
from enose.app.work import Job
from enose.boards import find_board
from enose.image import build_image, write_whole
from enose.recordings import simulated_fruit
from enose.training.choosing import Effort
from enose_contract.image import unpack

BOARD, ODOUR = "pico-mlp", "lemon"
LIMIT_MS = 180_000
EFFORT = Effort(restarts=4, epochs=200, draws=1)  # enough for one odour to be told from two others


def check(window: Window, bench: Bench, into: Path, started_s: float) -> None:
    """Go through it, and write what came out as JSON. Raises CheckFailed.

    started_s: when the program was started, by time.time().
    """
    found: dict[str, Any] = {"window_after_s": round(time.time() - started_s, 3), "simulated": True}
    trouble: list[str] = []
    bench.trouble.connect(lambda one: trouble.append(one.what))
    window.connect_page.clock.setCurrentIndex(1)
    _finish(window.connect_page.simulate(BOARD), trouble)
    _finish(bench.compute("training", lambda job: trained(bench.seed), done=bench.choose_image), trouble)
    window.show_page(Pages.CHIP)
    _finish(window.chip_page.weights.program(), trouble)
    window.show_page(Pages.LIVE)
    window.live_page.odour.setCurrentText(ODOUR)
    _finish(window.live_page.measure(False), trouble)
    now = bench.session.now
    if now is None or not window.live_page.smelt:
        raise CheckFailed("nothing was smelt")
    answer = window.live_page.smelt[-1].answer
    found |= {"board": now.address, "micropython": now.facts["micropython"], "odour": ODOUR}
    found |= {"answer": answer.answer, "class": answer.label, "output_v": answer.output_v, "margin_v": answer.margin_v}
    write_whole(into, (json.dumps(found, indent=1) + "\n").encode())


def trained(seed: int) -> Chosen:
    """An image of the simulated fruit of a seed, shortly trained."""
    from enose.training import train

    fruit = simulated_fruit(seed)
    board, chip, _ = find_board(BOARD)
    every = np.arange(len(fruit.specimens))
    network = train(fruit, every, chip, seed, effort=EFFORT)
    raw = build_image(network, fruit, board, chip, every.tolist()).pack()
    return Chosen(raw, unpack(raw), fruit.title)


def _finish(job: Job, trouble: list[str]) -> None:
    """Wait for its end."""
    loop = QEventLoop()
    job.ended.connect(loop.quit)
    QTimer.singleShot(LIMIT_MS, loop.quit)
    began_s = time.monotonic()
    loop.exec()
    if trouble:
        raise CheckFailed(f"{job.title}: {trouble[0]}")
    if time.monotonic() - began_s >= 1e-3 * LIMIT_MS:
        raise CheckFailed(f"{job.title}: not over in {LIMIT_MS // 1000} s")
