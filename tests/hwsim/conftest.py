"""The simulated board's fixtures; see rig.py."""

from collections.abc import Generator
from pathlib import Path

import pytest

from rig import board, device, power_on, programmed, raw

__all__ = ["board", "device", "power_on", "programmed", "raw"]


@pytest.fixture(scope="session")
def tables_folder(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Generator[Path, None, None]:
    """Where the fast twin's tables are kept, from run to run if pytest keeps a cache."""
    cache = getattr(request.config, "cache", None)
    folder = tmp_path_factory.mktemp("tables") if cache is None else cache.mkdir("tables")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("ENOSE_CACHE", str(folder))
        yield folder
