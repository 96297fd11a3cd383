"""The one driver of ngspice for all networks: a netlist loaded once, then each batch as one DC sweep over its samples.

Every input is a bare `external` source (`Vx x 0 external`), whose value ngspice asks for at each iteration, so neither
a new input nor a new weight touches the netlist. There is one ngspice in a process, and it holds one circuit: solvers
used in turns load their netlists in turns. Calls may come from any thread and wait for one another. Start worker
processes by `spawn`, or as joblib does: a process forked during an analysis inherits half of it.
"""

import re
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from enose_hwsim.spice.errors import SpiceError, SpiceMissing
from enose_hwsim.spice.netlist import Netlist
from enose_hwsim.spice.path import STRAIGHT, Path, Points
from enose_hwsim.spice.pyspice_mending import Ngspice

__all__ = ["Path", "Solution", "Solver", "SpiceError", "SpiceMissing"]

Floats = NDArray[np.float64]

INDEX_SOURCE = "venose_sample"  # what the sweep sweeps; it stands alone
VNTOL_V = 1e-9
ABSTOL_A = 1e-15  # the currents of weak inversion are not far above ngspice's own 1 pA
AT_START = (
    "set nomoremode",  # ngspice would wait for a key after a screenful
    "set num_threads=1",  # two OpenMP threads, the default, cost 8x
    "unset ngbehavior",  # a .spiceinit in the working directory may ask for a dialect in which (-2)^3 is not 8
    "optran 1 1 1 0 0 0",  # no pseudo-transient: never wanted, and 9 tenths of the time that a failing sample takes
)
BASE_LIMIT_S = 10.0
LIMIT_S_PER_SAMPLE = 0.1
TRANSIENT_LIMIT_S = 60.0

STEPS = re.compile(r"Trying gmin|Further gmin|One successful|Last gmin step|Supplies reduced|^ *Reference value")
STEPPING = re.compile(r"(gmin|source) stepping")
WRONG = re.compile(
    r"\berror\b|singular matrix|aborted|doAnalyses|too few parameters|no circuit loaded|undefined"
    r"|resistance to low|will be replaced",  # it would go on with another circuit than the given one
    re.I,
)
RESERVED = {"all", "none"}  # to `save`; after the latter ngspice keeps one sample of each sweep, for good
QUOTED_LINES = 12
# What ngspice kept from an analysis that stepping saved, and says of the next netlist that does not parse.
STALE = "Too many iterations without convergence"

_one_at_a_time = threading.Lock()


@dataclass(frozen=True)
class Solution:
    """What a batch came to: a voltage or current per output and sample, and how ngspice fared."""

    values: dict[str, Floats]  # (S,) for each output
    stepped: tuple[int, ...]  # samples that only gmin or source stepping solved: more than one solution may exist
    warnings: tuple[str, ...]  # ngspice's own words, those about the netlist first

    def __getitem__(self, output: str) -> Floats:
        return self.values[output]


class _Process:
    """The process's ngspice and the solver whose circuit it holds."""

    ngspice: Ngspice | None = None
    loaded: "Solver | None" = None


