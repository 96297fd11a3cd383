"""Where the twin's tables are kept: files per chip, temperature and corner, named with the hash of their netlists.

The folder is $ENOSE_CACHE, else `enose` in $XDG_CACHE_HOME, else in ~/.cache. A file that another netlist left, or that
cannot be read, is not used: the tables are taken anew.
"""

import hashlib
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np

from enose_hwsim.cache import cache_folder
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin import characterise, densities
from enose_hwsim.chips.twin.characterise import Tables
from enose_hwsim.chips.twin.densities import Densities
from enose_hwsim.spice.cards import Corner

Telling = Callable[[str], None]
Kept = TypeVar("Kept", Tables, Densities)

_in_memory: dict[tuple[str, str], Tables | Densities] = {}  # by name and hash


def load_tables(
    chip: MlpFile, temperature_c: float, corner: Corner = "tt", telling: Telling = lambda text: None
) -> Tables:
    """The tables of a chip: from memory, from the store, or from ngspice, which `telling` is told of.

    Raises SpiceError and SpiceMissing where ngspice is needed and fails.
    """
    name = f"{chip.name}-{temperature_c:g}c-{corner}"

    def take() -> Tables:
        telling(f"characterising {chip.name} at {temperature_c:g} C with ngspice")
        return characterise.characterise(chip, temperature_c, corner)

    return _kept(Tables, name, netlist_hash(chip, temperature_c, corner), take)


def load_densities(chip: MlpFile, temperature_c: float, corner: Corner = "tt") -> Densities:
    """The noise of a chip's cells, in the same way; ngspice takes half a second. Raises SpiceError and SpiceMissing."""
    identity = _hash(chip, densities.netlists(chip, temperature_c, corner), densities.METHOD)
    name = f"{chip.name}-noise-{temperature_c:g}c-{corner}"
    return _kept(Densities, name, identity, lambda: densities.characterise(chip, temperature_c, corner))


def netlist_hash(chip: MlpFile, temperature_c: float, corner: Corner = "tt") -> str:
    """SHA-256 over the netlists that the tables are taken from, and over how they are taken."""
    return _hash(chip, characterise.netlists(chip, temperature_c, corner), characterise.METHOD)


def _hash(chip: MlpFile, texts: dict[str, str], method: str) -> str:
    ranges_v = (chip.synapse.weight_min_v, chip.synapse.weight_max_v, chip.synapse.v_ref_v)  # which the tables span
    return hashlib.sha256("\0".join([*texts.values(), repr(ranges_v), method]).encode()).hexdigest()


def _kept(kind: type[Kept], name: str, identity: str, take: Callable[[], Kept]) -> Kept:
    found = _in_memory.get((name, identity))
    if not isinstance(found, kind):
        path = cache_folder() / f"{name}-{identity[:16]}.npz"
        found = _read(path, kind)
        if found is None:
            found = take()
            _write(path, found)
        _in_memory[name, identity] = found
    return found


def _read(path: Path, kind: type[Kept]) -> Kept | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return kind(**{name: stored[name] for name in kind.names()})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there, or broken


def _write(path: Path, tables: Tables | Densities) -> None:
    """Whole or not at all. A store that cannot be written costs the next run its seconds, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, **{name: getattr(tables, name) for name in tables.names()})
        Path(file.name).replace(path)
    except OSError:
        return
