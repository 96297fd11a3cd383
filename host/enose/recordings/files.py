"""Files of recordings as bytes, lines and rows, and the numbers in their text."""

import csv
import io
import math
import re
import stat
from collections.abc import Iterator
from pathlib import Path

from enose.recordings.specimen import RecordingsError

PICKLE_SUFFIXES = {".pkl", ".pickle", ".joblib", ".p"}
NUMBER = re.compile(r"\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*", re.ASCII)


def check_there(path: Path, expected: str = "") -> None:
    """Raise RecordingsError where there is no such file or folder, or no looking at it."""
    try:
        path.stat()
    except FileNotFoundError:
        raise RecordingsError(f"{path}: there is no such file or folder{expected}") from None
    except OSError as error:
        raise RecordingsError(f"{path}: cannot be read ({error.strerror}){expected}") from error


def read_bytes(path: Path) -> bytes:
    """A file's bytes. Raises RecordingsError for a pickle, for what cannot be read, and for a folder or a pipe, which
    might never end."""
    try:
        if not stat.S_ISREG(path.stat().st_mode):
            raise RecordingsError(f"{path}: cannot be read (it is no regular file)")
        raw = path.read_bytes()
    except OSError as error:
        raise RecordingsError(f"{path}: cannot be read ({error.strerror})") from error
    refuse_pickle(str(path), raw[:2])
    return raw


def refuse_pickle(name: str, head: bytes, expected: str = "") -> None:
    """Raise RecordingsError for a pickle, by its name or its first bytes (protocols 2 to 5)."""
    binary = head[:1] == b"\x80" and head[1:2] <= b"\x08"
    if binary or Path(name).suffix.lower() in PICKLE_SUFFIXES:
        raise RecordingsError(f"{name}: a pickle is never read, for it may run anything{expected}")


def read_lines(path: Path) -> list[str]:
    """A file's lines as text, what is no UTF-8 replaced. Raises RecordingsError as read_bytes does."""
    return read_bytes(path).decode("utf-8-sig", errors="replace").split("\n")


def csv_rows(name: str, text: str, delimiter: str = ",") -> Iterator[tuple[int, list[str]]]:
    """The line at which each row begins, and its fields. Raises RecordingsError for what is no CSV."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        for fields in reader:
            yield line, fields
            line = reader.line_num + 1
    except csv.Error as error:
        raise RecordingsError(f"{name}:{line}: is no CSV ({error})") from error


def number_in(text: str) -> float:
    """A decimal number; NaN for anything else, and for what Python alone takes for a number (`1_000`, `nan`)."""
    return float(text) if NUMBER.fullmatch(text) else math.nan
