"""What a partition must still hold after power cuts: the image in force, the log's records, the key, what it was told.

A deed is IMAGE, TRIED, FIT or KEY with its value: an image is stored; it is stored, cannot be programmed and is
discarded; sensors, calibration and schedule are told; the key is set. With an image goes NUMBER, its seal's, of which
the highest must be known for ever. The device is switched on for it as main does it,
which notes the start in the log first; the deed is noted in the log as well.
"""

import random
from os import close_last

from flash_model import BLOCK, TEARS, FlashModel, PowerCut

from enose_contract import image, messages, records
from enose_device import sealing
from enose_device.fitted import UNTOLD, Fitted
from enose_device.key import Key
from enose_device.log import Log
from enose_device.partition import LOG_BLOCKS, Partition
from enose_device.store import Store

BLOCKS = 32  # of boards/pico-mlp.toml: 128 KiB
LONGEST_HISTORY = 40  # deeds; the directory's log is compacted after some ten commits
LONGEST_LOG = 90  # pages before that; the ring has 64
PAGE = 256
FIRST_CUT = messages.FAULT_IMAGES  # while no image was ever stored whole: `clear` and an upload mend it
IMAGE, TRIED, FIT, KEY = "image", "tried", "fit", "key"
NUMBER = "number"
WORDS = {IMAGE: "mixed", NUMBER: "settings", FIT: "settings", KEY: "settings"}
NEVER_TOLD = (UNTOLD, UNTOLD, messages.UNTOLD, messages.UNTOLD)


class Bad(Exception):
    """What must not be: kind is one of power_cuts.ENDS."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class SwitchedOn:
    """The parts of the firmware that use the flash, made in the order in which the device makes them."""

    def __init__(self, flash) -> None:
        partition = Partition(flash)
        self.log = Log(partition, partition.log_block, LOG_BLOCKS)
        self.log.begin(records.POWER_ON, 0)
        self.store = Store(partition)
        self.fitted = Fitted(self.store)
        self.key = Key(partition)
        self.image = self.store.newest()
        sealing.recall(self.store)

    def has(self):
        """What is in force, by kind of deed: None for no image, and for no key. Raises Bad for a key nobody knows."""
        try:
            key = self.key.known() if self.key.is_set else None
        except image.ImageError as error:
            raise Bad("bricked", "a damaged key: no image is taken any more") from error
        raw = self.image.pack() if self.image else None
        fitted = self.fitted
        told = (fitted.sensor_set, fitted.calibration, fitted.interval_s, fitted.leak_uv_per_s)
        return {IMAGE: raw, NUMBER: self.store.counter, FIT: told, KEY: key}

    def do(self, kind: str, value) -> None:
        """Raises ImageError where it is refused."""
        if kind in (IMAGE, TRIED):
            generation = self.store.generation
            self.store.commit(*value)
            if self.store.counter:
                sealing.keep(self.store)
            if kind == TRIED and generation != self.store.generation:  # else it is in force, and has been programmed
                self.store.discard()
        elif kind == FIT:
            self.fitted.tell(*value)
        else:
            self.key.set(value)

    def logged(self):
        """Every record's sequence number, fetched as a host does it."""
        found = []
        sequence = 1
        while True:
            _, following, _, count, raw = self.log.read(sequence)
            for k in range(count):
                found.append(records.read(raw, k * records.SIZE)[0])
            if not count or found[-1] + 1 >= following:
                return found
            sequence = found[-1] + 1


