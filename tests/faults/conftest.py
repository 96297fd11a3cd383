"""The simulated board's fixtures; see rig.py. What the matrix begins with: a board that has an image in force."""

import os
from collections import defaultdict
from zlib import crc32

import pytest
from matrix_boards import BOARDS, USUAL, MatrixBoard

from enose.link.device import Device
from enose_contract import messages
from rig import SwitchOn, board, device, host_of, power_on, programmed, raw

__all__ = ["blank", "board", "device", "on", "power_on", "programmed", "raw", "ready"]
EVERY_PHASE = "ENOSE_EVERY_PHASE"  # set by `make faults`


@pytest.fixture
def on(request: pytest.FixtureRequest) -> MatrixBoard:
    """The board that the matrix is run on: the usual one, or what phases.in_phases asks for."""
    return BOARDS[getattr(request, "param", USUAL)]


@pytest.fixture
def blank(power_on: SwitchOn, on: MatrixBoard) -> Device:
    """A device without an image, with a host."""
    return host_of(power_on(on.file, on.chip))


@pytest.fixture
def ready(blank: Device, on: MatrixBoard) -> Device:
    """A device that has just started, its image in force, with a host; nothing was ever measured."""
    blank.program(on.first.pack())
    assert blank._conversation.ask(messages.STATUS)["weights"] == messages.WEIGHTS_HELD
    return blank


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Of each fault on another board than the usual one keep one phase, which its name decides."""
    if os.environ.get(EVERY_PHASE):
        return
    phases: dict[str, list[pytest.Item]] = defaultdict(list)
    for item in items:
        params = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
        if "phase" in params and params.get("on", USUAL) != USUAL:
            phases[item.name.replace(f"-in-{params['phase']}-", "-")].append(item)
    left_out = set()
    for name, found in phases.items():
        found.pop(crc32(name.encode()) % len(found))
        left_out.update(found)
    if left_out:
        config.hook.pytest_deselected(items=list(left_out))
        items[:] = [item for item in items if item not in left_out]
