"""Networks out of a project file, and new ones into it with what they were made of."""

import json
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

from enose.project.contents import Provenance
from enose.project.store import Project
from enose.recalibration.exposures import RecalibrationError
from enose.training import Network


def kept_network(path: Path, chip: str, identity: str | None = None) -> tuple[str, Network]:
    """(identity, network) of a model that a project keeps for a chip: the last one, or that whose identity so begins.

    Raises RecalibrationError where there is none, or several begin so, or it is no network.
    """
    with Project.open(path) as project:
        models = [m for m in project.kept("model") if m["chip"] == chip]
    found = models[-1:] if identity is None else [m for m in models if m["identity"].startswith(identity)]
    if len(found) != 1:
        asked = f"{len(found)} models begin with '{identity}'" if identity is not None else "there is no model"
        raise RecalibrationError(f"{path}: {asked} for {chip}, expected one: `enose train` keeps one")
    content = json.loads(found[0]["content"])
    try:
        values = {field.name: _hashable(content[field.name]) for field in fields(Network) if field.name in content}
        return found[0]["identity"], Network(**values)
    except TypeError as error:
        raise RecalibrationError(f"{path}: model {found[0]['identity']} is no network ({error})") from error


def _hashable(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def keep(path: Path, network: Network, chip: str, image: bytes, made: Provenance) -> dict[str, str]:
    """Keep a network and its image in a project; their identities."""
    name = f"{chip} {', '.join(network.class_order)}, {made.act}"
    with Project.open(path) as project:
        model = project.add_model(name, chip, asdict(network), made)
        return {"model": model, "image": project.add_image(name, image, made, model)}
