"""`enose device`: one device, on USB, on a port, or simulated."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from enose.cli.output import print_fields, print_json, stderr, stdout
from enose.cli.parameters import DeviceAddress, Fidelity, Json, Odour, Seed

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
    with _opened(device) as opened:
        _show(f"device at {device}", {"device": device, "simulated": opened.simulated, **opened.info()}, json)


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
    json: Json = False,
) -> None:
    """Store a weight image on a device and program its chip with it.

    Example: `enose device program fruit.img --device /dev/ttyACM0`
    """
    from rich.progress import Progress

    from enose.image import read_image

    raw, content = read_image(image)
    with _opened(device) as opened, Progress(console=stderr, transient=True) as progress:
        task = progress.add_task("uploading", total=len(raw))
        generation = opened.program(raw, lambda done, total: progress.update(task, completed=done, total=total))
        status = opened.status()
    result = {
        "device": device,
        "simulated": opened.simulated,
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
        "margin_v": answer.margin_v,
        "inputs_v": list(answer.inputs_v),
        "resistances_ohm": list(answer.ohms),
        "weights": answer.weights,
    }
    if json:
        print_json(result)
        return
    what = answer.label if answer.label else f"{answer.answer}{f' ({answer.reason})' if answer.reason else ''}"
    kind = " (simulated board)" if simulated else ""
    stdout.print(f"{what}{kind}   output {answer.output_v:.4f} V, {answer.margin_v * 1e3:.1f} mV from the nearest edge")


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
