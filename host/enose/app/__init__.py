"""The desktop app: pages around one device and one project file. Everything in here needs the extra `app` (Qt)."""

import os
import time

STARTED_S = float(os.environ.get("ENOSE_STARTED_S", time.time()))  # whoever measures the start says when it was

os.environ.setdefault("PYQTGRAPH_QT_LIB", "PySide6")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # before NumPy loads, as the command line does


class CheckFailed(RuntimeError):
    """A step of the app's check that did not come to its end: one line that says which, and why."""