class Kept:
    """Cells, and what must be found on them: by kind of deed one of `allowed`; `committed`, the log's records."""

    def __init__(self, cells, key: bytes, sealed: int) -> None:
        """key: what will be set; sealed: 1 where images have rising numbers, 0 where they have none."""
        self.cells = cells
        self.allowed = {IMAGE: [None], NUMBER: [0], FIT: [NEVER_TOLD], KEY: [None]}
        self.committed = set()
        self.first_cut = False  # the very first image was cut: there is nothing to be had yet, and it says so
        self.came_round = False  # a block of the log's ring was erased, or was about to be
        self._key = key
        self._sealed = sealed
        self._number = 0

    def copy(self) -> "Kept":
        """The same on cells of its own."""
        other = Kept(bytearray(self.cells), self._key, self._sealed)
        other.allowed = {kind: list(values) for kind, values in self.allowed.items()}
        other.committed = set(self.committed)
        other.first_cut, other.came_round = self.first_cut, self.came_round
        other._number = self._number
        return other

    def some_deed(self, kind: str):
        """(kind, value); the key once only, then an image in its place."""
        if kind == FIT:
            interval_s = random.choice((0, messages.UNTOLD, random.randrange(10, 604801)))
            return kind, (some_bytes(8), random.choice((UNTOLD, some_bytes(8))), interval_s, random.getrandbits(32))
        if kind == KEY and self._key not in self.allowed[KEY]:
            return kind, self._key
        if kind == KEY:
            kind = IMAGE
        self._number += self._sealed
        return kind, (some_image(), self._number)

    def do(self, kind: str, value, after: int = -1, tear: str = "") -> int:
        """Switch on and do it, the power cut at flash operation `after` where that is given; operations that happened.

        Raises Bad where it is refused, or where the log erases what it should keep.
        """
        flash = FlashModel(self.cells)
        if after >= 0:
            flash.cut(after, tear)
        aims = {IMAGE: value[0], NUMBER: value[1]} if kind in (IMAGE, TRIED) else {kind: value}
        before = list(self.allowed[IMAGE])
        for name, aim in aims.items():
            self.allowed[name].append(aim)
        try:
            device = SwitchedOn(flash)
            device.do(kind, value)
            for name, aim in aims.items():
                self.allowed[name] = before if (kind, name) == (TRIED, IMAGE) else [aim]
            first = device.log.next - 1  # the start's, which is in flash
            device.log.add(records.FITTED)
            device.log.write()
            self.committed.update(range(first, device.log.next))
        except (PowerCut, image.ImageError) as error:
            if not flash.dead:
                raise Bad("bricked", f"refuses {kind}: {error!r}") from error
        close_last()
        self._let_go(flash)
        return flash.operations

    def look(self) -> None:
        """Switch on: what is in force is from now on the only one allowed. Raises Bad."""
        flash = FlashModel(self.cells)
        device = SwitchedOn(flash)
        for kind, found in device.has().items():
            allowed = self.allowed[kind]
            if found not in allowed:
                lost = kind == IMAGE and found is None
                raise Bad("lost" if lost else WORDS[kind], f"{kind}: {found!r}, fault {device.store.problem}")
            self.allowed[kind] = [found]
        if device.store.problem not in (messages.FAULT_NONE, FIRST_CUT):
            raise Bad("bricked", f"comes up with fault {device.store.problem}")
        self.first_cut = device.store.problem == FIRST_CUT
        self._let_go(flash)
        logged = device.logged()
        if logged != sorted(set(logged)):
            raise Bad("log", f"out of order: {logged}")
        missing = self.committed - set(logged)
        if missing or logged[-1:] != [device.log.next - 1]:
            raise Bad("log", f"lost: {sorted(missing)}; it has {logged}")
        self.committed = set(logged)

    def grow(self, pages: int) -> None:
        """Switch on, and log so many pages. Raises Bad where the log erases what it should keep."""
        flash = FlashModel(self.cells)
        log = SwitchedOn(flash).log
        first = log.next
        for _ in range(pages):
            for _ in range(random.randrange(1, 4)):
                log.add(records.LASTED)
            self.committed.update(range(first, log.next))
            log.write()
            first = log.next
            self._let_go(flash)
            flash.erased.clear()

    def _let_go(self, flash) -> None:
        """The ring may erase its oldest block, and nothing else. Raises Bad."""
        for block, before in flash.erased:
            if BLOCKS - 1 - LOG_BLOCKS <= block < BLOCKS - 1:
                self.came_round = True
                gone = self.committed & sequences_in(before)
                self.committed -= gone
                if gone and self.committed and max(gone) > min(self.committed):
                    raise Bad("log", f"erases {sorted(gone)} before {min(self.committed)}")


def sequences_in(block):
    """The sequence numbers of the records in one block of the ring."""
    found = [records.read(block, page + at) for page in range(0, BLOCK, PAGE) for at in range(0, PAGE, records.SIZE)]
    return {values[0] for values in found if values}


def some_bytes(count: int) -> bytes:
    """At random, and not all zero."""
    return bytes([random.getrandbits(8) for _ in range(count - 1)] + [1])


def some_image() -> bytes:
    """A valid image with a name of its own, of a random length."""
    weights = random.choice((25, 25, 60, random.randrange(1, 256)))
    return image.Image(
        "mlp441", "pico-mlp", b"sensors1", b"%08x" % random.getrandbits(30), b"none0000", 1, [0, 1, 2, 3],
        [0] * 4, [0] * 4, ["banana", "lemon", "lychee"], [random.getrandbits(20) for _ in range(weights)],
        600, 1000, 400, 100, 2,
    ).pack()  # fmt: skip


def made() -> Kept:
    """A partition after a random history; some have never had a deed. Half of them get their key in it."""
    sealed = random.randrange(2)
    kept = Kept(bytearray(b"\xff" * BLOCKS * BLOCK), some_bytes(32), sealed)
    kept.grow(max(random.randrange(-LONGEST_LOG // 2, LONGEST_LOG), 0))
    for _ in range(max(random.randrange(-LONGEST_HISTORY // 5, LONGEST_HISTORY), 0)):
        deed = kept.some_deed(random.choice((IMAGE, IMAGE, TRIED, FIT, KEY if sealed else IMAGE)))
        if random.randrange(4):
            kept.do(*deed)
        else:
            kept.do(*deed, random.randrange(14), random.choice(TEARS))
            kept.look()
    return kept
