"""The wiring as a table: a row for each pin of a part."""

from typing import Any

from rich.table import Table

from enose_hwsim.boardfile import BoardFile
from enose_hwsim.nets import nets


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


def wiring_table(rows: list[dict[str, Any]]) -> Table:
    """The rows for a terminal."""
    table = Table("GPIO", "function", "net", "part", "pin of the part", box=None)
    for row in rows:
        pin = "" if row["pin"] is None else str(row["pin"])
        table.add_row(pin, row["function"], row["net"], row["part"], row["part_pin"])
    return table
