"""Fetching: over real HTTP, and only what has the SHA-256 that was expected is written."""

import hashlib
import io
import threading
import zipfile
from collections.abc import Callable, Generator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from enose.importing.fetch import SOURCES, FetchError, Source, fetch
from enose.recordings import RecordingsError

INSIDE = {"a.dat": b"first\n" * 100, "b.dat": b"second\n"}
PINS = {name: hashlib.sha256(content).hexdigest() for name, content in INSIDE.items()}
PINNED = Source("made-up", "https://example.invalid/x.zip", tuple(INSIDE), PINS)
UNPINNED = Source("made-up", "https://example.invalid/x.zip", tuple(INSIDE))


def zipped(files: dict[str, bytes]) -> bytes:
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return raw.getvalue()


class Publisher:
    """Serves one archive at any address, from a thread."""

    def __init__(self) -> None:
        publisher = self
        self.archive = b""
        self.claimed: int | None = None
        self.asked = 0

        class Request(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                publisher.asked += 1
                self.send_response(200 if "missing" not in self.path else 404)
                self.send_header("Content-Length", str(publisher.claimed or len(publisher.archive)))
                self.end_headers()
                self.wfile.write(publisher.archive)

            def log_message(self, format: str, *values: object) -> None:
                """Nothing: the test says what it needs."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Request)
        self.url = f"http://127.0.0.1:{self.server.server_port}/x.zip"


@pytest.fixture
def publisher() -> Generator[Publisher, None, None]:
    found = Publisher()
    thread = threading.Thread(target=found.server.serve_forever, daemon=True)
    thread.start()
    yield found
    found.server.shutdown()
    found.server.server_close()
    thread.join(timeout=10)


def refused(publisher: Publisher, folder: Path, said: str, source: Source = PINNED, sha256: str | None = None) -> None:
    with pytest.raises(FetchError) as caught:
        fetch(source, folder, url=publisher.url, sha256=sha256)
    assert said in str(caught.value), str(caught.value)
    assert list(folder.iterdir()) == []


def test_what_has_the_pinned_sha256_is_written(publisher: Publisher, tmp_path: Path) -> None:
    publisher.archive = zipped({"deep/a.dat": INSIDE["a.dat"], "more.zip": zipped({"b.dat": INSIDE["b.dat"]})})
    seen: list[int] = []
    found = fetch(PINNED, tmp_path, url=publisher.url, on_progress=lambda text, done, total: seen.append(done))
    assert found == hashlib.sha256(publisher.archive).hexdigest()
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == INSIDE
    assert seen[-1] == len(publisher.archive)


def test_one_changed_byte_is_refused(publisher: Publisher, tmp_path: Path) -> None:
    changed = b"secund\n"
    publisher.archive = zipped(INSIDE | {"b.dat": changed})
    got = hashlib.sha256(changed).hexdigest()
    refused(publisher, tmp_path, f"its b.dat has SHA-256 {got}, expected {PINS['b.dat']}")


def test_an_archive_may_be_expected_as_a_whole(publisher: Publisher, tmp_path: Path) -> None:
    publisher.archive = zipped(INSIDE)
    sha256 = hashlib.sha256(publisher.archive).hexdigest()
    refused(publisher, tmp_path, f"has SHA-256 {sha256}, expected {'0' * 64}", UNPINNED, "0" * 64)
    assert fetch(UNPINNED, tmp_path, url=publisher.url, sha256=sha256.upper()) == sha256


def test_without_any_pin_nothing_is_asked_for(publisher: Publisher, tmp_path: Path) -> None:
    with pytest.raises(RecordingsError, match="made-up: its SHA-256 is not pinned here, say which you expect"):
        fetch(UNPINNED, tmp_path, url=publisher.url)
    with pytest.raises(RecordingsError, match=r"file:///etc/passwd: expected an address that begins with https://"):
        fetch(PINNED, tmp_path, url="file:///etc/passwd")
    assert publisher.asked == 0


def test_what_cannot_be_had_is_said(publisher: Publisher, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    publisher.archive = b"no zip"
    refused(publisher, tmp_path, "is no archive that can be unzipped")
    publisher.archive = zipped({"a.dat": INSIDE["a.dat"]})
    refused(publisher, tmp_path, "holds no b.dat")
    publisher.claimed = len(publisher.archive) + 10
    refused(publisher, tmp_path, f"ended after {len(publisher.archive)} of {publisher.claimed} bytes")
    publisher.claimed = None
    monkeypatch.setattr("enose.importing.fetch.LARGEST_BYTES", len(publisher.archive) - 1)
    refused(publisher, tmp_path, "is more than 0 MB")
    monkeypatch.setattr("enose.importing.fetch.LARGEST_BYTES", 50_000)
    publisher.archive = zipped({"a.dat": bytes(100_000)})
    refused(publisher, tmp_path, "holds more than 0 MB")
    publisher.url = publisher.url.replace("x.zip", "missing.zip")
    refused(publisher, tmp_path, "cannot be fetched (HTTP Error 404")
    for url in ("http://127.0.0.1:1/x.zip", "http://127.0.0.1:port/x.zip"):
        publisher.url = url
        refused(publisher, tmp_path, f"{url}: cannot be fetched")


def test_the_known_sets_say_what_they_want() -> None:
    drift, home = SOURCES["gas-drift"], SOURCES["home-activity"]
    assert set(drift.pins) == set(drift.wanted)
    assert all(len(pin) == 64 and int(pin, 16) for pin in drift.pins.values())
    assert home.wanted == ("HT_Sensor_metadata.dat", "HT_Sensor_dataset.dat")
    assert home.pins == {}  # none of us has had the archive: whoever fetches it says which one is expected


@pytest.mark.data
def test_the_pins_are_those_of_the_real_batches(
    data_path: Callable[[str], Path], publisher: Publisher, tmp_path: Path
) -> None:
    files = {file.name: file.read_bytes() for file in data_path("uci_gas_drift").glob("batch*.dat")}
    publisher.archive = zipped({f"Dataset/{name}": content for name, content in files.items()})
    fetch(SOURCES["gas-drift"], tmp_path, url=publisher.url)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == files
