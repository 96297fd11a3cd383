"""Flash or update a device's firmware; the port is given back to the deployment for that time."""

from pathlib import Path
from typing import Any

from PySide6.QtWidgets import QCheckBox, QDialog, QDialogButtonBox, QFileDialog, QLineEdit, QVBoxLayout, QWidget

from enose.app.bench import Bench
from enose.app.widgets import button, label, row
from enose.app.work import Job
from enose.boards import checked_board
from enose.deploy.flash import flash_first, flash_update
from enose.deploy.target import SimulatedTarget, Target, serial_target
from enose.link.key import read_key
from enose.project.schema import ProjectError

SIM = "sim:"


class FlashDialog(QDialog):
    """What is done is what `enose device flash` does."""

    def __init__(self, bench: Bench, parent: QWidget) -> None:
        super().__init__(parent)
        self._bench = bench
        self.setWindowTitle("Update firmware")
        now = bench.session.now
        self._address = now.address if now is not None else ""
        self._board = now.board.name if now is not None else ""
        whole = QVBoxLayout(self)
        whole.addWidget(
            label(
                f"The firmware of this program goes to {self._address}. The device keeps its configuration, images and "
                "log, and goes back to the firmware before if the new one does not test itself good within a minute."
            )
        )
        if self._address.startswith(SIM):
            whole.addWidget(
                label(
                    "A simulated board is flashed into a folder of its own, and runs from the source again after.",
                    "faint",
                )
            )
        self.first = QCheckBox("&First installation: the boot stub too")
        self.first.setChecked(self._address.startswith(SIM))
        self.first.setEnabled(not self._address.startswith(SIM))
        whole.addWidget(self.first)
        self._key = QLineEdit()
        self._key.setPlaceholderText("only for a device that was given a key")
        self._key.setAccessibleName("key file")
        whole.addLayout(row(label("Key file"), self._key, button("&Choose…", self._choose_key)))
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Cancel)
        start = buttons.addButton("&Update", QDialogButtonBox.ButtonRole.AcceptRole)
        start.setProperty("kind", "main")
        buttons.accepted.connect(self.start)
        buttons.rejected.connect(self.reject)
        whole.addWidget(buttons)

    def start(self) -> Job:
        """Let go of the device, and flash it."""
        self.accept()
        key = Path(self._key.text()) if self._key.text() else None
        first, address, board = self.first.isChecked(), self._address, self._board
        self._bench.session.close()
        return self._bench.session.lane.do(
            Job(
                "updating the firmware",
                lambda job: flash(job, address, board, first, key),
                done=self._flashed,
                failed=self._bench.trouble.emit,
            )
        )

    def _flashed(self, fields: dict[str, Any]) -> None:
        self._bench.good_news.emit(
            f"{fields['board']} runs firmware {fields['firmware_identity']}"
            f"{' (simulated)' if fields['simulated'] else ''}; {fields['files_sent']} files sent. Connect it again."
        )

    def _choose_key(self) -> None:
        name, _ = QFileDialog.getOpenFileName(self, "Key file")
        if name:
            self._key.setText(name)


def flash(job: Job, address: str, board: str, first: bool, key: Path | None) -> dict[str, Any]:
    """The whole course; what `Flashed.fields` holds. Raises as flash_first and flash_update do."""
    import tempfile

    secret = read_key(key) if key is not None else None
    if not address:
        raise ProjectError("no device is connected")
    with tempfile.TemporaryDirectory(prefix="enose-files-") as folder:
        target: Target
        if address.startswith(SIM):
            plain = address.partition("@")[0]
            target = SimulatedTarget(plain, Path(folder), Path(folder) / "flash.bin")
        else:
            target = serial_target(address)
        try:
            if first:
                return flash_first(target, *checked_board(board)[:2], secret, job.step).fields()
            return flash_update(target, lambda name: checked_board(name)[:2], False, secret, job.step).fields()
        finally:
            target.close()
