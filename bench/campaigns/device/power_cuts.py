"""Power cuts against whatever the firmware keeps in flash, under MicroPython: one line of JSON for every state cut at.

What is wanted is a line of JSON on standard input: {"seed", "share", "limit"}. A state is a partition after a random
history of deeds (see kept.py), some of them cut. From every state one deed is cut at every operation with every tear,
and from each of these partitions the same deed again, or another, with a second cut at every operation, with every
tear. `share` of the second cuts are run, drawn at random; states are made until `limit` cases are done.
"""

import json
import random
import sys

from flash_model import TEARS
from kept import FIT, IMAGE, KEY, TRIED, Bad, made

KINDS = (IMAGE, IMAGE, TRIED, FIT, KEY)
ROUND = 40  # pages, at most: two and a half blocks of the ring, which has four
KEPT = 20  # failures told in words
ENDS = {"bricked": 0, "mixed": 0, "lost": 0, "log": 0, "settings": 0}


class Campaign:
    """Counts cases and what became of them."""

    def __init__(self, share: float) -> None:
        self.share = share
        self.cases = 0
        self.operations = 0
        self.kind = ""
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
        before.came_round = False
        deed = before.some_deed(random.choice(KINDS))
        following = deed if random.randrange(2) else before.some_deed(random.choice(KINDS))
        self.kind = deed[0]
        self.operations = before.copy().do(*deed)
        for first in range(self.operations):
            for tear in TEARS:
                kept = before.copy()
                if self.checked([first, tear], lambda kept=kept, first=first, tear=tear: cut(kept, deed, first, tear)):
                    self.first_cuts += kept.first_cut
                    self.cut_again(kept, following, [first, tear])

    def cut_again(self, before, deed, where) -> None:
        """Cut the deed that follows the first cut; then let it be done."""
        for second in range(before.copy().do(*deed)):
            for tear in TEARS:
                if random.random() < self.share:
                    kept = before.copy()
                    again = where + [second, tear]  # noqa: RUF005 - MicroPython has no [*x]
                    self.second_cuts += 1
                    self.checked(again, lambda kept=kept, second=second, tear=tear: cut(kept, deed, second, tear))
                    self.checked([], lambda kept=kept: finished(kept, deed))

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


def cut(kept, deed, after: int, tear: str) -> None:
    """Cut a deed, and look."""
    kept.do(*deed, after, tear)
    kept.look()


def finished(kept, deed) -> None:
    """A third try, without a cut, goes through and is in force; a ring that was being erased goes on."""
    kept.do(*deed)
    kept.look()
    if kept.came_round:
        kept.grow(random.randrange(ROUND))
        kept.look()


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
        found["kind"] = campaign.kind
        found["second_cuts"] = campaign.second_cuts
        found["first_cuts"] = campaign.first_cuts
        found["ends"] = campaign.ends
        found["failures"] = campaign.failures
        print(json.dumps(found))


if __name__ == "__main__":
    main()
