"""JSON files of recordings: one object, whose numbers are checked one by one."""

import json
from pathlib import Path
from typing import Any, TypeGuard

from enose.recordings.files import read_bytes
from enose.recordings.specimen import RecordingsError

LARGEST = 1e300  # whole numbers in JSON have no end, and a float would


def json_object(path: Path) -> dict[str, Any]:
    """The object in a file. Raises RecordingsError for a pickle, and for what is no JSON, or no object."""
    raw = read_bytes(path)
    try:
        document = json.loads(raw)
    except json.JSONDecodeError as error:
        raise RecordingsError(f"{path}:{error.lineno}: column {error.colno}: no JSON ({error.msg})") from error
    except UnicodeDecodeError as error:
        raise RecordingsError(f"{path}: byte {error.start} is no UTF-8 text") from error
    except RecursionError as error:
        raise RecordingsError(f"{path}: its brackets lie too deep in one another") from error
    except ValueError as error:
        raise RecordingsError(f"{path}: holds a number that is none ({error})") from error
    if not isinstance(document, dict):
        raise RecordingsError(f"{path}: holds no JSON object")
    return document


def finite(value: Any) -> TypeGuard[int | float]:
    """Whether it is a number, and one that a float holds; true and false are none."""
    return isinstance(value, (int, float)) and not isinstance(value, bool) and -LARGEST < value < LARGEST
