"""What runs in any case: the link, the log, the button, the count of the time. Alone, it is the safe mode.

The safe mode is what a reset loop ends in, and a firmware that does not start. No part is touched in it: main has put
every pin at rest. Clearing it restarts the device; a whole device (app.Device) adds all the rest.
"""

import gc
import sys
from time import ticks_diff, ticks_ms

from enose_contract import decision, messages, records
from enose_contract.image import ImageError
from enose_device.commands import Commands
from enose_device.link import Link
from enose_device.safety import FaultError, Safety
from enose_device.scheduler import Scheduler
from enose_device.watchdog import LINK, RESTARTED

FIRMWARE = b"0.1.0"
SECOND_MS = 1000
LASTING_S = 60  # a start that lasted so long was a good one
FRAMES = 32  # between two collections at most: a reply leaves up to 3 KB, and memory must not end in the middle of one
BUTTON_S = 3  # held for so long, the button asks for the interactive prompt
NO_EVENT = 0
AT_ONCE: int = 0  # ms


class Linked:
    """A device that answers."""

    def __init__(self, parts, configuration, log, watchdog, fault: int = messages.FAULT_NONE) -> None:
        """parts: dict of pins and streams made by main; configuration: board.json; fault: why there is no more."""
        self.configuration = configuration
        self.refresh = None  # of a whole device: what keeps the chip's weights
        self.log = log
        self.firmware = parts.get("firmware")  # what enose_boot says of it; None where nothing else has started it
        self.flash = parts["flash"]
        self._led = parts.get("led")
        self._unit = parts["unit"]
        self._button = parts["button"]
        self._reset = parts["reset"]
        self._watchdog = watchdog
        self._seen_ms = ticks_ms()
        self._uptime_ms = 0
        self._lasted = False
        self._held_s = -1  # until the button was seen let go: one that is stuck asks for nothing
        self.cleared = messages.FAULT_NONE  # the fault that was cleared: no more is served until the restart
        self.restarting = ()  # (event, x, y, note) once a restart was asked for: for the log, and for the next start
        self.safety = Safety(self._make_safe, log)
        self.commands = Commands(self)
        self.link = Link(parts["reader"], parts["writer"], self.commands.handle, self._identity)
        self.scheduler = Scheduler(self._task_failed, watchdog)
        self.scheduler.add(self._seconds)
        if fault:
            self.safety.trip(fault)
        gc.collect()
        self.free_start = self.free_low = self.free_now = gc.mem_free()

    def start(self) -> None:
        """Nothing but the link, and the light that says so."""
        self._add_led()

    def turn(self) -> None:
        """One turn of the loop: tasks that are due, then the link until the next one is."""
        try:
            wait_ms = self.scheduler.turn()
            self._watchdog.runs(LINK)
            self.link.serve(self.rest(wait_ms))
            if self.link.taken >= FRAMES:
                self.collect()
        except Exception as error:  # noqa: BLE001 - whatever a frame did, the device enters its safe state and goes on
            self._task_failed(error)
        self._watchdog.ran(LINK)

    def state(self) -> int:
        """One of messages.STATES."""
        return messages.SAFE_STATE if self.safety.latched else messages.IDLE

    def status(self) -> tuple:
        """The fields of STATUS's reply."""
        return self.state(), self.safety.fault, 0, messages.WEIGHTS_NONE, 0, 0, 0

    def result(self, number: int) -> tuple:
        """The fields of RESULT's reply."""
        reason = messages.REASON_SAFE
        nothing = (0,) * (3 + messages.MAX_OUTPUTS + 2 * messages.MAX_CHANNELS)
        return (number, messages.UNKNOWN_CYCLE, 0, decision.NONE, reason, 0, 0, 0, 0, 0, 0, 0, b"") + nothing

    def life(self) -> tuple:
        """The fields of LIFE's reply."""
        return (self._uptime_ms // 1000,) + (0,) * (10 + 3 * messages.MAX_CHANNELS)

    def information(self):
        """The fields of INFO's reply."""
        self.collect()
        name = "%s %d.%d.%d" % ((sys.implementation.name,) + sys.implementation.version[:3])
        reader = self.link.frames
        memory = (self.free_start, self.free_low, self.free_now)
        whole = (name.encode(), self._uptime_ms & 0xFFFFFFFF) + memory + (reader.good, reader.dropped())
        return whole + self._condition()

    def clear(self) -> None:
        """Restart within a second, the reply being sent first: with the clearing in the log the next start is whole."""
        if not self.cleared:
            self.cleared = self.safety.fault
            self.safety.clear()
            self.log.write()
            self.restarting = (NO_EVENT, 0, 0)

    def restart_for(self, note: int) -> None:
        """Everything at rest, and within a second, when the reply was sent, a start that is told `note`."""
        self._make_safe()
        self.log.add(records.LASTED)  # it did not fail: this start is not one of a reset loop
        self.log.write()
        self.restarting = (NO_EVENT, 0, 0, note)

    def restart(self, event: int, x: int = 0, y: int = 0, note: int = RESTARTED) -> None:
        """Everything at rest, the reason into the log as the last thing in it, then a reset."""
        self._make_safe()
        if event != NO_EVENT:
            if self.log.full:
                self.log.write()
            self.log.add(event, x=x, y=y)
            self.log.write()
        self.link.finish()
        self._watchdog.note(note)
        self._reset()

    def collect(self) -> None:
        """Collect garbage, and keep the least free memory that a collection has left.

        It takes an RP2040 22 ms: the weights are kept before and after. A fault of theirs is left to the tasks, which
        find it as well: this is called inside the file system too, which an exception would leave in pieces.
        """
        refresh = self.refresh
        self.link.taken = 0
        try:
            if refresh:
                refresh.keep()
            gc.collect()
            self.free_now = gc.mem_free()
            self.free_low = min(self.free_low, self.free_now)
            if refresh:
                refresh.keep()
        except FaultError:
            pass

    def called(self, module: str, function: str, *arguments):
        """What function(device, *arguments) gives, whose module is in memory only once that was asked for.

        The first time it is read from flash, which takes an RP2040 longer than weights hold: they are given up before,
        written anew afterwards, and an answer in the making is none.
        Raises ImageError(E_MEMORY) where memory has no piece for it: nothing of the module is left then, and the device
        goes on. A question may come when memory has grown old, and is no reason for the safe state.
        """
        self.collect()
        before = list(sys.modules)
        whole = "enose_device." + module
        refresh, found = self.refresh, None
        if refresh is not None and (whole in before or refresh.state != messages.WEIGHTS_HELD):
            refresh = None
        if refresh is not None:
            refresh.sleep()
        try:
            found = getattr(__import__(whole, None, None, (function,)), function)
            if refresh is not None:
                refresh.wake()
            return found(self, *arguments)
        except MemoryError:
            if refresh is not None and found is None:
                refresh.wake()
            for name in list(sys.modules):
                if name not in before:
                    sys.modules.pop(name, None)
            self.collect()
            raise ImageError(34, self.free_now)  # words.E_MEMORY: one more name in `messages` would double its table

    def air(self) -> tuple:
        """The fields of AIR's reply."""
        return (0,) * (6 + messages.MAX_STEPS)

    def _add_led(self) -> None:
        if self._led is not None:
            from enose_device.led import Led

            self.scheduler.add(Led(self._led, self.state).run)

    def rest(self, wait_ms: int) -> int:
        """How long to wait for a byte, where the tasks want to run in wait_ms."""
        return wait_ms

    def _condition(self) -> tuple:
        """INFO's fields from `refresh_done` on."""
        return 0, 0, 0, 0, 0, 0, 0, bytes(8), 0, bytes(8), bytes(8), 0, 0, 0, 0xFFFFFFFF

    def _every_second(self):
        """What a whole device does beside: a task, whose pieces take some ms each."""
        yield AT_ONCE

    def _make_safe(self) -> None:
        """Nothing was driven."""

    def _task_failed(self, error) -> None:
        gc.collect()  # it may have failed for want of memory, and what follows needs some
        self.safety.trip(error.fault if isinstance(error, FaultError) else messages.FAULT_TASK)

    def _identity(self):
        configuration = self.configuration
        return configuration["board"].encode(), configuration["chip"]["name"].encode(), FIRMWARE, self._unit

    def _seconds(self):
        """The task."""
        while True:
            if self.restarting:
                self.restart(*self.restarting)
            now_ms = ticks_ms()
            self._uptime_ms += max(ticks_diff(now_ms, self._seen_ms), 0)  # less where the clock has jumped back
            self._seen_ms = now_ms
            uptime_s = self._uptime_ms // 1000
            if uptime_s >= LASTING_S and not self._lasted:
                self._lasted = True
                self.log.add(records.LASTED, urgent=True)
            self.log.tick(uptime_s)
            self._look_at_button()
            yield from self._every_second()
            self.collect()
            yield SECOND_MS

    def _look_at_button(self) -> None:
        if not self._button():
            self._held_s = 0
        elif self._held_s >= 0:
            self._held_s += 1
            if self._held_s > BUTTON_S:
                self.restart(records.CONSOLE)