class Solver:
    """A netlist to be solved many times. `sources` are the names of its external sources, in lower case."""

    def __init__(self, netlist: object, reltol: float = 1e-6, limit_s: float = BASE_LIMIT_S) -> None:
        """Load a netlist: a PySpice Circuit, or a text whose first line is a title.

        An output errs by up to reltol times itself and 1 nV: ngspice hands out the iterate before the last.
        Raises SpiceError if the netlist does not parse, or another thread has not left ngspice within limit_s;
        SpiceMissing without libngspice.
        """
        lines = [line for line in str(netlist).splitlines() if line.strip()]
        while lines and lines[-1].strip().lower() == ".end":
            lines.pop()
        if len(lines) < 2:
            raise SpiceError("a netlist needs a title and elements")
        self.text = "\n".join(lines)
        self._parsed = Netlist(self.text, ())
        self._options = f".options reltol={reltol!r} vntol={VNTOL_V!r} abstol={ABSTOL_A!r}"
        self._warnings: tuple[str, ...] = ()
        self._saved: tuple[str, ...] = ()
        self._altered: dict[str, float] = {}
        with _turn(limit_s):
            self._load()

    @property
    def sources(self) -> list[str]:
        """Names of the external sources, in lower case: `vx`, or `v.xs.vx` in an instance xs of a subcircuit."""
        return self._parsed.sources

    def alter(self, parameters: Mapping[str, float], limit_s: float = BASE_LIMIT_S) -> None:
        """Set parameters of elements, as `@m.xs0.m1[delvto]`, from now on; 8 us each, and no netlist is loaded.

        Raises ValueError for a value that is not finite, SpiceError for a name that ngspice does not know; none of the
        parameters is then to be relied on.
        """
        for name, value in parameters.items():
            if not np.isfinite(value):
                raise ValueError(f"{name} is {value}, expected a finite number")
        with _turn(limit_s):
            ngspice = self._load()
            _alter(ngspice, parameters)
            self._altered.update(parameters)

    def solve(
        self,
        sources: Mapping[str, ArrayLike],
        outputs: Sequence[str],
        limit_s: float | None = None,
        path: Path = STRAIGHT,
    ) -> Solution:
        """Solve a batch of samples: each external source takes an array (S,), or one value for all samples.

        Outputs are node names, or `vx#branch` for the current through a voltage source. limit_s is 10 s and 0.1 s a
        point unless given. The sweep takes the `path`, each point starting from the solution of the last; answers are
        in the order given, and a point on the way that needed stepping counts for the sample it leads to. Raises
        SpiceError, after which the solver can be used again, for a sample without solution (a floating node, no
        convergence), an output that does not exist, or the time limit; ValueError for a source that is unknown, left
        out, not finite or of another length, for an output called `all` or `none`, and as Path.points.
        """
        table = self._table(sources)
        names = tuple(name.lower() for name in outputs)
        if reserved := RESERVED.intersection(names):
            raise ValueError(f"output {reserved.pop()}: ngspice takes it for a keyword")
        if not len(table):
            return Solution({output: np.empty(0) for output in outputs}, (), ())
        points = path.points(table, self.sources)
        limit_s = BASE_LIMIT_S + LIMIT_S_PER_SAMPLE * len(points.table) if limit_s is None else limit_s
        with _turn(limit_s):
            ngspice = self._load()
            try:
                return self._sweep(ngspice, points, dict(zip(outputs, names, strict=True)), limit_s)
            except BaseException:  # Ctrl-C too: the last iterate may be NaN, from which no later sample would recover
                _unload(ngspice)
                raise

    def transient(
        self,
        times_s: ArrayLike,
        sources: Mapping[str, ArrayLike],
        outputs: Sequence[str],
        step_s: float,
        limit_s: float = TRANSIENT_LIMIT_S,
    ) -> dict[str, Floats]:
        """The outputs (T,) at rising times from 0 on, the sources going in straight lines through their values (T,).

        Begins at the operating point of the first values. ngspice takes steps of at most step_s, so that it passes over
        no pulse longer than that. Raises SpiceError as `solve`; ValueError as `solve`, and for other times or steps.
        """
        times = np.asarray(times_s, dtype=np.float64)
        if times.ndim != 1 or len(times) < 2 or times[0] != 0 or not (np.diff(times) > 0).all() or not step_s > 0:
            raise ValueError("expected two or more rising times from 0 on, and a positive step")
        table = np.repeat(self._table(sources), len(times) if self._is_still(sources) else 1, axis=0)
        if len(table) != len(times):
            raise ValueError(f"values of {len(table)} samples, expected one for each of {len(times)} times")
        with _turn(limit_s):
            ngspice = self._load()
            try:
                self._save(ngspice, ("time", *(name.lower() for name in outputs)))
                ngspice.feed_waveforms(self.sources, times, table, limit_s)
                spoken = ngspice.command(f"tran {step_s!r} {float(times[-1])!r} 0 {step_s!r}")
                vectors = self._read(ngspice, spoken, [name.lower() for name in outputs], "time")
            except BaseException:
                _unload(ngspice)
                raise
        *values, at_s = vectors
        return {output: np.interp(times, at_s, value) for output, value in zip(outputs, values, strict=True)}

    def noise(
        self,
        sources: Mapping[str, float],
        output: str,
        source: str,
        band_hz: tuple[float, float],
        limit_s: float = BASE_LIMIT_S,
    ) -> tuple[Floats, Floats, Floats]:
        """Frequencies (F,), and the noise densities at the output and at the input in V/sqrt(Hz), at one sample.

        The input is the netlist's `source`, of its own, with an `ac 1`. Raises SpiceError and ValueError as `solve`;
        SpiceError, too, for a noise power below zero, which a card's flicker noise may come to.
        """
        table = self._table(sources)
        with _turn(limit_s):
            ngspice = self._load()
            try:
                self._save(ngspice, ())
                ngspice.feed(self.sources, table[:1], limit_s)
                low, high = band_hz
                spoken = ngspice.command(f"noise v({output}) {source} dec 10 {low!r} {high!r}")
                ngspice.command("setplot previous")  # the last one holds the sums over the band
                names = ["onoise_spectrum", "inoise_spectrum"]
                at_output, at_input, frequency = self._read(ngspice, spoken, names, "frequency")
            except BaseException:
                _unload(ngspice)
                raise
        if not np.isfinite(at_output).all():  # ngspice has drawn the root
            below_hz = frequency[~np.isfinite(at_output)][0]
            raise SpiceError(f"noise of {output} at {below_hz:g} Hz: its power is below zero")
        return frequency, at_output, at_input

    def _is_still(self, sources: Mapping[str, ArrayLike]) -> bool:
        return all(np.ndim(value) == 0 for value in sources.values())

    def _read(self, ngspice: Ngspice, spoken: list[tuple[int, str]], names: Sequence[str], scale: str) -> list[Floats]:
        """Vectors of the plot that an analysis has left, then its scale; the plot is gone afterwards."""
        said = _worth_telling(spoken)
        if ngspice.failure is not None:
            raise ngspice.failure
        if any("no data saved" in text for text in said):
            raise SpiceError(f"outputs {', '.join(names)}: ngspice knows no such node or branch")
        if ngspice.exited or any(WRONG.search(text) for text in said):
            raise SpiceError(_quote(said), self._parsed.line_named(said))
        vectors: list[Floats] = []
        for name in [*names, scale]:
            vector = ngspice.vector(name)
            if vector is None:
                raise SpiceError(f"output {name}: ngspice knows no such node or branch")
            vectors.append(vector)
        ngspice.command("destroy all")
        return vectors

    def _save(self, ngspice: Ngspice, wanted: tuple[str, ...]) -> None:
        if wanted != self._saved:
            ngspice.command("delete all")
            for name in wanted:
                ngspice.command(f"save {name}")
            self._saved = wanted

    def _table(self, sources: Mapping[str, ArrayLike]) -> Floats:
        given = {name.lower(): np.asarray(value, dtype=np.float64) for name, value in sources.items()}
        if set(given) != set(self.sources):
            odd = sorted(set(given) ^ set(self.sources))
            raise ValueError(f"external sources {', '.join(odd)}: expected exactly {', '.join(self.sources) or 'none'}")
        lengths = {value.shape for value in given.values() if value.ndim}
        if len(lengths) > 1 or any(len(shape) != 1 for shape in lengths):
            raise ValueError(f"values of shapes {sorted(lengths)}: expected one length (S,), or single values")
        samples = lengths.pop()[0] if lengths else 1
        table = np.empty((samples, len(self.sources)))
        for column, name in enumerate(self.sources):
            table[:, column] = given[name]
        if not np.isfinite(table).all():
            sample, column = np.argwhere(~np.isfinite(table))[0]
            raise ValueError(f"{self.sources[column]}[{sample}] is {table[sample, column]}, expected a finite number")
        return table

    def _load(self) -> Ngspice:
        ngspice = _running()
        if _Process.loaded is self:
            return ngspice
        _unload(ngspice)
        lines = [*self.text.splitlines(), f"{INDEX_SOURCE} {INDEX_SOURCE} 0 0", self._options, ".end"]
        try:
            try:
                self._warnings = self._parse(ngspice, lines)
            except SpiceError as error:
                if STALE not in str(error) or ngspice.exited:
                    raise
                _unload(ngspice)
                self._warnings = self._parse(ngspice, lines)  # it fails again, in the right words
            _alter(ngspice, self._altered)  # the circuit may have been loaded before, and altered
        except BaseException:
            _unload(ngspice)
            raise
        self._saved = ()
        _Process.loaded = self
        return ngspice

    def _parse(self, ngspice: Ngspice, lines: list[str]) -> tuple[str, ...]:
        said = _worth_telling(ngspice.load(lines))
        if not ngspice.exited:
            listing = [text.partition(" ")[2] for _, text in ngspice.command("listing expand")]
            said += [text for text in listing if text.startswith("Error")]
        if ngspice.failure is not None:
            raise ngspice.failure
        if ngspice.exited or any(WRONG.search(text) for text in said):
            raise SpiceError(_quote(said), self._parsed.line_named(said))
        self._parsed = Netlist(self.text, listing)
        return tuple(said)

    def _sweep(self, ngspice: Ngspice, points: Points, outputs: dict[str, str], limit_s: float) -> Solution:
        self._save(ngspice, tuple(outputs.values()))
        ngspice.feed(self.sources, points.table, limit_s)
        length, samples = len(points.table), len(points.at)
        spoken = ngspice.command(f"dc {INDEX_SOURCE} 0 {length - 1} 1")
        if ngspice.failure is not None:
            raise ngspice.failure
        stepped = tuple(
            sorted({points.sample(point) for point, text in spoken if point >= points.begins and STEPPING.search(text)})
        )
        said = _worth_telling(spoken)
        if any("no data saved" in text for text in said):
            raise SpiceError(f"outputs {', '.join(outputs)}: ngspice knows no such node or branch")
        if ngspice.exited or ngspice.sample != length or any(WRONG.search(text) for text in said):
            wrong = [text for text in said if not STEPPING.search(text)]
            sample = points.sample(ngspice.sample)
            raise SpiceError(f"sample {sample} of {samples}: {_quote(wrong)}", self._parsed.line_named(said))
        values = {}
        for output, name in outputs.items():
            vector = ngspice.vector(name)
            if vector is None or len(vector) != length:
                raise SpiceError(f"output {output}: ngspice knows no such node or branch")
            values[output] = vector[points.at]
        ngspice.command("destroy all")
        warnings = tuple(text for text in said if not STEPPING.search(text))
        return Solution(values, stepped, self._warnings + warnings)


