"""What the device is told of itself: how often to measure, what is mounted on it. In memory only once that was told."""

from enose_contract import messages, records
from enose_contract.image import ImageError
from enose_device.watchdog import RESTARTED

MOST_TIMES = 10  # a leak this many times the chip file's, or its reciprocal, is a mistake
SCHEDULE_BYTES = 40960  # code, names and what they leave in pieces, where objects are twice as large


def set_schedule(device, interval_s: int) -> tuple:
    """The fields of SCHEDULE's reply. Raises ImageError.

    What a schedule needs is brought in as the device starts, while its memory is in one piece. That restart is refused
    while it measures; a schedule that is there already is changed at any time, or one whose measurements follow each
    other without a pause could never be ended.
    """
    upkeep = device.upkeep
    if not upkeep or not upkeep.schedule:
        _refuse_while_measuring(device)
    if interval_s and upkeep is None:
        device.collect()
        if device.free_now < SCHEDULE_BYTES:
            raise ImageError(messages.E_ROOM, device.free_now, SCHEDULE_BYTES)
    if interval_s != device.fitted.interval_s:
        device.fitted.set_interval(interval_s)
        device.log.add(records.SCHEDULED, x=-1 if interval_s == messages.UNTOLD else interval_s)
        if upkeep and upkeep.schedule:
            upkeep.schedule.take()
        elif device.interval_s():
            device.restart_for(RESTARTED)  # within a second: the reply is sent first
    next_s = upkeep.schedule.next_s if upkeep and upkeep.schedule else 0
    return device.interval_s(), next_s, int(bool(device.restarting))


def fit(device, sensor_set: bytes, calibration: bytes, heated_s: int, leak_uv_per_s: int) -> tuple:
    """The fields of FIT's reply. An image that does not fit any more is out of force at once.

    Where the sensors are others than before, or heated_s says how long they were heated, their burn-in counts anew.
    Raises ImageError.
    """
    _refuse_while_measuring(device)
    fitted = device.fitted
    if leak_uv_per_s != messages.UNTOLD:
        _check_leak(device.configuration["chip"], leak_uv_per_s)
    others = sensor_set != fitted.sensor_set and any(fitted.sensor_set)
    before = (fitted.sensor_set, fitted.calibration, fitted.leak_uv_per_s)
    if (sensor_set, calibration, leak_uv_per_s) != before:
        fitted.tell(sensor_set, calibration, fitted.interval_s, leak_uv_per_s)
        device.log.add(records.FITTED)
        if leak_uv_per_s != before[2]:
            device.refresh.set_leak(leak_uv_per_s)  # the period follows with the next look at the temperature
    if others or heated_s != messages.UNTOLD:
        _count_anew(device, 0 if heated_s == messages.UNTOLD else heated_s)
    try:
        if device.cycle.image is not None:
            fitted.check(device.cycle.image)
    except ImageError:
        device.images.displace()
    return sensor_set, calibration, device.life()[6], leak_uv_per_s


def _check_leak(facts, leak_uv_per_s: int) -> None:
    """A leak that a chip of this kind can have: one that is measured wrong must not let the weights go."""
    nominal = facts.get("leak_uv_per_s", 0)
    if not nominal // MOST_TIMES <= leak_uv_per_s <= nominal * MOST_TIMES or not nominal:
        raise ImageError(messages.E_FIELD, leak_uv_per_s, nominal * MOST_TIMES)


def _count_anew(device, heated_s: int) -> None:
    if device.upkeep and device.upkeep.burn_in:
        device.upkeep.burn_in.fit(heated_s)
        device.cycle.burn_in_s = device.upkeep.burn_in.left_s
    else:  # nobody counts here; a firmware for another board file may
        device.log.add(records.HEATED, x=min(heated_s, 0x7FFFFFFF), urgent=True)


def _refuse_while_measuring(device) -> None:
    if device.cycle.state == messages.MEASURING:
        raise ImageError(messages.E_MEASURING, device.cycle.number)
