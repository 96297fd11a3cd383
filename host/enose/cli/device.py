"""`enose device`: one device, on USB, on a port, or simulated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from enose.cli.output import print_fields, print_json, progress, stderr, stdout
from enose.cli.parameters import DeviceAddress, Fidelity, Json, Odour, Seed

AIR_WAIT_MS = 6000  # some seconds, for a heater profile once through
LAST_SEQUENCE = 0xFFFFFFFF  # of a field log, whose numbers have 32 bits


class BadOption(ValueError):
    """An option whose value cannot be used."""


if TYPE_CHECKING:  # the link brings in the simulator and NumPy, which `--help` need not wait for
    from enose.link.device import Device


@contextmanager
def _opened(address: str, fidelity: str = "fast", seed: int = 0) -> Iterator["Device"]:
    from enose.link.connect import open_device

    device = open_device(address, fidelity=fidelity, seed=seed)
    try:
        yield device
    finally:
        device.close()


def _show(title: str, result: dict[str, Any], json: bool) -> None:
    if json:
        print_json(result)
    else:
        print_fields(title, result)


def info(*, device: DeviceAddress = "auto", json: Json = False) -> None:
    """Say what a device is and how it is: identity, memory, link, refresh, temperature, supply, image.

    Examples: `enose device info --device sim:pico-mlp`, `enose device info --device /dev/ttyACM0 --json`
    """
    from enose.power import power_so_far

    with _opened(device) as opened:
        firmware = _firmware(opened)
        lived = opened.life().fields()
        result = {"device": device, "simulated": opened.simulated, **opened.info(), **firmware, "life": lived}
    _show(f"device at {device}", {**result, "power": power_so_far(result["board"], lived)}, json)


def _firmware(opened: "Device") -> dict[str, Any]:
    """Which firmware runs; None where the device's memory has no room for that question, as while its chip learns."""
    from enose.link.conversation import DeviceError
    from enose_contract import messages

    try:
        running = opened.running()
    except DeviceError as error:
        if error.code != messages.E_MEMORY:
            raise
        return {"firmware_identity": None, "firmware_trial": None}
    return {"firmware_identity": running.identity, "firmware_trial": running.trial}


def air(*, device: DeviceAddress = "auto", json: Json = False) -> None:
    """Say what a device's climate and gas sensors read: temperature, humidity, pressure, gas resistance at each step.

    Examples: `enose device air --device /dev/ttyACM0`, `enose device air --device sim:pico2-mlp --json`
    """
    with _opened(device) as opened:
        if opened.simulated:
            opened.port.wait(AIR_WAIT_MS)  # it has been switched on just now
        _show(f"air at {device}", {"device": device, "simulated": opened.simulated, **opened.air()}, json)


def selftest(*, device: DeviceAddress = "auto", json: Json = False) -> int:
    """Let a device test itself: DAC readback, ADC, sensor rail, chip supply, image store, temperature.

    Example: `enose device selftest --device sim:pico-mlp`
    """
    with _opened(device) as opened:
        result = {"device": device, "simulated": opened.simulated, **opened.selftest()}
    _show(f"self-test of {device}", result, json)
    return 0 if result["passed"] else 1


def program(
    image: Annotated[Path, Parameter(help="a weight image, as `enose demo --save-image FILE` writes it")],
    *,
    device: DeviceAddress = "auto",
    key: Annotated[
        Path | None, Parameter(help="seal the image with this key (32 bytes), for a device that has it")
    ] = None,
    project: Annotated[
        Path | None, Parameter(help="the image's model, data and calibration have to be those of this project")
    ] = None,
    json: Json = False,
) -> None:
    """Store a weight image on a device and program its chip with it.

    An image whose chip, board, sensor set or calibration is not what is attached is refused before anything is sent.

    Examples: `enose device program fruit.img --device /dev/ttyACM0`,
    `enose device program fruit.img --key field.key --device /dev/ttyACM0`
    """
    from enose.bundle import Attached, check_bundle
    from enose.image import read_image
    from enose.link.key import read_key

    raw, content = read_image(image)
    secret = read_key(key) if key is not None else None
    with _opened(device) as opened:
        attached = Attached.of(opened, device)
        check_bundle(content, image, attached, project)
        if any(content.calibration) and attached.calibration is None and project is None:
            stderr.print(
                f"{image} has weights for one particular chip, and this device was never told which it is:"
                f" `--project` checks it, `enose device fit --calibration {content.calibration.hex()}` tells it",
                markup=False,
            )
        upload = raw if secret is None else opened.sealed(raw, secret)
        with progress() as show:
            generation = opened.program(
                upload,
                lambda done, total: show("uploading (bytes)", done, total),
                lambda done, total: show("programming (weights)", done, total),
            )
        status = opened.status()
        simulated = opened.simulated
    result = {
        "device": device,
        "simulated": simulated,
        "image": str(image),
        "generation": generation,
        "weights": len(content.weights),
        "classes": [name for name in content.classes if name],
        "status": status,
    }
    _show(f"programmed {device}", result, json)