@contextmanager
def _turn(limit_s: float) -> Iterator[None]:
    """This thread's turn with ngspice, waited for at most limit_s."""
    if not _one_at_a_time.acquire(timeout=limit_s):
        raise SpiceError(f"ngspice is busy: another thread has not left it for {limit_s:g} s")
    try:
        yield
    finally:
        _one_at_a_time.release()


def _running() -> Ngspice:
    """The process's ngspice, started at need, and anew after it declared itself beyond recovery."""
    ngspice = _Process.ngspice
    if ngspice is None or ngspice.exited:
        _Process.loaded = None
        _Process.ngspice = ngspice = Ngspice() if ngspice is None else ngspice.successor()
        for command in AT_START:
            ngspice.command(command)
    return ngspice


def _unload(ngspice: Ngspice) -> None:
    _Process.loaded = None
    if not ngspice.exited:
        for command in ("destroy all", "delete all", "remcirc"):
            ngspice.command(command)


def _alter(ngspice: Ngspice, parameters: Mapping[str, float]) -> None:
    for name, value in parameters.items():
        said = _worth_telling(ngspice.command(f"alter {name.lower()}={value!r}"))
        if ngspice.failure is not None:
            raise ngspice.failure
        if said:
            raise SpiceError(f"alter {name}: {_quote(said)}")


def _worth_telling(spoken: Sequence[tuple[int, str]]) -> list[str]:
    """The lines of stderr, each once, without notes on each step."""
    lines = (text.partition(" ")[2].strip() for _, text in spoken if text.startswith("stderr "))
    return list(dict.fromkeys(text for text in lines if text and not STEPS.search(text)))


def _quote(said: Sequence[str]) -> str:
    more = [f"and {len(said) - QUOTED_LINES} lines more"] if len(said) > QUOTED_LINES else []
    return "; ".join([*said[:QUOTED_LINES], *more]) or "ngspice gave no reason"
