"""Faults that are the host's own affair, or malice: nothing of the board's, so that none is injected there."""

from enose_hwsim.board.faults.fault import Fault

FAULTS = (
    Fault(47, "pickle-offered", "host", "a pickle in place of recordings, an image or a key",
          "is not reached: the host refuses it unread", "one line that names the file, exit code 2"),
    Fault(48, "path-in-a-name", "host", "`../` in a name of a class, a model or a board",
          "stores in its two slots only; no name that it hears is ever a path", "one line, or nothing"),
    Fault(49, "bad-recordings", "host", "NaN, ragged or mixed-unit recordings",
          "is not reached", "one line with file, row and column, exit code 2"),
    Fault(50, "hostile-device", "host", "a device that answers anything at all",
          "(the host:) bounded parser, the session ends cleanly", "one line, exit code 2",
          tested="tests/faults/test_hostile_device.py"),
    Fault(51, "image-not-authentic", "host", "an unsealed, foreign or older image where a key is set",
          "refuses it; the old image stays", "one line that says which, exit code 1"),
    Fault(52, "foreign-port", "host", "a port that is not our device",
          "(the host:) sends nothing but hello", "one line that says so, exit code 2",
          tested="tests/faults/test_foreign_port.py"),
    Fault(53, "image-does-not-match", "host", "an image for another board, chip, calibration or sensor set",
          "refuses it; the old image stays", "one line with the command that mends it, exit code 1"),
    Fault(54, "host-killed", "host", "the host is killed while it records",
          "goes on", "everything that was shown as recorded is in the project file",
          tested="tests/faults/test_matrix_recorder.py"),
)  # fmt: skip