def classify(
    *,
    device: DeviceAddress = "auto",
    image: Annotated[Path | None, Parameter(help="program this image first (a simulated board starts blank)")] = None,
    odour: Odour = "lemon",
    fidelity: Fidelity = "fast",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Run one measurement on a device and print its answer: the class, ABSTAIN or NONE with the reason.

    Examples: `enose device classify --device auto`,
    `enose device classify --device sim:pico-mlp --image fruit.img --odour lemon`
    """
    from enose.image import read_image
    from enose.link.port import LockstepPort

    raw = read_image(image)[0] if image is not None else None
    with _opened(device, fidelity, seed) as opened:
        if raw is not None:
            opened.program(raw)
        simulated = opened.simulated
        if isinstance(opened.port, LockstepPort):
            opened.port.board.present_odour(odour, seed)
        with stderr.status("measuring") as status:
            answer = opened.measure(lambda phase, left_s: status.update(f"{phase}, {left_s:.0f} s left"))
    result = {
        "device": device,
        "simulated": simulated,
        "answer": answer.answer,
        "class": answer.label or None,
        "reason": answer.reason or None,
        "output_v": answer.output_v,
        "outputs_v": list(answer.outputs_v),
        "margin_v": answer.margin_v,
        "inputs_v": list(answer.inputs_v),
        "resistances_ohm": list(answer.ohms),
        "weights": answer.weights,
        "compensation": answer.compensation,
        "sensors_bad": list(answer.sensors_bad),
        "sensors_drifted": list(answer.sensors_drifted),
        "burn_in_s": answer.burn_in_s,
    }
    if json:
        print_json(result)
        return
    what = answer.label if answer.label else f"{answer.answer}{f' ({answer.reason})' if answer.reason else ''}"
    kind = " (simulated board)" if simulated else ""
    outputs = ", ".join(f"{v:.4f}" for v in answer.outputs_v or (0.0,))
    margin = f"{answer.margin_v * 1e3:.1f} mV"
    near = f"{margin} above the next" if len(answer.outputs_v) > 1 else f"{margin} from the nearest edge"
    if answer.margin_v < 0:
        near = f"kept by its hysteresis: another is {-answer.margin_v * 1e3:.1f} mV ahead"
    if answer.burn_in_s:
        near = f"{answer.burn_in_s / 3600:.1f} h left"
    stdout.print(f"{what}{kind}   output{'s' * (len(answer.outputs_v) > 1)} {outputs} V, {near}")
    if answer.compensation.startswith("off"):
        stdout.print(f"compensation for temperature and humidity is {answer.compensation}")


def safe(
    *,
    device: DeviceAddress = "auto",
    clear: Annotated[bool, Parameter(help="leave the safe state instead of entering it", negative="")] = False,
    json: Json = False,
) -> None:
    """Put a device into its latched safe state, or clear it.

    Examples: `enose device safe --device /dev/ttyACM0`, `enose device safe --clear --device /dev/ttyACM0`
    """
    with _opened(device) as opened:
        status = opened.clear() if clear else opened.safe()
        result = {"device": device, "simulated": opened.simulated, **status}
    _show(f"device at {device}", result, json)


def log(
    *,
    device: DeviceAddress = "auto",
    since: Annotated[int, Parameter(help="the first sequence number that is wanted")] = 1,
    csv: Annotated[Path | None, Parameter(help="write the entries into this file, as CSV")] = None,
    json: Json = False,
) -> None:
    """Fetch a device's field log: starts and resets, results, faults, images, supply and battery.

    Examples: `enose device log --device /dev/ttyACM0`, `enose device log --csv log.csv --device sim:pico-mlp`
    """
    from enose.image import check_writable, write_whole

    if not 0 <= since <= LAST_SEQUENCE:
        raise BadOption(f"--since {since}: a sequence number is 0 to {LAST_SEQUENCE}")
    check_writable(csv)
    with _opened(device) as opened:
        found = opened.log(since)
        facts = {"device": device, "simulated": opened.simulated, "lost": found.lost}
    if csv is not None:
        write_whole(csv, found.csv().encode())
    if json:
        print_json({**facts, "entries": [entry.fields() for entry in found.entries]})
        return
    stdout.print(f"log of {device}: {len(found.entries)} entries, {found.lost} lost for want of room")
    for entry in found.entries:
        figures = ", ".join(f"{name} {_rounded(value)}" for name, value in entry.figures.items() if value != "")
        stdout.print(f"{entry.sequence:6d}  start {entry.start}, {entry.uptime_s} s  {entry.event}  {figures}")


def _rounded(value: Any) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def learn(
    recordings: Annotated[
        Path | None, Parameter(help="real recordings; without them, fruit odours are simulated")
    ] = None,
    *,
    device: DeviceAddress = "auto",
    epochs: Annotated[int, Parameter(help="how often every lesson is shown, at most")] = 60,
    classes: Annotated[str | None, Parameter(help="these classes only, separated by commas")] = None,
    seed: Seed = 0,
    plot: Annotated[Path | None, Parameter(help="draw the session into this .png or .svg file")] = None,
    json: Json = False,
) -> int:
    """Let the chip learn from recordings by its own back-propagation, starting from weights at random.

    The device shows it the lessons, keeps the best weights and stores them as its image. A simulated board is tested
    with held-out specimens before and after.

    Examples: `enose device learn --device sim:pico-mlp --seed 1`,
    `enose device learn uci_gas_drift --classes ethylene,ethanol,acetaldehyde --epochs 40 --device /dev/ttyACM0`
    """
    from enose.boards import find_board
    from enose.image import check_writable
    from enose.lessons.run import run_session
    from enose.recordings import open_recordings, simulated_fruit
    from enose_contract.lesson import MAX_EPOCHS
    from enose_hwsim.boardfile import MlpBoard
    from enose_hwsim.chipfile import MlpFile

    if not 1 <= epochs <= MAX_EPOCHS:
        raise BadOption(f"--epochs {epochs}: expected 1..{MAX_EPOCHS}")
    check_writable(plot, (".png", ".svg"))
    wanted = tuple(name.strip() for name in classes.split(",")) if classes is not None else None
    chosen = open_recordings(recordings, wanted) if recordings is not None else simulated_fruit(seed, wanted)
    with _opened(device, seed=seed) as opened:
        board, chip, _ = find_board(opened.board)
        if not isinstance(board, MlpBoard) or not isinstance(chip, MlpFile) or board.teacher is None:
            raise BadOption(f"--device {device}: board {opened.board} has no section [teacher], it cannot learn")
        with progress() as show:
            result = {"device": device, **run_session(opened, chosen, board, chip, epochs, seed, show)}
    if plot is not None:
        from enose.lessons.figure import draw

        draw(result, plot)
    if json:
        print_json(result)
    else:
        _show_session(result)
    return 0 if result["state"] == "done" else 1


def _show_session(result: dict[str, Any]) -> None:
    errors_v, share = result["errors_v"], result["accuracy"]
    simulated = " (simulated board)" if result["simulated"] else ""
    stdout.print(f"{result['state']}{simulated}: {result['reason'] or 'the best weights are stored and in force'}")
    stdout.print(
        f"{result['lessons']} lessons, {result['epochs_done']} epochs of {result['seconds_an_epoch']:.2f} s,"
        f" {result['samples']} samples, {result['samples_late']} of them late and shown again"
    )
    best_v = errors_v[result["best_epoch"]]["worst"]
    stdout.print(f"worst error {errors_v[0]['worst'] * 1e3:.1f} mV, at best {best_v * 1e3:.1f} mV")
    if share["before"] is not None:
        stdout.print(
            f"{result['tested']} held-out specimens: {share['before']:.1%} right before, {share['after']:.1%} after"
        )
    before, after = share["simulator_before"], share["simulator_after"]
    stdout.print(f"the same lessons in the simulator's chips/learning: {before:.1%} before, {after:.1%} after")
