"""See start."""

import sys
from pathlib import Path

from enose_hwsim.board.cpython_side.start import run

run(Path(sys.argv[1]), Path(sys.argv[2]))
