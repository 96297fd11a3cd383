"""The fast twin where it is certified; elsewhere ngspice, and the user is told."""

from collections.abc import Callable

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips import Chip
from enose_hwsim.chips.cells.mismatch import Shifts
from enose_hwsim.chips.transistor_chip import TransistorChip
from enose_hwsim.chips.twin.region import NotCertified, check_region
from enose_hwsim.chips.twin.store import load_tables
from enose_hwsim.chips.twin.twin import TwinChip


def trusted_chip(
    chip: MlpFile,
    temperature_c: float,
    shifts: Shifts | None = None,
    telling: Callable[[str], None] = lambda text: None,
) -> Chip:
    """The chip as a TwinChip, or as a TransistorChip where a TwinChip refuses, which `telling` is told with the reason.

    It is told, too, of tables that ngspice has to take first. Raises ValueError, SpiceError and SpiceMissing as the
    chip that it comes to.
    """
    try:
        check_region(chip, temperature_c)
        load_tables(chip, temperature_c, telling=telling)
        return TwinChip(chip, temperature_c, shifts)
    except NotCertified as refusal:
        telling(f"{refusal}; ngspice solves its transistors instead, which takes a thousand times as long or longer")
        return TransistorChip(chip, temperature_c, shifts)
