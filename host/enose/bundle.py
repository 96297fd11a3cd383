"""The matched bundle: an image belongs to a chip, a board, a set of sensors, a calibration, and to data.

The device refuses most of what does not match by itself. Here it is told before anything is sent, part by part, with
the command that mends it; and with a project at hand what only a host can know: model, data, calibration and its unit.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from enose.calibration.calibration import Calibration
from enose.link.device import Device
from enose.project.contents import Provenance
from enose.project.identity import identity_of, sensor_set_identity
from enose.project.store import Project
from enose_contract.image import Image, ImageError, unpack

NONE = bytes(8)


class Unmatched(ValueError):
    """An image that is not for what is attached; nothing was sent."""


@dataclass(frozen=True)
class Mismatch:
    """One part of a bundle: what the image wants, what is there, and the command that mends it."""

    part: str
    wanted: str
    there: str
    command: str

    def __str__(self) -> str:
        return f"{self.part}: the image wants {self.wanted}, there is {self.there}: {self.command}"


@dataclass(frozen=True)
class Attached:
    """What an image would be sent to; identities in hexadecimal, None where the device was not told."""

    address: str
    chip: str
    board: str
    unit: str
    sensor_set: str | None
    calibration: str | None

    @classmethod
    def of(cls, device: Device, address: str) -> "Attached":
        """Ask a device."""
        info = device.info()
        return cls(address, device.chip, device.board, device.unit, info["sensor_set"], info["calibration"])


def check_bundle(image: Image, path: Path, attached: Attached, project: Path | None = None) -> None:
    """Raise Unmatched, naming every part that does not match and its command; ProjectError as a project does."""
    found = device_mismatches(image, path, attached)
    if project is not None:
        found += project_mismatches(image, path, attached, project)
    if found:
        raise Unmatched(f"{path} is not for {attached.address}, nothing was sent. " + "; ".join(map(str, found)))


def device_mismatches(image: Image, path: Path, attached: Attached) -> list[Mismatch]:
    """What the device itself would refuse."""
    found = []
    train = f"`enose train PROJECT --board {attached.board} --save-image {path}`"
    if image.chip != attached.chip:
        found.append(Mismatch("chip", image.chip, attached.chip, train))
    if image.board != attached.board:
        found.append(Mismatch("board", image.board, attached.board, train))
    wanted = image.sensor_set.hex()
    if attached.sensor_set not in (None, wanted):
        command = (
            f"with the image's sensors mounted, `enose device fit --sensor-set {wanted} --device {attached.address}`"
        )
        found.append(Mismatch("sensor set", wanted, str(attached.sensor_set), command))
    if attached.calibration not in (None, image.calibration.hex()):
        found.append(_other_calibration(image, path, attached))
    return found


def _other_calibration(image: Image, path: Path, attached: Attached) -> Mismatch:
    there = str(attached.calibration)
    if image.calibration == NONE:
        command = f"`enose calibration apply {path} CALIBRATION.json HERE.img` with calibration {there}"
        return Mismatch("calibration", "none", there, command)
    wanted = image.calibration.hex()
    command = f"if it is this chip's, `enose device fit --calibration {wanted} --device {attached.address}`"
    return Mismatch("calibration", wanted, there, command)


def project_mismatches(image: Image, path: Path, attached: Attached, project: Path) -> list[Mismatch]:
    """What does not match the models, data and calibrations that a project keeps."""
    train = f"`enose train {project} --board {attached.board} --save-image {path}`"
    with Project.open(project) as opened:
        found = []
        sets = sorted({sensor_set_identity(session.sensors) for session in opened.sessions()})
        if image.sensor_set.hex() not in sets:
            found.append(Mismatch("recorded sensors", image.sensor_set.hex(), ", ".join(sets) or "none", train))
        model = _model_of(image, opened)
        if model is None:
            kept = f"{opened.counts()['model']} other models in {project.name}"
            found.append(Mismatch("model", image.model.hex(), kept, train))
        elif (changed := _changed_data(model, opened)) is not None:
            found.append(Mismatch("data", *changed, train))
        if image.calibration != NONE:
            found += _unkept_calibration(image, attached, opened)
    return found


def _model_of(image: Image, project: Project) -> dict[str, Any] | None:
    """The row of the model that an image was made of, directly or remapped by a calibration."""
    models = {row["id"]: row for row in project.kept("model")}
    for row in project.kept("image"):
        try:
            kept = unpack(row["content"])
        except ImageError:
            continue  # one of a later format says nothing of this image
        remapped = hashlib.sha256(repr((kept.model, list(image.weights))).encode()).digest()[:8]
        if image.model == kept.model or (image.calibration != NONE and image.model == remapped):
            return models.get(row["model_id"])
    return None


def _changed_data(model: dict[str, Any], project: Project) -> tuple[str, str] | None:
    """(the data that a model was trained on, what has become of it) where it has changed; new data do not matter."""
    facts = next(
        json.loads(row["facts"]) for row in project.kept("provenance") if row["identity"] == model["provenance"]
    )
    trained = facts.get("data")
    if trained is None:  # kept by an enose that did not write it down
        return None
    now = data_identity(project, trained["last_specimen"])["identity"]
    return None if now == trained["identity"] else (f"data {trained['identity']}", f"data {now}, relabelled since")


def _unkept_calibration(image: Image, attached: Attached, project: Project) -> list[Mismatch]:
    measure = f"`enose calibration measure chip.json --device {attached.address} --project {project.path}`"
    rows = [json.loads(row["content"]) | {"part": row["part"]} for row in project.kept("calibration")]
    wanted = image.calibration.hex()
    same = [row for row in rows if row.get("identity") == wanted]
    if not same:
        return [Mismatch("calibration", wanted, f"{len(rows)} others in {project.path.name}", measure)]
    if attached.unit not in [row["part"] for row in same]:
        return [Mismatch("chip's unit", same[0]["part"], attached.unit, measure)]
    return []


def data_identity(project: Project, last: int | None = None) -> dict[str, Any]:
    """What stands for a project's specimens and their labels, up to the one numbered `last` or all there are now."""
    specimens = [s for s in project.specimens() if last is None or s.id <= last]
    pairs: Sequence[tuple[str, str | None]] = [(s.identity, s.label) for s in specimens]
    highest = max((s.id for s in specimens), default=0)
    return {"identity": identity_of("data", sorted(pairs, key=str)), "last_specimen": highest}


def keep_calibration(path: Path, known: Calibration) -> str:
    """Keep a calibration in a project, under the unit of its device; its identity there. Raises ProjectError."""
    made = Provenance("calibrate", known.unit, known.simulated, facts={"identity": known.identity.hex()})
    with Project.open(path) as project:
        return project.add_calibration(known.unit, known.as_dict(), made)
