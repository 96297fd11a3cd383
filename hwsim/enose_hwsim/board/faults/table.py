"""Every fault, in the order of its number."""

from enose_hwsim.board.faults import chip, converter, flash, host, link, sensor, time_memory

FAULTS = (
    *link.FAULTS,
    *flash.FAULTS,
    *sensor.FAULTS,
    *converter.FAULTS,
    *chip.FAULTS,
    *time_memory.FAULTS,
    *host.FAULTS,
)
BY_NAME = {fault.name: fault for fault in FAULTS}
