"""What a waterfall starts from: networks trained fold by fold, or one that a project keeps."""

import json
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

import numpy as np

from enose.calibration.calibration import Calibration, calibration_of
from enose.project.schema import is_project
from enose.project.store import Project
from enose.recordings import Recordings
from enose.splits import Splits
from enose.training import Network, train
from enose.waterfall.chips import WaterfallError
from enose.waterfall.run import Fitted
from enose_hwsim.chipfile import AnyChip

Progress = Callable[[str, int, int], None]


def trained_folds(
    recordings: Recordings, splits: Splits, chip: AnyChip, seed: int, on_progress: Progress
) -> list[Fitted]:
    """A network for each fold, trained without it."""
    found = []
    for k, fold in enumerate(splits.folds):
        on_progress(f"training fold {k + 1} of {len(splits.folds)}", k, len(splits.folds))
        found.append(Fitted(train(recordings, fold.train, chip, seed), fold.train, fold.test))
    return found


def kept_model(path: Path, wanted: str, chip: AnyChip) -> tuple[Network, dict[str, Any]]:
    """The network of a project whose identity begins with `wanted`, and its row; `last` is the newest for the chip.

    Raises WaterfallError where there is none, or it is of another chip.
    """
    if path.is_dir() or not is_project(path):
        raise WaterfallError(f"{path}: --model needs a project file, which keeps models")
    with Project.open(path) as project:
        rows = project.kept("model")
    if wanted == "last":
        found = [row for row in rows if row["chip"] == chip.name][-1:]
    else:
        found = [row for row in rows if wanted and row["identity"].startswith(wanted)]
    if len(found) != 1:
        known = ", ".join(row["identity"] for row in rows) or "none"
        raise WaterfallError(f"{path}: --model {wanted}: {len(found)} models of that name, expected one of: {known}")
    if found[0]["chip"] != chip.name:
        raise WaterfallError(f"{path}: model {wanted} is for {found[0]['chip']}, the board has {chip.name}")
    return network_of(json.loads(found[0]["content"])), found[0]


def kept_calibration(path: Path, chip: AnyChip) -> Calibration | None:
    """The newest calibration of the chip's kind that a project keeps; None where it keeps none."""
    if chip.kind == "memristor":
        return None
    with Project.open(path) as project:
        contents = [json.loads(row["content"]) for row in project.kept("calibration")]
    found = [raw for raw in contents if isinstance(raw, dict) and raw.get("chip") == chip.name]
    return calibration_of(path, found[-1], chip) if found else None


def network_of(content: dict[str, Any]) -> Network:
    """A network from what a project keeps of it: the inverse of dataclasses.asdict."""
    known = {field.name for field in fields(Network)} & content.keys()
    return Network(**{name: _tupled(content[name]) for name in known})


def all_of(network: Network, recordings: Recordings) -> list[Fitted]:
    """A kept network tested on everything: it may have been trained on that, so its losses count, not its level.

    Raises WaterfallError for recordings with other sensors than it was trained on.
    """
    for channel, name in zip(network.channels, network.sensors, strict=True):
        there = recordings.sensors[channel] if channel < len(recordings.sensors) else "none"
        if there != name:
            raise WaterfallError(f"{recordings.title}: sensor {channel} is {there}, the model was trained on {name}")
    every = np.arange(len(recordings.specimens))
    return [Fitted(network, every, every)]


def _tupled(value: Any) -> Any:
    return tuple(_tupled(inner) for inner in value) if isinstance(value, list) else value
