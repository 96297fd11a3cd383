"""What is wrong with a board, beyond what its file's types can tell: pins, parts, memory, and what the chip needs."""

from pathlib import Path

from enose_hwsim.board_check.fit import fit_problems
from enose_hwsim.board_check.memory import memory_problems
from enose_hwsim.board_check.parts import part_problems
from enose_hwsim.board_check.pins import pin_problems, usb_sense_problems
from enose_hwsim.board_check.problem import Problem
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.chipfile import ChipFile
from enose_hwsim.mcu import MICROCONTROLLERS
from enose_hwsim.nets import Net, nets
from enose_hwsim.tomlfile import line_of


def board_problems(board: BoardFile, chip: ChipFile, path: Path) -> list[str]:
    """Every problem as one line `file:line: key: value, expected ...`, in the order of the file; none if good.

    path: the board's file, for the lines.
    """
    mcu = MICROCONTROLLERS[board.mcu]
    source = path.read_text(encoding="utf-8")

    def line(place: Net | Problem) -> int:
        return line_of(source, [place.section] if place.section else [], place.key)

    found = [
        *pin_problems(sorted((net for net in nets(board) if net.pin is not None), key=line), mcu),
        *usb_sense_problems(board, mcu),
        *part_problems(board, mcu),
        *memory_problems(board, mcu),
        *fit_problems(board, chip, mcu),
    ]
    return [f"{path}:{line(problem)}: {problem}" for problem in sorted(found, key=line)]
