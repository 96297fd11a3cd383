"""Sets fetched from their publisher, taken only if they are what is expected: by SHA-256.

Gas drift is pinned file by file, batches 1 to 5. Of home activity no SHA-256 is pinned here, for none of us has had the
publisher's archive in hands: whoever fetches it says which one he expects.
"""

import hashlib
import io
import tempfile
import urllib.error
import urllib.request
import zipfile
from collections.abc import Callable
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path, PurePosixPath
from typing import IO

from enose.importing.ht_sensor import DATASET, METADATA
from enose.recordings.specimen import RecordingsError

TIMEOUT_S = 30.0  # without a byte
LARGEST_BYTES = 400_000_000  # of an archive, and of what it holds
DEEPEST = 2  # an archive within the archive
PIECE = 1 << 20
UCI = "https://archive.ics.uci.edu/static/public"
Progress = Callable[[str, int, int | None], None]


class FetchError(Exception):
    """What was asked for could not be fetched: the work failed, the input was not wrong."""


@dataclass(frozen=True)
class Source:
    """A set at its publisher: the archive, the files in it that are wanted, and their SHA-256 where that is pinned."""

    name: str
    url: str
    wanted: tuple[str, ...]
    pins: dict[str, str] = field(default_factory=dict)


SOURCES = {
    "home-activity": Source(
        "home-activity", f"{UCI}/362/gas+sensors+for+home+activity+monitoring.zip", (METADATA, DATASET)
    ),
    "gas-drift": Source(
        "gas-drift",
        f"{UCI}/270/gas+sensor+array+drift+dataset+at+different+concentrations.zip",
        tuple(f"batch{k}.dat" for k in range(1, 6)),
        {
            "batch1.dat": "6b62f3e71b90f95dd9c2157fa91ffce32571faa7f474dd52f29a4ae769144625",
            "batch2.dat": "4ea9490068457badf9efd0c22f359fbfce12c208cdd440526b97ac91d31b9002",
            "batch3.dat": "aabf06bf8b8200740156235dc59458e06d99aa8faba4d6764a22c6b6c2674ff4",
            "batch4.dat": "ffc87c5146001bbe8ce90c4b2f7dad5b390ca3079f51b559032df53ffe5ff0af",
            "batch5.dat": "dcad4939c300a6c7d9f41b9470a9253eecc0ebc5c2c4e940d8ae20b8fc4240d0",
        },
    ),
}


def fetch(
    source: Source,
    folder: Path,
    *,
    sha256: str | None = None,
    url: str | None = None,
    on_progress: Progress = lambda text, done, total: None,
) -> str:
    """Fetch a set's files into a folder that is there; the archive's SHA-256.

    `sha256` is what the archive has to be, `url` another place to have it from. Raises RecordingsError before anything
    is fetched where neither the files nor the archive are pinned, and for an address that is none; FetchError where it
    cannot be had, is too large, or is not what was expected. Nothing is written then.
    """
    address = url or source.url
    if not address.startswith(("https://", "http://")):
        raise RecordingsError(f"{address}: expected an address that begins with https://")
    if sha256 is None and set(source.wanted) - set(source.pins):
        raise RecordingsError(f"{source.name}: its SHA-256 is not pinned here, say which you expect with --sha256")
    with tempfile.TemporaryFile() as archive:
        found = _download(address, archive, on_progress)
        if sha256 is not None and found != sha256.lower():
            raise FetchError(f"{address}: has SHA-256 {found}, expected {sha256.lower()}")
        archive.seek(0)
        files = _unpacked(address, archive, set(source.wanted), 0)
    for name in source.wanted:
        if name not in files:
            raise FetchError(f"{address}: holds no {name}")
        got, pin = hashlib.sha256(files[name]).hexdigest(), source.pins.get(name)
        if pin is not None and got != pin:
            raise FetchError(f"{address}: its {name} has SHA-256 {got}, expected {pin}")
    for name in source.wanted:
        (folder / name).write_bytes(files[name])
    return found


def _download(address: str, archive: IO[bytes], on_progress: Progress) -> str:
    found, done = hashlib.sha256(), 0
    try:
        with urllib.request.urlopen(address, timeout=TIMEOUT_S) as reply:
            total = int(reply.headers.get("Content-Length") or 0) or None
            while piece := reply.read(PIECE):
                done += len(piece)
                if done > LARGEST_BYTES:
                    raise FetchError(f"{address}: is more than {LARGEST_BYTES // 10**6} MB")
                found.update(piece)
                archive.write(piece)
                on_progress("fetching (bytes)", done, total)
            if total is not None and done != total:
                raise FetchError(f"{address}: ended after {done} of {total} bytes")
    except urllib.error.HTTPError as error:
        error.close()  # it holds the connection
        raise FetchError(f"{address}: cannot be fetched ({error})") from error
    except (OSError, ValueError, HTTPException) as error:  # urllib's errors are OSErrors; a bad address is a ValueError
        raise FetchError(f"{address}: cannot be fetched ({error})") from error
    return found.hexdigest()


def _unpacked(address: str, archive: IO[bytes], wanted: set[str], depth: int) -> dict[str, bytes]:
    """The wanted files of an archive by their bare names, those of the archives within it too."""
    found: dict[str, bytes] = {}
    try:
        with zipfile.ZipFile(archive) as opened:
            if sum(member.file_size for member in opened.infolist()) > LARGEST_BYTES:
                raise FetchError(f"{address}: holds more than {LARGEST_BYTES // 10**6} MB")
            for member in opened.infolist():
                name = PurePosixPath(member.filename).name  # wherever it would lie: only the bare name is used
                if name in wanted:
                    found[name] = opened.read(member)
                elif name.lower().endswith(".zip") and depth < DEEPEST:
                    found |= _unpacked(address, io.BytesIO(opened.read(member)), wanted, depth + 1)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError) as error:
        raise FetchError(f"{address}: is no archive that can be unzipped ({error})") from error
    return found
