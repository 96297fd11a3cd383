"""What commands print: results on stdout, as text or JSON; progress and errors on stderr."""

import json
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

stdout = Console(soft_wrap=True, highlight=False)
stderr = Console(stderr=True, soft_wrap=True, highlight=False)


def print_json(value: Any) -> None:
    """One JSON document on stdout."""
    json.dump(value, sys.stdout, indent=2, ensure_ascii=False)
    sys.stdout.write("\n")


def print_fields(title: str, fields: dict[str, Any]) -> None:
    """Names and values, nested ones with their path."""
    table = Table(title=title, show_header=False, box=None, title_justify="left", padding=(0, 2, 0, 0))
    for name, value in _flat("", fields):
        table.add_row(name.replace("_", " "), value)
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
