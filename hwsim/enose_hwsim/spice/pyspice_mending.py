"""PySpice 1.5's front end of libngspice, mended for ngspice 39 and later; its netlist builder needs no mending.

What is mended, and why:
- Every line on stderr counted as an error, but ngspice notes its progress there. Here lines are kept for the driver.
- Versions after 34 drew a warning and a guess, and results came in a subclass of ndarray with units, or by way of
  `np.fromstring`, which today's NumPy refuses. Here vectors are read from the library into plain arrays.
- The library was looked for as `libngspice.so`, which only a development package has. Here as the loader knows it.
- ngspice declares itself beyond recovery at an undefined parameter in a netlist, and corrupts memory if it is used on.
  Then a copy of its library takes over, for the library itself stays loaded while anybody else has opened it. A second
  instance was impossible: the C declarations were read anew, which cffi refuses.
- An exception in a callback, Ctrl-C among them, was printed, and the callback answered 0 V. Here it ends the analysis.
- A sweep could not be stopped. Here every external source answers NaN from then on, and ngspice soon gives up.
- A source's name was decoded at every call. Here its address is looked up, in 0.5 us a call.
"""

import ctypes
import ctypes.util
import locale
import os
import shutil
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PySpice.Spice.NgSpice import Shared

from enose_hwsim.spice.errors import SpiceError, SpiceMissing

ffi = Shared.ffi
COMMANDS_KEPT = 1000  # ngspice stores every command until told to forget


