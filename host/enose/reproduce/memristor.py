"""`enose reproduce memristor`: paper 002's network and its devices in one answer."""

from collections.abc import Callable

from enose.boards import boards_folder
from enose.memristor.measured import MeasuredLoop
from enose.reproduce.memristor_devices import device_rows
from enose.reproduce.memristor_network import network_rows
from enose.reproduce.rows import Row
from enose_hwsim.chipfile import MemristorFile
from enose_hwsim.tomlfile import load

Progress = Callable[[str, int, int | None], None]

CHIP = "memristor542"


def reproduce(
    loop: MeasuredLoop | None = None, seed: int = 1, on_progress: Progress = lambda text, done, total: None
) -> list[Row]:
    """All rows: the network's, with the sigmoid of the chip that comes with the project, then the devices'.

    Without a measured loop one row stands for those of the models' errors. Raises BoardError for a chip file that
    cannot be used, ThresholdReached for a memristor at its threshold, SpiceError and SpiceMissing as Solver.
    """
    chip = load(boards_folder() / "chips" / f"{CHIP}.toml", MemristorFile)
    on_progress("the network of paper 002 in ngspice", 0, None)
    rows = network_rows(chip)
    on_progress("memristors in ngspice", 0, None)
    return rows + device_rows(loop, seed, on_progress=on_progress)
