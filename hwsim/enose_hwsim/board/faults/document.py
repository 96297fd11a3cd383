"""docs/faults.md, from the table: `python -m enose_hwsim.board.faults.document > docs/faults.md`."""

from enose_hwsim.board.faults.fault import Fault
from enose_hwsim.board.faults.table import FAULTS

SECTIONS = {
    "link": "Link",
    "flash": "Flash and power",
    "sensor": "Sensors",
    "converter": "Converters and buses",
    "chip": "Chip",
    "time": "Time and memory",
    "host": "Host files and malice",
}
HEAD = """# Faults, and what the device does

Made from the table of faults in `hwsim/enose_hwsim/board/faults`; a test holds it to that. All of it is simulated: the
firmware is the one that is flashed, the board around it is a model.

`enose sim pico-mlp --fault NAME@SECONDS` lets a fault befall a simulated board; `enose sim --list-faults` prints this
list. In a program, `SimulatedBoard.inject(NAME)` and `mend(NAME)` do the same. The same name and seed are the same run.

Each fault is tested in every phase of the controller (just started, programming, warm-up, baseline, exposure,
recovery, with an answer standing), but for those that have one moment only, and on two boards: `pico-mlp`, whose
weights leak, and `pico-memristor`, whose weights do not. What differs between them is said in the row. `make faults`
runs them all; `make faults ARGS="-k NAME"` picks one, and a test's id reads `33-dac-readback-differs-in-exposure`, on
the second board `33-dac-readback-differs-in-exposure-on-pico-memristor`. `make test` leaves out all but one phase of
each fault on the second board; which one stays, the fault's name decides. What befalls it while its memristors are
being pulsed is in `test_matrix_pulsing.py`.

**Safe state**: latched; the analog switch is open, the DACs are at their no-field code, heaters are off and the valve
is at clean air, the answer is NONE; only identify, status, result, log and clear are served. `enose device safe
--clear` leaves it.

**The analog monitor** is on every simulated board, and asked at the end of every board that a test switches on: no
code outside a channel's range reaches a converter, even behind an open switch; no chip input, weight or memristor is
driven beyond the chip's limits; nothing is driven once the device has said that it is in its safe state. Faults of the
DAC itself put out what nobody asked for; their first 1.5 s, until the firmware has noticed, are kept apart from what
counts.
"""
COLUMNS = ("no.", "fault", "what is injected", "what the device does", "what a user sees", "tests")


def document() -> str:
    """The whole page."""
    return HEAD + "".join(_section(side, title) for side, title in SECTIONS.items())


def _section(side: str, title: str) -> str:
    rows = [_row(fault) for fault in FAULTS if fault.side == side]
    head = [_line(COLUMNS), _line(["---"] * len(COLUMNS))]
    return f"\n## {title}\n\n" + "\n".join(head + rows) + "\n"


def _row(fault: Fault) -> str:
    name = f"`{fault.name}`" if fault.row["injectable"] else fault.name
    return _line((str(fault.number), name, fault.what, fault.does, fault.sees, where_tested(fault)))


def _line(cells: tuple[str, ...] | list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def where_tested(fault: Fault) -> str:
    """The file of its tests, and what picks them."""
    if fault.tested:
        return f"`{fault.tested}`"
    return f"`test_matrix_{fault.side}.py -k {fault.number}-{fault.name}`"


if __name__ == "__main__":
    print(document(), end="")