class _Symbol(ctypes.Structure):
    """Dl_info of dladdr(3)."""

    _fields_ = (
        ("file", ctypes.c_char_p),
        ("base", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("address", ctypes.c_void_p),
    )


class Ngspice(Shared.NgSpiceShared):  # type: ignore[misc] # PySpice has no types
    """One copy of libngspice: commands, netlists, vectors, and external sources fed from a table, row by row."""

    _declared = False

    def __init__(self, library: str | None = None) -> None:
        """Load and start the library: this file, else NGSPICE_LIBRARY_PATH, else what the system's loader finds.

        Raises SpiceMissing where there is none.
        """
        installed = os.environ.get("NGSPICE_LIBRARY_PATH") or ctypes.util.find_library("ngspice") or ""
        self.library_path = library or installed
        self.lines: list[tuple[int, str]] = []  # (sample, line) that ngspice wrote since the last command or netlist
        self.sample = 0
        self.exited = False  # ngspice has declared itself beyond recovery
        self.failure: BaseException | None = None  # why the analysis under way was abandoned
        self._table: NDArray[np.float64] = np.empty((0, 0))
        self._row: list[float] = []
        self._times_s: NDArray[np.float64] | None = None  # of a transient, whose waveforms are the table's columns
        self._limit_s = self._deadline_s = float("inf")
        self._column: dict[Any, int] = {}  # by the address of a source's name: it stays while its circuit is loaded
        self._column_of: dict[str, int] = {}
        self._commands = 0
        super().__init__(send_data=True)
        self._original = self._file()

    def command(self, text: str) -> list[tuple[int, str]]:
        """Run one command and return what ngspice wrote meanwhile: (sample, line), the line's first word its stream."""
        self.lines = []
        self._commands += 1
        if self._commands % COMMANDS_KEPT == 0:
            self._ngspice_shared.ngSpice_Command(ffi.NULL)
        self._ngspice_shared.ngSpice_Command(text.encode())
        return self.lines

    def load(self, lines: list[str]) -> list[tuple[int, str]]:
        """Parse a netlist and return what ngspice wrote meanwhile; `failure` says of an exception in a callback."""
        self.lines = []
        self.failure = None
        self._deadline_s = float("inf")  # that of the last sweep may have passed
        self._column.clear()
        kept = [ffi.new("char[]", line.encode()) for line in [*lines, ""]]
        self._ngspice_shared.ngSpice_Circ(ffi.new("char *[]", [*kept, ffi.NULL]))
        return self.lines

    def feed(self, names: list[str], table: NDArray[np.float64], limit_s: float) -> None:
        """Let the external sources `names` answer row k of `table` (S, len(names)) at point k of the next sweep.

        The sweep is abandoned limit_s from now, or at an exception in a callback; `failure` then says why.
        """
        self._column_of = {name: column for column, name in enumerate(names)}
        self._column.clear()
        self._table = table
        self._row = table[0].tolist()
        self._times_s = None
        self.sample = 0
        self.failure = None
        self._limit_s = limit_s
        self._deadline_s = time.monotonic() + limit_s

    def feed_waveforms(
        self, names: list[str], times_s: NDArray[np.float64], table: NDArray[np.float64], limit_s: float
    ) -> None:
        """Let the sources go from row to row of `table` (T, len(names)) in straight lines, row k at times_s[k]."""
        self.feed(names, table, limit_s)
        self._times_s = times_s

    def vector(self, name: str) -> NDArray[np.float64] | None:
        """A copy of a real vector of the current plot, None where ngspice knows no such name."""
        info = self._ngspice_shared.ngGet_Vec_Info(name.encode())
        if info == ffi.NULL or info.v_realdata == ffi.NULL:
            return None
        return np.frombuffer(ffi.buffer(info.v_realdata, 8 * info.v_length), dtype=np.float64).copy()

    def successor(self) -> "Ngspice":
        """A fresh ngspice for this one, which has exited and is unloaded; about 0.2 MB of it stay behind."""
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            fresh = Ngspice(shutil.copy(self._original, folder))
        fresh._original = self._original
        ffi.dlclose(self._ngspice_shared)
        return fresh

    def _file(self) -> str:
        """The library's file, which the loader found by its name."""
        if Path(self.library_path).is_file():
            return str(Path(self.library_path).resolve())
        found = _Symbol()
        address = int(ffi.cast("intptr_t", ffi.addressof(self._ngspice_shared, "ngSpice_Init")))
        ctypes.CDLL(None).dladdr(ctypes.c_void_p(address), ctypes.byref(found))
        return os.fsdecode(found.file)

    # From here on: what PySpice's constructor calls, and ngspice.

    library_path = ""  # a property there

    def _load_library(self, verbose: bool) -> None:
        locale.setlocale(locale.LC_NUMERIC, "C")  # ngspice reads and writes numbers by it
        if not Ngspice._declared:
            ffi.cdef((Path(Shared.__file__).parent / "api.h").read_text())
            Ngspice._declared = True
        if not self.library_path:
            raise SpiceMissing("no libngspice: install the package libngspice0, or set NGSPICE_LIBRARY_PATH")
        try:
            self._ngspice_shared = ffi.dlopen(self.library_path)
        except OSError as error:
            raise SpiceMissing(f"libngspice not loaded: {error}; the package is libngspice0") from error

    def _init_ngspice(self, send_data: bool) -> None:
        def callback(signature: str, function: Any, error: int = 0) -> Any:
            return ffi.callback(signature, function, error=error, onerror=self._failed)

        source = "int(double *, double, char *, int, void *)"
        self._callbacks = (  # kept, for cffi frees what nobody holds
            callback("int(char *, int, void *)", self._said),
            callback("int(int, bool, bool, int, void *)", self._exits),
            callback("int(pvecvaluesall, int, int, void *)", self._solved),
            callback("int(pvecinfoall, int, void *)", self._begins),  # without it ngspice never calls _solved
            callback(source, self._source_value),
            ffi.new("int *", 0),
        )
        said, exits, solved, begins, value, identity = self._callbacks
        self._ngspice_shared.ngSpice_Init(said, ffi.NULL, exits, solved, begins, ffi.NULL, ffi.NULL)
        self._ngspice_shared.ngSpice_Init_Sync(value, value, ffi.NULL, identity, ffi.NULL)

    def _said(self, text: Any, identity: int, user: Any) -> int:
        self.lines.append((self.sample, ffi.string(text).decode("utf8", "replace")))
        self._watch_time()  # a sample that is hard to solve calls here only
        return 0

    def _exits(self, status: int, immediate: bool, quits: bool, identity: int, user: Any) -> int:
        self.exited = True
        return 0

    def _begins(self, plot: Any, identity: int, user: Any) -> int:
        return 0

    def _solved(self, values: Any, count: int, identity: int, user: Any) -> int:
        self.sample = sample = values.vecindex + 1
        if self._times_s is not None:
            self._watch_time()
        elif sample < len(self._table) and self.failure is None:
            self._row = self._table[sample].tolist()
            self._watch_time()
        return 0

    def _source_value(self, value: Any, time_s: float, name: Any, identity: int, user: Any) -> int:
        column = self._column.get(name)
        if column is None:
            column = self._column[name] = self._column_of[ffi.string(name).decode()]
        if self._times_s is None or self.failure is not None:
            value[0] = self._row[column]
        else:
            value[0] = np.interp(time_s, self._times_s, self._table[:, column])
        return 0

    def _watch_time(self) -> None:
        if time.monotonic() > self._deadline_s:
            self._abandon(SpiceError(f"sample {self.sample} of {len(self._table)}: {self._limit_s:g} s have passed"))

    def _failed(self, kind: type[BaseException], error: BaseException, traceback: TracebackType) -> None:
        self._abandon(error)

    def _abandon(self, error: BaseException) -> None:
        if self.failure is None:
            self.failure = error
            self._row = [float("nan")] * len(self._column_of)
