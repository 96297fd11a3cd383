"""The key of sealed images, as a file of 32 random bytes."""

import os
import secrets
from pathlib import Path

from enose_contract.seal import KEY_SIZE


class KeyFileError(ValueError):
    """A file that holds no key: one line with file and reason."""


def read_key(path: Path) -> bytes:
    """The key in a file. Raises KeyFileError."""
    try:
        key = path.read_bytes()
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be read ({error.strerror})") from error
    if len(key) != KEY_SIZE:
        raise KeyFileError(f"{path}: {len(key)} bytes, a key has {KEY_SIZE}")
    return key


def made_key(path: Path) -> bytes:
    """The key in a file; where there is no such file, a new one that only its owner can read. Raises KeyFileError."""
    try:
        opened = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return read_key(path)
    except OSError as error:
        raise KeyFileError(f"{path}: cannot be written ({error.strerror})") from error
    key = secrets.token_bytes(KEY_SIZE)
    try:
        with os.fdopen(opened, "wb") as file:
            file.write(key)
            file.flush()
            os.fsync(file.fileno())  # before a device has it, for good: this file is the only other copy
    except OSError as error:
        path.unlink(missing_ok=True)  # half a key would be taken for a damaged one the next time
        raise KeyFileError(f"{path}: cannot be written ({error.strerror})") from error
    return key
