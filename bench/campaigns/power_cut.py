"""Power cut at every flash operation of what a device stores, with torn writes, and again during the recovery.

What it stores are images, the records of its log, its key, and what it was told of its sensors. The firmware's code
runs under MicroPython on littlefs; see device/power_cuts.py for what a case is.
"""

import sys
from collections import Counter
from typing import Any

from bench.campaigns.campaign import Campaign, Found, Options, Row, none_of, row, run, shares, total
from bench.campaigns.interpreter import Interpreter

KINDS = ("image", "tried", "fit", "key")
SHARD = 2500
SEEDS_A_SHARD = 10_000
SMALL = 1000  # cases of one state, or so: fewer are wanted only where a sample will do


def shards(options: Options) -> list[Any]:
    """Pieces of so many cases each, with seeds of their own."""
    share = 0.02 if options.cases < SMALL else 0.1
    pieces = shares(options.cases, SHARD)
    firmware = options.firmware
    return [
        (firmware, {"seed": options.seed * 1_000_000 + k * SEEDS_A_SHARD, "share": share, "limit": limit})
        for k, limit in enumerate(pieces)
    ]


def work(shard: Any) -> Found:
    """Run one shard; its counts, and where something went wrong."""
    firmware, request = shard
    ends: Counter[str] = Counter()
    counts: Counter[str] = Counter()
    failures = []
    most = 0
    with Interpreter("power_cuts.py", firmware) as interpreter:
        for state in interpreter.answers(request):
            ends.update(state["ends"])
            counts[f"states, {state['kind']}"] += 1
            counts.update({name: state[name] for name in ("cases", "second_cuts", "first_cuts")}, states=1)
            most = max(most, state["operations"])
            failures += [{"seed": state["seed"], "failure": one} for one in state["failures"]]
    return {**counts, **ends, "most": most, "failures": failures}


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    return [
        row("cases", "", total(found, "cases")),
        row("cases with a second cut", "", total(found, "second_cuts")),
        row("states that were cut", "", total(found, "states")),
        *(row(f"states, {kind}", "", sum(one.get(f"states, {kind}", 0) for one in found)) for kind in KINDS),
        row("operations of one deed, at most", "", max(one["most"] for one in found)),
        none_of("safe state after the very first image was cut", total(found, "first_cuts")),
        none_of("bricked", total(found, "bricked")),
        none_of("neither the old image nor the new", total(found, "mixed")),
        none_of("committed image lost", total(found, "lost")),
        none_of("committed record of the log lost, or out of order", total(found, "log")),
        none_of("key or sensors' names lost, or neither old nor new", total(found, "settings")),
    ]


CAMPAIGN = Campaign("power-cut", "cuts, single and double", 150_000, shards, work, rows)

if __name__ == "__main__":
    sys.exit(run(CAMPAIGN))
