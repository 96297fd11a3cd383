"""What all pages share: the device, the project file, the image and the calibration that are at hand."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Signal

from enose.app.session import Connected, Session
from enose.app.trouble import Trouble
from enose.app.work import Done, Job, Lane, nothing
from enose.calibration.calibration import Calibration
from enose.project.store import Project
from enose_contract.image import Image


@dataclass(frozen=True)
class Chosen:
    """A weight image: its bytes, its content, and where it is from."""

    raw: bytes
    image: Image
    source: str


class Bench(QObject):
    """Pages change it, and are told by its signals; jobs that compute, and need no device, run on its own lane."""

    project_changed = Signal()
    image_changed = Signal()
    calibration_changed = Signal()
    programmed_changed = Signal()
    trouble = Signal(object)  # Trouble
    good_news = Signal(str)
    look_changed = Signal()

    def __init__(self, seed: int = 1) -> None:
        super().__init__()
        self.seed = seed
        self.session = Session()
        self.lane = Lane("computing")
        self.project: Path | None = None
        self.image: Chosen | None = None
        self.programmed: Chosen | None = None  # what this app has put into the device that is connected
        self.calibration: Calibration | None = None
        self.session.closed.connect(self._forget_device)
        self.session.lost.connect(self.trouble)

    def compute(
        self,
        title: str,
        work: Callable[[Job], Any],
        *,
        done: Done = nothing,
        said: Done = nothing,
        failed: Callable[[Trouble], None] | None = None,
        over: Callable[[], None] = lambda: None,
    ) -> Job:
        """Have work(job) done beside the window; a failure is shown to the user. See Job for the rest."""
        return self.lane.do(Job(title, work, done=done, said=said, failed=failed or self.trouble.emit, over=over))

    def ask(
        self,
        title: str,
        work: Callable[[Connected, Job], Any],
        *,
        done: Done = nothing,
        said: Done = nothing,
        over: Callable[[], None] = lambda: None,
    ) -> Job:
        """Have work(connected, job) done on the device's thread; a failure is shown to the user."""
        return self.session.ask(title, work, done=done, said=said, failed=self.trouble.emit, over=over)

    def open_project(self, path: Path) -> None:
        """Take this project file, made where there is none. Raises ProjectError."""
        Project.open_or_create(path).close()
        self.project = path
        self.project_changed.emit()

    def choose_image(self, chosen: Chosen) -> None:
        """The image that is programmed next."""
        self.image = chosen
        self.image_changed.emit()

    def note_programmed(self, chosen: Chosen | None) -> None:
        """What the device's chip has now."""
        self.programmed = chosen
        self.programmed_changed.emit()

    def set_calibration(self, found: Calibration | None) -> None:
        """What is known of the chip at hand."""
        self.calibration = found
        self.calibration_changed.emit()

    def stop(self) -> None:
        """At the end of the app: both threads."""
        self.lane.stop()
        self.session.stop()

    def _forget_device(self) -> None:
        self.note_programmed(None)
