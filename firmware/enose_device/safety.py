"""The latched safe state: analog switch open, DAC at its no-field code, heaters off, valve closed, the answer NONE."""

from enose_contract import records
from enose_contract.messages import FAULT_BUS, FAULT_NONE


class FaultError(Exception):
    """Something that could drive the chip or a heater wrongly; `fault` is one of messages.FAULTS."""

    def __init__(self, fault: int) -> None:
        """Keep the fault's number."""
        super().__init__(fault)
        self.fault = fault


class NoAnswerError(FaultError):
    """The bus is free and a part on it does not answer: no fault where the device can do without that part."""

    def __init__(self) -> None:
        """Left alone it is a fault of the bus."""
        super().__init__(FAULT_BUS)


class Safety:
    """Holds the first fault until it is cleared, and brings the outputs into the safe state."""

    def __init__(self, make_safe, log) -> None:
        """make_safe(): puts every output into its safe state; it may be called at any time and any number of times."""
        self._make_safe = make_safe
        self._log = log
        self.fault = FAULT_NONE

    @property
    def latched(self) -> bool:
        """Whether the device is in its safe state."""
        return self.fault != FAULT_NONE

    def trip(self, fault: int) -> None:
        """Enter the safe state; the first fault is the one that is kept, and noted in the log."""
        first = self.fault == FAULT_NONE
        if first:
            self.fault = fault
        try:
            self._make_safe()
        finally:
            if first:
                try:
                    self._log.add(records.FAULT, fault, urgent=True)
                except MemoryError:
                    pass  # the safe state stands, and counts for more than its record

    def clear(self) -> None:
        """Leave the safe state; the caller programs the chip anew before anything is driven."""
        self._log.add(records.CLEARED, self.fault, urgent=True)
        self.fault = FAULT_NONE
