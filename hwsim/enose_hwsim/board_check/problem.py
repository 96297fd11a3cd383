"""One thing that is wrong with a board file."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """The key's section ("" for none), the key, what it says, and what was expected."""

    section: str
    key: str
    value: str
    expected: str

    def __str__(self) -> str:
        name = ".".join(part for part in (self.section, self.key) if part)
        return f"{name}: {self.value}, expected {self.expected}"
