"""Start the app."""

import os
import sys
from pathlib import Path

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads, as the command line does

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from enose.app.bench import Bench
from enose.app.look import DARK, LIGHT, Look, apply_look


def application() -> QApplication:
    """The one application object of this process."""
    there = QApplication.instance()
    if isinstance(there, QApplication):
        return there
    made = QApplication(sys.argv[:1])
    made.setApplicationName("enose")
    made.setDesktopFileName("enose")
    return made


def system_look() -> Look:
    """Dark where the desktop says so."""
    from PySide6.QtCore import Qt

    return DARK if QGuiApplication.styleHints().colorScheme() == Qt.ColorScheme.Dark else LIGHT


def run(project: Path | None = None, board: str | None = None, seed: int = 1) -> int:
    """Show the window until it is closed; the exit code. Raises ProjectError for a file that is no project."""
    from enose.app.window import Window

    app = application()
    apply_look(app, system_look())
    bench = Bench(seed)
    try:
        if project is not None:
            bench.open_project(project)
        window = Window(bench)
    except BaseException:
        bench.stop()
        raise
    window.show()
    if board is not None:
        window.connect_page.simulate(board)
    return app.exec()
