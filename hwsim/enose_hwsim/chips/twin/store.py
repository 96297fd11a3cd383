"""Where the twin's tables are kept: one file per chip, temperature and corner, named with the hash of its netlists.

The folder is $ENOSE_CACHE, else `enose` in $XDG_CACHE_HOME, else in ~/.cache. A file that another netlist left, or that
cannot be read, is not used: the tables are taken anew.
"""

import hashlib
import os
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from enose_hwsim.chipfile import MlpFile
from enose_hwsim.chips.twin import characterise
from enose_hwsim.chips.twin.characterise import Tables
from enose_hwsim.spice.cards import Corner

_in_memory: dict[tuple[str, float, Corner, str], Tables] = {}


def load_tables(
    chip: MlpFile, temperature_c: float, corner: Corner = "tt", telling: Callable[[str], None] = lambda text: None
) -> Tables:
    """The tables of a chip: from memory, from the store, or from ngspice, which `telling` is told of.

    Raises SpiceError and SpiceMissing where ngspice is needed and fails.
    """
    identity = netlist_hash(chip, temperature_c, corner)
    key = (chip.name, temperature_c, corner, identity)
    if key not in _in_memory:
        path = cache_folder() / f"{chip.name}-{temperature_c:g}c-{corner}-{identity[:16]}.npz"
        tables = _read(path)
        if tables is None:
            telling(f"characterising {chip.name} at {temperature_c:g} C with ngspice")
            tables = characterise.characterise(chip, temperature_c, corner)
            _write(path, tables)
        _in_memory[key] = tables
    return _in_memory[key]


def netlist_hash(chip: MlpFile, temperature_c: float, corner: Corner = "tt") -> str:
    """SHA-256 over the netlists that the tables are taken from, and over how they are taken."""
    texts = characterise.netlists(chip, temperature_c, corner)
    return hashlib.sha256("\0".join([*texts.values(), characterise.METHOD]).encode()).hexdigest()


def cache_folder() -> Path:
    """The folder of the store."""
    given = os.environ.get("ENOSE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "enose"


def _read(path: Path) -> Tables | None:
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            return Tables(**{name: stored[name] for name in Tables.names()})
    except (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile):
        return None  # not there, or broken


def _write(path: Path, tables: Tables) -> None:
    """Whole or not at all. A store that cannot be written costs the next run its seconds, nothing else."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, suffix=".npz", delete=False) as file:
            np.savez(file, **{name: getattr(tables, name) for name in Tables.names()})
        Path(file.name).replace(path)
    except OSError:
        return
