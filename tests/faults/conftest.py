"""The simulated board's fixtures; see rig.py. What the matrix begins with: a board that has an image in force."""

import pytest
from phases import FIRST

from enose.link.device import Device
from enose_contract import messages
from rig import SwitchOn, board, device, host_of, power_on, programmed, raw

__all__ = ["board", "device", "power_on", "programmed", "raw", "ready"]


@pytest.fixture
def ready(power_on: SwitchOn) -> Device:
    """A device that has just started, its image in force, with a host; nothing was ever measured."""
    found = host_of(power_on())
    found.program(FIRST.pack())
    assert found._conversation.ask(messages.STATUS)["weights"] == messages.WEIGHTS_HELD
    return found
