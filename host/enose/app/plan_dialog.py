"""A plan of recording: classes in randomised blocks with blind codes, over some days."""

from PySide6.QtWidgets import QDialog, QDialogButtonBox, QFormLayout, QLineEdit, QSpinBox, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.widgets import label
from enose.project.contents import Provenance
from enose.project.plan import randomised_blocks
from enose.project.store import Project


class PlanDialog(QDialog):
    """What `enose plan` does."""

    def __init__(self, bench: Bench, parent: QWidget) -> None:
        super().__init__(parent)
        self._bench = bench
        self.setWindowTitle("Plan a recording")
        whole = QVBoxLayout(self)
        whole.addWidget(
            label(
                "Every block holds each class once, in random order, under a code that does not tell it: so the class "
                "follows neither the day nor the order, and whoever records does not know it.",
                "faint",
            )
        )
        form = QFormLayout()
        self.classes = QLineEdit("banana, lemon, lychee")
        self.repeats = QSpinBox(minimum=1, maximum=1000, value=8)
        self.days = QSpinBox(minimum=1, maximum=365, value=1)
        self.seed = QSpinBox(minimum=0, maximum=2**31 - 1, value=bench.seed)
        form.addRow("&Classes, by commas", self.classes)
        form.addRow("&Repeats of each", self.repeats)
        form.addRow("&Days", self.days)
        form.addRow("&Seed of the order", self.seed)
        whole.addLayout(form)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.make)
        buttons.rejected.connect(self.reject)
        whole.addWidget(buttons)

    def make(self) -> None:
        """Write the plan into the project."""
        self.accept()
        path = self._bench.project
        classes = [name.strip() for name in self.classes.text().split(",")]
        repeats, days, seed = self.repeats.value(), self.days.value(), self.seed.value()

        def write(_: object) -> int:
            entries = randomised_blocks(classes, repeats, days, seed)
            assert path is not None  # the page opens the dialog with a project only
            facts = {"repeats": repeats, "days": days, "seed": seed}
            with Project.open(path) as project:
                project.add_plan(entries, Provenance("plan", "randomised blocks", False, facts=facts))
            return len(entries)

        self._bench.compute("planning", write, done=self._planned)

    def _planned(self, count: int) -> None:
        self._bench.good_news.emit(f"{count} specimens are planned. Press Record to begin with the first.")
        self._bench.project_changed.emit()
