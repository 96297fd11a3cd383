"""`rp2`: the flash as a block device of 4 KiB blocks, and state machines that run their programs in virtual time.

RP2040 data sheet, chapter 3: every instruction takes one cycle; a pin that it sets changes at its end. Only what the
firmware uses is here: pull, mov from the OSR, set pins, jmp while X counts down, labels.
"""

import struct

import board_wire
import operations

BLOCK = 4096
PAGE = 256
_PIECE = 1024  # what one answer holds


class PIO:
    OUT_LOW = 2


def asm_pio(*, set_init=PIO.OUT_LOW):
    def make(function):
        program = []
        words = {
            "pins": "pins",
            "x": "x",
            "osr": "osr",
            "x_dec": "x_dec",
            "pull": lambda: program.append(("pull", None, None)),
            "mov": lambda first, second: program.append(("mov", first, second)),
            "set": lambda first, second: program.append(("set", first, second)),
            "jmp": lambda first, second: program.append(("jmp", first, second)),
            "label": lambda name: program.append(("label", name, None)),
        }
        names = function.__globals__
        before = dict(names)
        names.update(words)
        function()
        for name in words:
            del names[name]
        names.update(before)
        return program

    return make


class StateMachine:
    def __init__(self, id, program, freq=125000000, *, set_base=None):
        if program[0][0] != "pull" or [step[0] for step in program].count("pull") != 1:
            raise ValueError("a program that does not wait for a word first")
        self._labels = {}
        self._steps = []
        for name, first, second in program:
            if name == "label":
                self._labels[first] = len(self._steps)
            else:
                self._steps.append((name, first, second))
        self._freq = freq
        self._pin = set_base.id
        self._active = 0
        self._busy_us = 0

    def active(self, value):
        self._active = value

    def put(self, osr):
        """Run the program once for this word in the OSR; where it still runs, it waits its turn in the FIFO."""
        board_wire.spend(2)
        if not self._active:
            return
        start = board_wire.now_us()
        if start < self._busy_us < start + 25000:  # four words of 5 ms wait at most: beyond, the clock has jumped back
            start = self._busy_us
        count = self._run(osr, start)
        self._busy_us = start + self._ns(count) // 1000 + 1

    def _run(self, osr, start):
        count = 0
        x = 0
        at = 0
        while at < len(self._steps):
            name, _, second = self._steps[at]
            at += 1
            count += 1
            if name == "mov":
                x = osr
            elif name == "set":
                first = self._ns(count)
                data = struct.pack("<BH", second, first % 1000)
                board_wire.post(operations.PIN_WRITE, self._pin, 0, data, start + first // 1000)
            elif name == "jmp":
                target = self._labels[second]
                if target == at - 1:  # counts down on the spot
                    count += x
                elif x:
                    x -= 1
                    at = target
        return count

    def _ns(self, count):
        return count * 1000000000 // self._freq


def bootsel_button():
    board_wire.spend(20)  # the flash is let go of while its select pin is read
    return board_wire.call(operations.BUTTON, b"")[0]


class Flash:
    def __init__(self, *, start=0, len=0):
        self._start = start
        self.blocks = len // BLOCK

    def readblocks(self, block, buffer, offset=0):
        view = memoryview(buffer)
        start = self._start + block * BLOCK + offset
        for at in range(0, len(buffer), _PIECE):
            n = min(_PIECE, len(buffer) - at)
            view[at : at + n] = board_wire.call(operations.FLASH_READ, struct.pack("<II", start + at, n))

    def writeblocks(self, block, buffer, offset=None):
        if offset is None:
            self.ioctl(6, block)
            offset = 0
        if offset % PAGE or len(buffer) % PAGE:
            raise OSError(22)  # the RP2040 programs whole pages
        data = struct.pack("<I", self._start + block * BLOCK + offset)
        board_wire.call(operations.FLASH_WRITE, data + bytes(buffer))
        board_wire.spend(len(buffer) * 3)  # about 0.7 ms for a page of 256 bytes (W25Q16JV data sheet, t_PP)

    def ioctl(self, operation, argument):
        if operation == 4:
            return self.blocks
        if operation == 5:
            return BLOCK
        if operation == 6:
            answer = board_wire.call(operations.FLASH_ERASE, struct.pack("<I", self._start + argument * BLOCK))
            board_wire.spend(struct.unpack("<I", answer)[0])
            return 0
        return 0
