"""A session from recordings to accuracy: on a device, and the same lessons in the simulator's chips/learning."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from enose import accuracy
from enose.image import play_ms
from enose.lessons.prepare import Prepared, inputs_v, prepare, teachers_v
from enose.link.device import Device
from enose.link.learning import Request
from enose.link.port import LockstepPort
from enose.recordings import Recordings
from enose_contract import lesson
from enose_hwsim.boardfile import MlpBoard
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import nominal_learner
from enose_hwsim.chips.learning.training import Rules, learn
from enose_hwsim.chips.learning.twin import LearningTwin

Progress = Callable[[str, int, int], None]
Floats = NDArray[np.float64]
REFERENCE_C = 27.0  # of the learning twin


def run_session(
    device: Device,
    recordings: Recordings,
    board: MlpBoard,
    chip: MlpFile,
    epochs: int,
    seed: int,
    on_progress: Progress = lambda text, done, total: None,
) -> dict[str, Any]:
    """Program random weights, let the chip learn, and report it. A simulated board is tested before and after.

    Raises as `prepare` and Device.teach do.
    """
    on_progress("choosing sensors", 0, 1)
    prepared = prepare(recordings, board, chip, seed)
    request = Request(prepared.lessons, epochs, seed & 0xFFFF)
    device.program(prepared.image.pack())
    simulated = isinstance(device.port, LockstepPort)
    before = _tested(device, recordings, prepared, "before", on_progress) if simulated else None
    began_ms = device.port.now_ms()
    learnt = device.teach(request, lambda done, total: on_progress("learning (epochs)", done, total))
    lasted_s = (device.port.now_ms() - began_ms) * 1e-3
    after = _tested(device, recordings, prepared, "after", on_progress) if simulated else None
    info = device.info()
    levels_v = teachers_v(chip)
    on_progress("the same lessons in the simulator", 0, 1)
    return {
        "recordings": recordings.title,
        "simulated_recordings": recordings.simulated,
        "simulated": device.simulated,
        "chip": chip.name,
        "seed": seed,
        "sensors": list(prepared.network.sensors),
        "class_order": list(prepared.network.class_order),
        "lessons": len(prepared.lessons),
        "epochs": epochs,
        "state": learnt.state,
        "reason": learnt.reason or None,
        "epochs_done": learnt.done,
        "best_epoch": learnt.best,
        "half_band_v": (levels_v[1] - levels_v[0]) / 2,
        "errors_v": [{"mean": mean, "worst": worst} for mean, worst in learnt.errors_v],
        "weights_v": {str(epoch): weights for epoch, weights in sorted(learnt.weights_v.items())},
        "seconds": round(lasted_s, 3),
        "seconds_an_epoch": round(lasted_s / max(learnt.done, 1), 3),
        "samples": learnt.shown,
        "samples_late": learnt.late,
        "weights_written": learnt.refreshed,
        "refreshes_missed": info["refresh"]["missed"],
        "memory_free_low": learnt.memory_free_low,
        "image": info["image"],
        "accuracy": {"before": before, "after": after, **_reference(chip, recordings, prepared, request)},
        "tested": len(prepared.split.test),
    }


def _tested(device: Device, recordings: Recordings, prepared: Prepared, when: str, on_progress: Progress) -> float:
    """The share of held-out specimens that a simulated device names, playing them to it."""
    assert isinstance(device.port, LockstepPort)
    indices = prepared.split.test.tolist()
    answered = []
    for n, i in enumerate(indices):
        specimen = recordings.specimens[i]
        ohms = specimen.baseline_ohm, specimen.exposure_ohm, specimen.recovery_ohm
        device.port.board.present(*ohms, play_ms(specimen) * 1e-3)
        answer = device.measure()
        answered.append(answer.label or accuracy.ABSTAINED)
        on_progress(f"measuring {when}", n + 1, len(indices))
    return accuracy.share_right(answered, [recordings.specimens[i].label for i in indices])


def order_of(request: Request) -> NDArray[np.intp]:
    """The order in which a device shows its lessons, (1, epochs, lessons)."""
    order, seed, rows = list(range(len(request.lessons))), request.seed, []
    for _ in range(request.epochs):
        seed = lesson.shuffle(order, seed)
        rows.append(list(order))
    return np.array([rows], dtype=np.intp)


def reference_weights(chip: MlpFile, request: Request, first_v: Floats) -> tuple[LearningTwin, Floats, list[float]]:
    """The same session in chips/learning: the chip, its best weights (W,), the worst error of every epoch.

    Sensors' and converters' errors are left out, and the time that the read-out takes.
    """
    twin = nominal_learner(chip)
    assert isinstance(twin, LearningTwin)
    inputs_v = np.array([[one.inputs_v for one in request.lessons]])
    teacher_v = np.array([[one.teacher_v for one in request.lessons]])
    rules = Rules(
        first_pulse_s=request.first_pulse_s, last_pulse_s=request.last_pulse_s, trim_epochs=request.trim_epochs
    )
    leak_v_per_s = chip.leak_v_per_s(REFERENCE_C)
    history = learn(chip, twin, inputs_v, teacher_v, order_of(request), first_v[None], rules, leak_v_per_s)
    sets = [first_v[None], *history.weights_v[len(request.lessons) - 1 :: len(request.lessons)]]
    worst_v = []
    for weights_v in sets:
        errors_v = np.sort(np.abs(twin.state(inputs_v, weights_v).answer_v - teacher_v)[0])
        worst_v.append(float(errors_v[-lesson.WORST :].mean()))
    return twin, sets[int(np.argmin(worst_v))][0], worst_v


def _reference(chip: MlpFile, recordings: Recordings, prepared: Prepared, request: Request) -> dict[str, float]:
    """Accuracy on the held-out specimens of the simulator's own session, before and after."""
    first_v = np.array(prepared.image.weights) * 1e-6
    twin, best_v, _ = reference_weights(chip, request, first_v)
    test, order = prepared.split.test, prepared.network.class_order
    shown_v = np.nan_to_num(inputs_v(recordings, test, prepared.network), nan=chip.input.no_field_v)
    wanted = [recordings.specimens[i].label for i in test.tolist()]

    def share(weights_v: Floats) -> float:
        return accuracy.share_right(
            accuracy.answers(twin.state(shown_v[None], weights_v[None]).answer_v[0], order, chip), wanted
        )

    return {"simulator_before": share(first_v), "simulator_after": share(best_v)}
