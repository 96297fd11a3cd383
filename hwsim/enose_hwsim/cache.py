"""Where this computer keeps what takes seconds to make: $ENOSE_CACHE, else `enose` in $XDG_CACHE_HOME or ~/.cache."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The folder; it need not be there yet."""
    given = os.environ.get("ENOSE_CACHE")
    if given:
        return Path(given)
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "enose"
