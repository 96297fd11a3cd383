"""A firmware's trial and its end, and the way to the interactive prompt for the next one; imported when asked for.

A firmware on trial confirms itself when a host asks for the self-test and all of it passes, on a device that is not in
its safe state and has run for SETTLED_S: it has come up whole, its tasks come round, its link works, its board too.
"""

import struct

from enose_contract import messages, records, updates
from enose_contract.image import ImageError

SETTLED_S = 10
WHOLE_TEST = 0b111111  # of messages.CHECKS


def answer(device, kind: int, body):
    """The body of the reply. Raises ValueError for a malformed request, ImageError for a refusal."""
    message = updates.FIRMWARE if kind == updates.FIRMWARE.kind else updates.UPDATE
    values, _ = message.unpack_request(body)
    if message is updates.UPDATE:
        challenge, manifest, seal = values
        give_prompt(device, int(challenge), bytes(manifest), bytes(seal))
        return b""
    return struct.pack(message.reply, *state(device))


def state(device) -> tuple:
    """The fields of FIRMWARE's reply."""
    firmware = device.firmware
    trial = updates.IN_FORCE
    if firmware is not None and firmware.on_trial:
        trial = updates.ON_TRIAL
    elif firmware is not None and firmware.left != firmware.NONE:
        trial = updates.RETURNED
    return _identity(firmware), trial, int(_key(device).is_set), device.log.next


def try_confirming(device, run: int, passed: int) -> None:
    """Confirm the firmware on trial if it has earned it. Raises ImageError(E_STORE) where that cannot be kept."""
    if run != WHOLE_TEST or passed != run or device.safety.latched or device.log.uptime_s < SETTLED_S:
        return
    device.collect()  # the weights come first: the file system is about to stall the processor
    try:
        device.firmware.confirm()
    except OSError:
        raise ImageError(messages.E_STORE)
    x, y = struct.unpack("<ii", _identity(device.firmware))
    device.log.add(records.CONFIRMED, x=x, y=y, urgent=True)


def give_prompt(device, challenge: int, manifest: bytes, seal: bytes) -> None:
    """Restart with the interactive prompt. Raises ImageError: E_MEASURING, or E_UPDATE where the key did not seal it.

    The challenge is the log's next number, which the restart's own record makes another.
    """
    if device.state() == messages.MEASURING:
        raise ImageError(messages.E_MEASURING, device.status()[4])
    key = _key(device)
    if key.is_set:
        known = _known(key)
        if challenge != device.log.next or not updates.same(seal, updates.update_seal(known, challenge, manifest)):
            raise ImageError(updates.E_UPDATE)
    device.restarting = (records.UPDATE,) + struct.unpack("<ii", manifest[:8])


def _identity(firmware) -> bytes:
    return firmware.identity()[:8] if firmware is not None else bytes(8)


def _key(device):
    from enose_device.key import Key

    return device.key if hasattr(device, "key") else Key(device.flash)


def _known(key) -> bytes:
    try:
        return key.known()
    except ImageError:
        raise ImageError(updates.E_UPDATE)
