"""A grant of virtual time to a board in lockstep."""

from concurrent.futures import Future
from dataclasses import dataclass


@dataclass
class Run:
    """A grant of virtual time: up to until_us, or until the firmware has written something."""

    until_us: int
    until_output: bool
    received: int
    done: "Future[tuple[int, int]]"
