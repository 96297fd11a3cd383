"""What ngspice made of a netlist: its expanded listing, read for sources, for lines to quote and for floating nodes."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from enose_hwsim.spice.errors import SpiceError

LISTED = re.compile(r"\s*\d+ : (\S.*)")
BETWEEN_WORDS = re.compile(r"[\s(),=+*/]+")
TWO_TERMINALS = "rclvd"  # what follows their two nodes is a value, that may look like a node
GROUNDS = {"0", "gnd"}
NAMED = re.compile(
    r"trouble with (?:node \"([^\"]+)|\S*instance (\S+))|check nodes? (\S+)|^in line (\S+)|(\S+): resistance"
)
NUMBERED = re.compile(r"^Netlist line no\. (\d+)")


@dataclass(frozen=True)
class Element:
    """A line of the expanded listing: `r.xs.r1 in xs.q 1k` is r1 of the subcircuit's instance xs."""

    words: tuple[str, ...]

    @property
    def name(self) -> str:
        """The element's name, with the path of the instances that it is in."""
        return self.words[0]

    @property
    def letter(self) -> str:
        """What kind of element it is."""
        return self.words[0][0]

    @property
    def is_external(self) -> bool:
        """Whether it is a source whose value comes from outside."""
        return self.letter in "vi" and "external" in self.words[3:]

    @property
    def touches(self) -> set[str]:
        """Its nodes; for other than sources and two-terminal elements with other words of the line."""
        if self.letter in TWO_TERMINALS or self.letter == "i":
            return set(self.words[1:3])
        return set(BETWEEN_WORDS.split(" ".join(self.words[1:])))


class Netlist:
    """A netlist as it was given, line by line, and as ngspice expanded it."""

    def __init__(self, text: str, listing: Iterable[str]) -> None:
        """Read `listing expand`.

        Raises SpiceError for an external source with a value of its own, at which ngspice 39 crashes, and for a node
        where only current sources meet: ngspice leaves it out of its equations and answers the current as its voltage.
        """
        self.lines = text.splitlines()
        matches = (LISTED.match(line) for line in listing)
        self.elements = [
            Element(tuple(match[1].lower().split())) for match in matches if match is not None and match[1][0].isalpha()
        ]
        self.sources = [element.name for element in self.elements if element.is_external]
        for element in self.elements:
            if element.is_external and len(element.words) != 4:
                message = "an external source takes a bare `external` after its two nodes"
                raise SpiceError(message, self.line_like(element.words))
        held = GROUNDS.union(*(element.touches for element in self.elements if element.letter != "i"))
        for element in self.elements:
            if element.letter == "i":
                for node in sorted(element.touches - held):
                    raise SpiceError(
                        f"node {node} floats: only current sources meet there", self.line_like(element.words)
                    )

    def line_named(self, said: Iterable[str]) -> str | None:
        """The given line that ngspice's words name: by an element, a node, a number or an echo of it."""
        for text in said:
            if named := NAMED.search(text):
                name = next(word for word in named.groups() if word).lower().removesuffix("#branch")
                for element in self.elements:
                    if name == element.name or name in element.touches:
                        return self.line_like(element.words)
            elif numbered := NUMBERED.search(text):  # an expression that it could not compute
                return "".join(self.lines[int(numbered[1]) - 1 : int(numbered[1])]) or None
            elif echoed := self.line_like(tuple(text.rpartition(": ")[2].lower().split())):
                return echoed
        return None

    def line_like(self, words: tuple[str, ...]) -> str | None:
        """The given line of the same element, that shares the most words with one that ngspice expanded or echoed."""
        name = words[0].rpartition(".")[2] if words else ""
        given = {line: line.lower().split() for line in self.lines[1:]}
        shared = {line: len({*words[1:]} & {*theirs[1:]}) for line, theirs in given.items() if theirs[0] == name}
        best = max(shared, key=shared.__getitem__, default="")
        return best if shared.get(best) else None
