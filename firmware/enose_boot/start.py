"""Choose a folder, run its firmware, and take its trial to an end whatever it does.

A firmware on trial has one try. It is over when the firmware has confirmed itself; when it raises, hangs for longer
than the watchdog waits, or has not confirmed itself after TRIAL_S, the microcontroller is reset and the other one runs.
"""

import hashlib
import os
import sys

from enose_boot import record

CONFIGURATION = "board.json"
TRIAL_S = 60
PROMPT_S = 600
WATCHDOG_MS = 8000  # an RP2040 can wait 8388 ms (data sheet, section 4.7.2)
PIECE = 512
running = None  # kept while the interactive prompt is open


class Firmware:
    """The firmware that runs: where it lies, whether it is on trial."""

    NONE = record.NONE  # for `left`

    def __init__(self, folder: str, on_trial: bool, returned: bool, left: str) -> None:
        """folder: one of record.FOLDERS; returned: another's trial has just failed; left: the last that did."""
        self.folder = folder
        self.on_trial = on_trial
        self.returned = returned
        self.left = left
        self._timer = None

    @property
    def configuration(self) -> str:
        """The path of board.json: what came with this firmware, else the root's."""
        own = self.folder + "/" + CONFIGURATION
        return own if record.exists(own) else CONFIGURATION

    def identity(self) -> bytes:
        """The SHA-256 of the folder's manifest; all zero where it cannot be read."""
        sha256 = hashlib.sha256()
        piece = bytearray(PIECE)
        try:
            with open(self.folder + "/" + record.MANIFEST, "rb") as file:
                while True:
                    n = file.readinto(piece)
                    if not n:
                        return sha256.digest()
                    sha256.update(memoryview(piece)[:n])
        except OSError:
            return bytes(32)

    def reset_after(self, seconds: int) -> None:
        """Reset the microcontroller when so much time has passed, unless the firmware confirms itself before."""
        import machine

        try:
            self._timer = machine.Timer(-1)  # kept: one that nothing refers to is collected, and never goes off
        except ValueError:  # an ESP32 has no timers in software, but four in hardware
            self._timer = machine.Timer(0)
        self._timer.init(mode=machine.Timer.ONE_SHOT, period=seconds * 1000, callback=lambda _: machine.reset())

    def end_prompt_later(self) -> None:
        """A host that has gone does not leave the prompt open for ever."""
        self.reset_after(PROMPT_S)

    def confirm(self) -> None:
        """The firmware is in force from now on. Raises OSError, still on trial, where that cannot be written."""
        if not self.on_trial:
            return
        record.write(self.folder)
        self.on_trial = False
        if self._timer is not None:
            self._timer.deinit()
        self.keep_configuration()

    def keep_configuration(self) -> None:
        """A configuration that came with the firmware in force is the root's from now on."""
        if not self.on_trial and self.configuration != CONFIGURATION:
            try:
                os.rename(self.configuration, CONFIGURATION)
            except OSError:
                pass  # it holds where it is, too


def choose() -> Firmware:
    """The firmware of this start. A try is counted before it begins, so that none is had twice."""
    in_force, trial, tries, left = record.read()
    if trial == record.NONE:
        return Firmware(in_force, False, False, left)
    try:
        if tries > 0 and record.whole(trial):
            record.write(in_force, trial, tries - 1)
            return Firmware(trial, True, False, record.NONE)
        record.write(in_force, left=trial)
    except OSError:
        pass  # what cannot be counted is not tried
    return Firmware(in_force, False, True, trial)


def run() -> None:
    """Run the chosen firmware's `enose_device.main.main(firmware)`; returns where it asks for the prompt."""
    import machine

    global running
    firmware = running = choose()
    sys.path.insert(0, firmware.folder)
    if firmware.on_trial:
        machine.WDT(timeout=WATCHDOG_MS)
        firmware.reset_after(TRIAL_S)
    try:
        firmware.keep_configuration()
        from enose_device.main import main

        main(firmware)
    except Exception:  # whatever it was: on trial the reset leads back to the other firmware, else it is told on
        if firmware.on_trial:
            machine.reset()
        raise
