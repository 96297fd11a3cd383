"""Two things at a time: a host, a fault or a restart that comes while the device is at one of its rarer works."""

import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose.link.watch import Watcher
from enose_contract import lesson
from rig import host_of, learner

WEIGHTS_UV = [700_000 + k * 400_000 // 24 for k in range(25)]


def another(device: Device) -> Device:
    """The host that comes when the first one has been silent for long enough."""
    board = device.port.board
    return host_of(board, nonce=round(board.now_s * 1e3) + 1)


@pytest.mark.usefixtures("libngspice")
def test_who_watches_or_probes_a_device_that_is_for_learning_is_refused_and_it_goes_on(programmed: Device) -> None:
    learner(programmed.port.board)
    host = another(programmed)
    for asking in (lambda: Watcher(host, (0, 1), 100).fetch(), lambda: host.probe_weights(WEIGHTS_UV)):
        with pytest.raises(DeviceError) as refused:
            asking()
        assert refused.value.code == lesson.E_LEARNING
    assert (host.status()["state"], host.status()["weights"]) == ("idle", "held")
