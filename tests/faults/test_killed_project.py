"""A project file whose writer is killed at any moment opens again with all that was committed."""

import subprocess
import sys
from pathlib import Path

KILLS = 200


def test_a_project_survives_two_hundred_kills(tmp_path: Path) -> None:
    script = Path(__file__).with_name("killed_writer.py")
    done = subprocess.run(
        [sys.executable, str(script), str(tmp_path), str(KILLS), "1"], capture_output=True, text=True, timeout=110
    )
    assert done.returncode == 0, done.stderr
    kills, early, said = (int(text) for text in done.stdout.split())
    assert kills == KILLS
    assert 0 < early < KILLS / 2  # some as they opened the file, and most of them as they wrote
    assert said > KILLS
