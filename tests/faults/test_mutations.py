"""The matrix and the monitor find a firmware that is wrong: each of these, in a copy of the firmware."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from enose_hwsim.board.process import firmware_folder

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_S = 100
pytestmark = pytest.mark.usefixtures("micropython")

# what is made wrong: (file, good, bad) each; then the test that has to fail, and words of how
MUTATIONS = {
    "heaters stay on": (
        [("cycle.py", "        self._heater.off()\n", "")],
        "converter -k 30-i2c-nack-in-idle", "heater"),
    "served in the safe state": (
        [("commands.py", "if refusing and kind", "if refusing == 99 and kind")],
        "chip -k 40-supply-missing-in-exposure", "assert_safe"),
    "a late refresh is none": (
        [("refresh.py", "        self.state = WEIGHTS_STALE\n", "")],
        "chip -k 37-refresh-late-in-baseline", "held"),
    "what does not mount is formatted": (
        [("store.py", "        if not _never_used(flash):\n            raise\n", "        pass\n")],
        "flash -k 20-will-not-mount-in-idle", "the image partition does not mount"),
    "no reply from the cache": (
        [("link.py", "        if sequence == self._sequence:\n            self._send(self._reply)\n",
          "        if sequence == self._sequence:\n")],
        "link -k 2-frame-lost-in-idle", "no answer to"),
    "the DAC is not looked at": (
        [("converters/ad5676r.py", "if not self._differing():\n            return False", "return False")],
        "converter -k 33-dac-readback-differs-in-exposure", "none"),
    "the DAC's level is not looked at where there are memristors": (
        [("chips/pulsed.py", "        if self._sense_channel >= 0:\n", "        if self._sense_channel >= 99:\n")],
        "converter -k 34-dac-gain-wrong-in-idle-on-pico-memristor", "none"),
    "a memristor is pulsed with the DAC's level off": (
        [("chips/pulsed.py", "            self.look_at_level()\n            if self.dist", "            if self.dist")],
        "pulsing -k drive_a_memristor_wrongly_is_safe[34-dac-reference-off", "'none' == 'programming'"),
    "an unreadable rail is good": (
        [("sensors/array.py", "return abs(self.rail_count - self._wanted_count) * 100 <=",
          "return self.rail_count >= 0 or 0 <=")],
        "sensor -k 29-reference-drift-in-warmup", "the converter's reference"),
    # no test looks at these: only the monitor does
    "a code beyond the range": (
        [("converters/ad5676r.py", "        if code < self._low[channel] or code > self._high[channel]:\n",
          "        if code < 0:\n"),
         ("chips/held.py", "            dac.write(channel, dac.code(channel, inputs_uv[k]))\n",
          "            dac.write(channel, dac.code(channel, inputs_uv[k]) + 3000)\n")],
        "time -k 41-tick-wraps-in-baseline", "DAC channel"),
    "weights refreshed in the safe state": (
        [("refresh.py", "        self.state = WEIGHTS_NONE\n\n    sleep", "        pass\n\n    sleep")],
        "converter -k 32-scl-stuck-in-baseline", "in the safe state"),
}  # fmt: skip


@pytest.mark.parametrize("name", MUTATIONS)
def test_it_is_found(tmp_path: Path, name: str) -> None:
    changes, chosen, words = MUTATIONS[name]
    folder = tmp_path / "firmware"
    shutil.copytree(firmware_folder(), folder, ignore=shutil.ignore_patterns("__pycache__"))
    for file, good, bad in changes:
        path = folder / "enose_device" / file
        source = path.read_text(encoding="utf-8")
        assert source.count(good) == 1
        path.write_text(source.replace(good, bad), encoding="utf-8")
    side, *options = chosen.split()
    found_with = {"PYTHONPATH": str(folder), "ENOSE_EVERY_PHASE": "1"}
    command = [sys.executable, "-m", "pytest", "-n0", "-vv", "-p", "no:cacheprovider", *options]
    done = subprocess.run(
        [*command, f"tests/faults/test_matrix_{side}.py"],
        cwd=ROOT, env={**os.environ, **found_with}, capture_output=True, text=True, timeout=PATIENCE_S,
        check=False,
    )  # fmt: skip
    assert done.returncode == 1, done.stdout
    assert words in done.stdout
