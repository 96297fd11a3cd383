"""Start the app."""

import sys
from pathlib import Path

from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QApplication

from enose.app import STARTED_S
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


def run(project: Path | None = None, board: str | None = None, seed: int = 1, check: Path | None = None) -> int:
    """Show the window until it is closed; the exit code. Raises ProjectError for a file that is no project.

    check: try the app by itself, write what came out there, and close. Raises CheckFailed.
    """
    from enose.app.window import Window

    app = application()
    apply_look(app, system_look())
    bench = Bench(seed)
    try:
        if project is not None:
            bench.open_project(project)
        window = Window(bench)
        window.show()
        if check is not None:
            from enose.app.check import check as try_it

            app.processEvents()
            try_it(window, bench, check, STARTED_S)
            window.close()
            return 0
    except BaseException:
        bench.stop()
        raise
    if board is not None:
        window.connect_page.simulate(board)
    return app.exec()
