"""What Windows has not: the app and the command line start without it, and a board is simulated over a socket."""

import os
import subprocess
import sys

import pytest

# Modules of POSIX systems only (Python's documentation, section "Unix-specific services", and `curses`)
LACKING = ("fcntl", "pty", "termios", "tty", "resource", "pwd", "grp", "syslog", "readline", "curses")
REFUSE = f"""
import importlib, pkgutil, sys
import serial  # it chooses by the system's name, and takes others of these elsewhere

class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name in {LACKING!r}:
            raise ModuleNotFoundError(f"no {{name}} on this system", name=name)

for name in {LACKING!r}:
    sys.modules.pop(name, None)
sys.meta_path.insert(0, Refuse())
try:
    import fcntl
except ModuleNotFoundError:
    pass
else:
    raise SystemExit("nothing is refused")
"""
EVERYTHING = """
FIRMWARE = ("device_side", "cpython_side.start")  # another process's; and what only begins one
left = []
for name in ("enose", "enose_hwsim", "enose_contract"):
    for found in pkgutil.walk_packages(importlib.import_module(name).__path__, name + "."):
        if not found.name.endswith("__main__") and not any(part in found.name for part in FIRMWARE):
            importlib.import_module(found.name)
            left.append(found.name)
assert "enose.app.window" in left and "enose.cli.main" in left and "enose_hwsim.board.simulated" in left
from enose.cli.main import make_app
make_app()
from enose.app.bench import Bench
from enose.app.run import application
from enose.app.window import Window
application()
window = Window(Bench())
window.show()
window.close()
print("started")
"""
A_BOARD = """
from enose.boards import find_board
from enose.cli.main import run
from enose.link.connect import open_device
from enose.link.device import Device
from enose.link.port import SerialPort
from enose_hwsim.board.simulated import SimulatedBoard
device = open_device("sim:pico-mlp")
print(device.port.board.port, device.info()["micropython"])
assert device.selftest()["passed"]
device.close()
board = SimulatedBoard(*find_board("pico-mlp")[:2], paced=True)
for _ in range(2):  # one host after the other
    device = Device(SerialPort(board.port))
    assert device.status()["state"] == "idle"
    device.close()
board.close()
"""


def under_refusal(code: str) -> str:
    environment = os.environ | {"ENOSE_INTERPRETER": "cpython", "QT_QPA_PLATFORM": "offscreen"}
    done = subprocess.run(
        [sys.executable, "-c", REFUSE + code], env=environment, timeout=100, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_every_module_of_ours_is_imported_and_the_window_opens_without_what_only_posix_has() -> None:
    assert under_refusal(EVERYTHING) == "started\n"


@pytest.mark.usefixtures("libngspice")  # the chip's curves, where they are not in the cache
def test_a_board_is_simulated_over_a_socket_where_there_are_no_ptys() -> None:
    port, interpreter = under_refusal(A_BOARD).split(maxsplit=1)
    assert port.startswith("socket://127.0.0.1:")
    assert interpreter.startswith("cpython")
