"""What commands print: results on stdout, as text or JSON; progress and errors on stderr."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

WIDE = 132  # characters where no terminal says how many there are: nothing is cut off in a file
stdout = Console(soft_wrap=True, highlight=False, width=None if sys.stdout.isatty() else WIDE)
stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout. Exit code 1, silently, where its reader has left (`| head`), as with text."""
    try:
        json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
        sys.stdout.write("\n")
        sys.stdout.flush()
    except BrokenPipeError:
        stdout.on_broken_pipe()


@contextmanager
def progress() -> Iterator[Callable[[str, int, int | None], None]]:
    """A bar on stderr while the work lasts, moved by calls of (text, done, total); without a total it only moves."""
    from rich.progress import BarColumn, Progress, SpinnerColumn, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=stderr, transient=True) as bar:
        task = bar.add_task("starting", total=None)
        yield lambda text, done, total: bar.update(task, description=text, completed=done, total=total)


def print_fields(title: str, fields: dict[str, Any]) -> None:
    """Names and values, nested ones with their path."""
    table = Table(title=title, show_header=False, box=None, title_justify="left", padding=(0, 2, 0, 0))
    for name, value in _flat("", fields):
        table.add_row(name.replace("_", " "), escape(value))  # `[ohm]` is a unit, no markup
    stdout.print(table)


def _flat(prefix: str, value: Any) -> list[tuple[str, str]]:
    if isinstance(value, dict):
        return [row for name, inner in value.items() for row in _flat(f"{prefix} {name}".strip(), inner)]
    if isinstance(value, bool):
        return [(prefix, "yes" if value else "no")]
    if isinstance(value, float):
        return [(prefix, f"{value:.6g}")]
    if isinstance(value, (list, tuple)):
        return [(prefix, ", ".join(text for inner in value for _, text in _flat("", inner)))]
    return [(prefix, str(value))]
