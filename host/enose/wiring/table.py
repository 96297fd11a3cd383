"""The wiring as a table: a row for each pin of a part."""

from dataclasses import asdict
from typing import Any

from rich.table import Table

from enose_hwsim.boardfile import BoardFile
from enose_hwsim.nets import nets
from enose_hwsim.straps import straps


def wiring_rows(board: BoardFile) -> list[dict[str, Any]]:
    """`pin`, `function`, `net`, `part`, `part_pin`, `key`: by the microcontroller's pins, then between the parts.

    Between the parts `pin` and `key` are None, and `function` is what they exchange.
    """
    rows = []
    for net in sorted(nets(board), key=lambda net: (net.pin is None, net.pin or 0)):
        own = {
            "pin": net.pin,
            "function": net.function,
            "net": net.name,
            "key": f"{net.section}.{net.key}" if net.section else None,
        }
        rows += [{**own, "part": end.part, "part_pin": end.pin} for end in net.ends]
    return rows


def strap_rows(board: BoardFile) -> list[dict[str, Any]]:
    """`part`, `pin`, `to`, `why`: what is tied for good."""
    return [asdict(strap) for strap in straps(board)]


def strap_table(rows: list[dict[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table("part", "pin", "tied to", "what for", box=None)
    for row in rows:
        table.add_row(row["part"], row["pin"], row["to"], row["why"])
    return table


def wiring_table(rows: list[dict[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table("GPIO", "function", "net", "part", "pin of the part", box=None)
    for row in rows:
        pin = "" if row["pin"] is None else str(row["pin"])
        table.add_row(pin, row["function"], row["net"], row["part"], row["part_pin"])
    return table
