"""Power cuts against the firmware's image store, under MicroPython: one line of JSON for every state that was cut at.

What is wanted is a line of JSON on standard input: {"seed", "share", "limit"}. A state is a partition after a random
history of updates, some of them cut. From every state one update is cut at every operation with every tear, and each of
these partitions is updated again with a second cut at every operation, with every tear. `share` of the second cuts are
run, drawn at random; states are made until `limit` cases are done.
"""

import json
import random
import sys
from os import close_last

from flash_model import BLOCK, TEARS, FlashModel, PowerCut

from enose_contract import image, messages
from enose_device.store import HoldingFlash, Store

BLOCKS = 32  # of boards/pico-mlp.toml: 128 KiB
LONGEST_HISTORY = 40  # updates; the directory's log is compacted after some ten commits
KEPT = 20  # failures told in words
FIRST_CUT = messages.FAULT_IMAGES  # while no image was ever stored whole: `clear` and an upload mend it
ENDS = {"bricked": 0, "mixed": 0, "lost": 0}


def some_image() -> bytes:
    """A valid image with a name of its own, of a random length."""
    weights = random.choice((25, 25, 60, random.randrange(1, 256)))
    return image.Image(
        "mlp441", "pico-mlp", b"sensors1", b"%08x" % random.getrandbits(30), b"none0000", 1, [0, 1, 2, 3],
        [0] * 4, [0] * 4, ["banana", "lemon", "lychee"], [random.getrandbits(20) for _ in range(weights)],
        600, 1000, 400, 100, 2,
    ).pack()  # fmt: skip


def no_refresh() -> None:
    """What HoldingFlash does ahead of an operation: there is no chip here."""


class Partition:
    """Cells, and which image must be in force on them: one of `allowed` (None: no image at all)."""

    def __init__(self, cells, allowed) -> None:
        self.cells = cells
        self.allowed = allowed
        self.first_cut = False  # the very first image was cut: there is nothing to be had yet, and it says so

    def copy(self) -> "Partition":
        """The same on cells of its own."""
        return Partition(bytearray(self.cells), list(self.allowed))

    def update(self, raw: bytes, after: int = -1, tear: str = "") -> int:
        """Switch on and store raw, the power cut at operation `after` where that is given; operations that happened.

        Raises Bad where the update is refused.
        """
        flash = FlashModel(self.cells)
        if after >= 0:
            flash.cut(after, tear)
        self.allowed.append(raw)
        try:
            store, _ = switched_on(flash)
            store.commit(raw)
            self.allowed = [raw]
        except (PowerCut, image.ImageError) as error:
            if not flash.dead:
                raise Bad("bricked", f"refuses an update: {error!r}") from error
        close_last()
        return flash.operations

    def look(self) -> None:
        """Switch on: the image in force is from now on the only one allowed. Raises Bad."""
        store, found = switched_on(FlashModel(self.cells))
        raw = found.pack() if found else None
        if raw not in self.allowed:
            raise Bad("lost" if raw is None else "mixed", f"comes up with fault {store.problem}, {found!r}")
        if store.problem not in (messages.FAULT_NONE, FIRST_CUT):
            raise Bad("bricked", f"comes up with fault {store.problem}")
        self.first_cut = store.problem == FIRST_CUT
        self.allowed = [raw]


class Bad(Exception):
    """What must not be: kind is one of ENDS."""

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


def switched_on(flash):
    """(store, image in force) as the device makes them."""
    store = Store(HoldingFlash(flash, no_refresh))
    return store, store.newest()


def made() -> Partition:
    """A partition after a random history; one in six is blank."""
    partition = Partition(bytearray(b"\xff" * BLOCKS * BLOCK), [None])
    for _ in range(max(random.randrange(-LONGEST_HISTORY // 5, LONGEST_HISTORY), 0)):
        if random.randrange(4):
            partition.update(some_image())
        else:
            partition.update(some_image(), random.randrange(12), random.choice(TEARS))
            partition.look()
    return partition


class Campaign:
    """Counts cases and what became of them."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.cases = 0
        self.operations = 0
        self.second_cuts = 0
        self.first_cuts = 0
        self.ends = dict(ENDS)
        self.failures = []

    def state(self) -> None:
        """Make one state and cut one update of it everywhere."""
        self.checked(["history"], self.cut_everywhere)

    def cut_everywhere(self) -> None:
        """Raises Bad where the state cannot even be made."""
        before = made()
        raw, next_raw = some_image(), some_image()
        self.operations = before.copy().update(raw)
        for first in range(self.operations):
            for tear in TEARS:
                partition = before.copy()
                partition.update(raw, first, tear)
                if self.checked([first, tear], partition.look):
                    self.first_cuts += partition.first_cut
                    self.cut_again(partition, next_raw, [first, tear])

    def cut_again(self, before, raw: bytes, where) -> None:
        """Cut the update that follows the first cut; then let it be done."""
        for second in range(before.copy().update(raw)):
            for tear in TEARS:
                if random.random() < self.share:
                    partition = before.copy()
                    partition.update(raw, second, tear)
                    self.second_cuts += 1
                    again = where + [second, tear]  # noqa: RUF005 - MicroPython has no [*x]
                    self.checked(again, partition.look)
                    self.checked([], lambda partition=partition: finished(partition, raw))

    def checked(self, where, work) -> bool:
        """Run one check; the place of a case, or [] for the end of one."""
        self.cases += bool(where)
        try:
            work()
        except Bad as bad:
            self.ends[bad.kind] += 1
            if len(self.failures) < KEPT:
                self.failures.append([bad.kind, str(bad), where])
            return False
        return True


def finished(partition, raw: bytes) -> None:
    """A third try, without a cut, goes through and is in force."""
    partition.update(raw)
    partition.look()


def main() -> None:
    """Run states until there are enough cases."""
    wanted = json.loads(sys.stdin.readline())
    done = number = 0
    while done < wanted["limit"]:
        seed = wanted["seed"] + number
        random.seed(seed)
        campaign = Campaign(wanted["share"])
        campaign.state()
        done += campaign.cases
        number += 1
        found = {"seed": seed, "cases": campaign.cases, "operations": campaign.operations}
        found["second_cuts"] = campaign.second_cuts
        found["first_cuts"] = campaign.first_cuts
        found["ends"] = campaign.ends
        found["failures"] = campaign.failures
        print(json.dumps(found))


if __name__ == "__main__":
    main()
