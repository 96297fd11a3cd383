"""Whether a device can be started for learning on the chip; in memory only once that was asked."""

from enose_contract import messages
from enose_contract.image import ImageError
from enose_device.watchdog import TO_LEARN


def teach(device, learning: int) -> tuple:
    """The fields of TEACH's reply: restart for learning where that is asked for. Raises ImageError."""
    if learning:
        check(device)
        device.restart_for(TO_LEARN)
    return (0,)


def check(device) -> None:
    """Raise ImageError where the board has no teacher, the device is busy, or there is nothing to begin with."""
    if not device.configuration["teacher"]:
        raise ImageError(messages.E_NO_TEACHER)
    if device.key.is_set:
        raise ImageError(messages.E_SEALED_ONLY)
    if device.cycle.state == messages.MEASURING:
        raise ImageError(messages.E_MEASURING, device.cycle.number)
    if device.cycle.image is None:
        raise ImageError(messages.E_NO_IMAGE)
    if device.cycle.image.pages:
        raise ImageError(messages.E_PAGED)
