"""`enose plan` and `enose record`: what is to be recorded, and the recording of it."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter
from cyclopts.validators import Number
from rich.markup import escape

from enose.cli.output import print_json, stderr, stdout
from enose.cli.parameters import DeviceAddress, Fidelity, Json, Odour, Seed

if TYPE_CHECKING:  # these bring in the simulator and NumPy, which `--help` need not wait for
    from rich.console import Console

    from enose.link.device import Device
    from enose.project.store import Project
    from enose.recorder import Looking, Recorded, Wanted
    from enose_contract.image import Image

ProjectFile = Annotated[Path, Parameter(help="a project file; it is made where there is none")]
Few = Annotated[int, Parameter(help="at least 1", validator=Number(gte=1, lte=1000))]


def plan(
    project: ProjectFile,
    *,
    classes: Annotated[
        str | None, Parameter(help="the classes, separated by commas; without it, show the plan")
    ] = None,
    repeats: Few = 8,
    days: Few = 1,
    seed: Seed = 0,
    reveal: Annotated[
        bool, Parameter(help="show which code is which class: not for whoever records", negative="")
    ] = False,
    json: Json = False,
) -> None:
    """Plan a recording in randomised blocks with blind codes, or show the plan and how far it is recorded.

    Every block holds each class once, every day whole blocks; `--repeats` is how often each class is recorded in all.

    Examples: `enose plan fruit.enose --classes banana,lemon,lychee --repeats 8 --days 4 --seed 1`,
    `enose plan fruit.enose --reveal`
    """
    from enose.project.contents import Provenance
    from enose.project.plan import randomised_blocks
    from enose.project.store import Project

    if classes is not None:
        entries = randomised_blocks(classes.split(","), repeats, days, seed)
        facts = {"repeats": repeats, "days": days, "seed": seed}
        with Project.open_or_create(project) as opened:
            opened.add_plan(entries, Provenance("plan", "randomised blocks", False, facts=facts))
    with Project.open(project) as opened:
        found = opened.plan()
    shown = [
        {
            "day": entry["day"],
            "block": entry["block"],
            "code": entry["code"],
            **({"label": entry["label"]} if reveal else {}),
            "recorded": entry["specimen"] is not None,
        }
        for entry in found
    ]
    done = sum(entry["recorded"] for entry in shown)
    if json:
        print_json({"project": str(project), "entries": shown, "recorded": done, "planned": len(shown)})
        return
    from rich.table import Table

    table = Table("day", "block", "code", *(["class"] if reveal else []), "recorded", box=None)
    for entry in shown:
        label = [escape(entry["label"])] if reveal else []
        table.add_row(str(entry["day"]), str(entry["block"]), entry["code"], *label, "yes" if entry["recorded"] else "")
    stdout.print(table)
    stdout.print(f"{project}: {done} of {len(shown)} recorded", markup=False)


def record(
    project: ProjectFile,
    *,
    device: DeviceAddress = "auto",
    label: Annotated[str | None, Parameter(help="what is smelt; without it, the project's plan is followed")] = None,
    specimens: Annotated[
        int | None, Parameter(help="how many; 1, or the rest of the plan's day", validator=Number(gte=1, lte=1000))
    ] = None,
    odour: Annotated[Odour | None, Parameter(help="simulated boards: the odour, if it is not the label")] = None,
    image: Annotated[Path | None, Parameter(help="program this image first, and record its sensors")] = None,
    fidelity: Fidelity = "fast",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Record specimens from a device into a project; each is in the file before it is said to be recorded.

    A device without an image gets one that classifies nothing and looks at the first sensors. At a terminal and with a
    real device the key Enter says that a specimen is before the nose.

    Examples: `enose record fruit.enose --device sim:pico-mlp --label lemon --specimens 3 --seed 1`,
    `enose record fruit.enose --device /dev/ttyACM0`
    """
    from enose.cli.device import BadOption, _opened
    from enose.image import read_image
    from enose.project.store import Project

    content = read_image(image) if image is not None else None
    if label is None and not project.exists():
        raise BadOption(f"{project}: is not there, so it has no plan: say which --label")
    with Project.open_or_create(project) as opened, _opened(device, fidelity, seed) as smelling:
        simulated = smelling.simulated
        session, found = _recorded(opened, smelling, content, label, specimens, odour, seed, stderr if json else stdout)
        entries = opened.plan()
    if json:
        print_json(
            {
                "project": str(project),
                "device": device,
                "simulated": simulated,
                "session": session,
                "specimens": [one.as_dict() for one in found],
            }
        )
    elif label is None:
        left = [entry for entry in entries if entry["specimen"] is None]
        after = f"; `enose record {project}` goes on with day {left[0]['day']}" if left else ""
        stdout.print(f"{project}: {len(entries) - len(left)} of {len(entries)} recorded{after}", markup=False)


def _recorded(
    project: "Project",
    device: "Device",
    content: "tuple[bytes, Image] | None",
    label: str | None,
    count: int | None,
    odour: str | None,
    seed: int,
    console: "Console",
) -> tuple[int, list["Recorded"]]:
    """Record what is wanted, a line on the console for each that is in the file; the session's id and all of them."""
    from enose import recorder
    from enose.cli.device import BadOption
    from enose.link.port import LockstepPort
    from enose_hwsim.gas import ODOURS

    if label is not None:
        wanted = recorder.unplanned(project, label, count or 1)
    else:
        wanted = recorder.next_planned(project, count)
    played = isinstance(device.port, LockstepPort)
    smells = {one.name: odour or one.label for one in wanted}
    for smell in smells.values():
        if played and smell not in ODOURS:
            raise BadOption(f"'{smell}' is no simulated odour, say which one with --odour")
    first = len(project.specimens())
    with stderr.status("programming") as status:
        looking = _program(device, content)
        session = recorder.new_session(project, device, looking, {"seed": seed} if played else {})

        def before(one: "Wanted") -> None:
            if played:
                recorder.present(device, smells[one.name], seed, seed * 1000 + first + wanted.index(one))
            elif sys.stdin.isatty():
                status.stop()
                stderr.input(f"{one.name} before the nose, then Enter: ", markup=False)
                status.start()

        def on_phase(name: str, phase: str, left_s: float) -> None:
            status.update(f"{escape(name)}: {phase}, {left_s:.0f} s left")

        found = []
        for one in recorder.record(project, session, device, looking, wanted, before, on_phase):
            found.append(one)
            ohms = ", ".join(f"{ohm} ohm" for ohm in one.resistances_ohm)
            console.print(f"recorded {one.name}{' (simulated)' if device.simulated else ''}   {ohms}", markup=False)
    return session, found


def _program(device: "Device", content: "tuple[bytes, Image] | None") -> "Looking":
    """Give the device the image asked for, or a neutral one if it has none; how it looks at specimens then."""
    from enose.boards import find_board
    from enose.recorder import Looking, neutral_image

    if content is not None:
        raw, image = content
        device.program(raw)
        return Looking.by(image)
    board, chip, _ = find_board(device.board)
    if device.info()["image"]["generation"]:
        return Looking(chip.topology.inputs)
    neutral = neutral_image(board, chip)
    device.program(neutral.pack())
    return Looking.by(neutral)
