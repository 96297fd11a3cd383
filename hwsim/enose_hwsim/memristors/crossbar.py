"""A crossbar of resistive devices with the resistance of its lines, by nodal analysis.

Row i is driven at its left end, column j at its bottom end. Each line has a segment of resistance before its first
node, counted from the driven end, and between neighbours: n x m devices, each from a row node to a column node, in
series with its access switch. A line without a voltage floats, and currents find their way through it (sneak paths).
A segment of 0 ohm makes one node of a whole line. Currents and voltages obey Kirchhoff's current law,
G v = i, solved once for all samples by scipy's sparse LU.
"""

from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.sparse.linalg import splu

from enose_hwsim.memristors.limits import Floats, within

Nodes = NDArray[np.intp]

FLOATING = np.nan  # in place of a line's voltage
LEAST_OHM, MOST_OHM = 1e-6, 1e15  # of a device: beyond them the equations would lose their digits


@dataclass(frozen=True)
class Solved:
    """What a crossbar came to, for each of S samples."""

    row_node_v: Floats  # (S, n, m), where a device meets its row
    column_node_v: Floats  # (S, n, m), where it meets its column
    device_v: Floats  # (S, n, m), over the device alone, without its switch
    cell_a: Floats  # (S, n, m), from row to column

    @property
    def row_a(self) -> Floats:
        """What each row (S, n) takes from its driver."""
        return cast(Floats, self.cell_a.sum(axis=2))

    @property
    def column_a(self) -> Floats:
        """What each column (S, m) gives to its driver."""
        return cast(Floats, self.cell_a.sum(axis=1))


@dataclass(frozen=True)
class Crossbar:
    """The resistances of lines and switches. An ideal crossbar is `Crossbar()`."""

    row_segment_ohm: float = 0.0
    column_segment_ohm: float = 0.0
    switch_on_ohm: float = 0.0
    switch_off_ohm: float = 1e12

    def __post_init__(self) -> None:
        """Raise ValueError for a negative resistance, or a switch that is better open than closed."""
        for name in ("row_segment_ohm", "column_segment_ohm", "switch_on_ohm"):
            within(name, getattr(self, name), 0.0, 1e12, "ohm")
        within("switch_off_ohm", self.switch_off_ohm, self.switch_on_ohm, np.inf, "ohm")

    def solve(
        self, device_ohm: ArrayLike, row_v: ArrayLike, column_v: ArrayLike, closed: ArrayLike | None = None
    ) -> Solved:
        """Solve for row voltages (S, n) or (n,) and column voltages (m,) or (S, m), NaN for a line that floats.

        device_ohm is (n, m); `closed` (n, m) says which access switches conduct, all unless given. Raises ValueError
        for shapes that do not fit, a device that is not of positive finite resistance (with its index), an infinite
        voltage, a line that floats in some samples only, and a crossbar that floats altogether.
        """
        ohm = np.asarray(device_ohm, dtype=np.float64)
        if ohm.ndim != 2 or not ohm.size:
            raise ValueError(f"device_ohm has the shape {ohm.shape}, expected (n, m)")
        ohm = within("device_ohm", ohm, LEAST_OHM, MOST_OHM, "ohm")
        rows, columns = ohm.shape
        row_v, column_v = _samples("row_v", row_v, rows), _samples("column_v", column_v, columns)
        samples = max(len(row_v), len(column_v))
        if {len(row_v), len(column_v)} - {1, samples}:
            raise ValueError(f"row_v has {len(row_v)} samples and column_v {len(column_v)}, expected as many or one")
        switch = np.ones(ohm.shape, dtype=bool) if closed is None else np.asarray(closed, dtype=bool)
        if switch.shape != ohm.shape:
            raise ValueError(f"closed has the shape {switch.shape}, expected {ohm.shape}")

        cell_ohm = ohm + np.where(switch, self.switch_on_ohm, self.switch_off_ohm)
        line_v = np.hstack([np.broadcast_to(v, (samples, v.shape[1])) for v in (row_v, column_v)])
        row_node_v, column_node_v = self._node_voltages(cell_ohm, line_v)
        cell_a = (row_node_v - column_node_v) / cell_ohm
        return Solved(row_node_v, column_node_v, cell_a * ohm, cell_a)

    def _node_voltages(self, cell_ohm: Floats, line_v: Floats) -> tuple[Floats, Floats]:
        """Voltages (S, n, m) at both ends of the cells, from those of the lines (S, n + m)."""
        rows, columns = cell_ohm.shape
        at_row = np.arange(rows * columns).reshape(rows, columns)
        at_column = at_row + at_row.size
        ends = np.arange(rows + columns) + 2 * at_row.size
        along_rows = np.column_stack((ends[:rows], at_row))  # the nodes of each row from its driven end on
        along_columns = np.column_stack((ends[rows:], at_column[::-1].T))
        joined = [(at_row, at_column, cell_ohm)]
        for along, segment_ohm in ((along_rows, self.row_segment_ohm), (along_columns, self.column_segment_ohm)):
            joined.append((along[:, :-1], along[:, 1:], np.full((len(along), along.shape[1] - 1), segment_ohm)))
        begin, end, ohm = (np.concatenate([np.ravel(part) for part in parts]) for parts in zip(*joined, strict=True))

        wire = ohm == 0
        wires = coo_array((np.ones(wire.sum()), (begin[wire], end[wire])), shape=(ends[-1] + 1, ends[-1] + 1))
        count, node = connected_components(wires, directed=False)
        node_v = _solve(count, node[begin[~wire]], node[end[~wire]], 1 / ohm[~wire], node[ends], line_v)
        return node_v[:, node[at_row]], node_v[:, node[at_column]]


def _solve(count: int, begin: Nodes, end: Nodes, siemens: Floats, line_nodes: Nodes, line_v: Floats) -> Floats:
    """Voltages (S, count) of all nodes, the nodes of the driven lines being given."""
    driven = ~np.isnan(line_v[0])
    if not driven.any():
        raise ValueError("every line of the crossbar floats: give at least one a voltage")
    at = np.concatenate((begin, end, begin, end)), np.concatenate((begin, end, end, begin))
    matrix = coo_array((np.concatenate((siemens, siemens, -siemens, -siemens)), at), shape=(count, count)).tocsc()
    node_v = np.zeros((len(line_v), count))
    node_v[:, line_nodes[driven]] = line_v[:, driven]
    unknown = np.setdiff1d(np.arange(count), line_nodes[driven])
    if len(unknown):
        injected = -(matrix[unknown] @ node_v.T)  # the driven nodes alone are not zero yet
        node_v[:, unknown] = splu(matrix[unknown][:, unknown]).solve(injected).T
    return node_v


def _samples(name: str, line_v: ArrayLike, count: int) -> Floats:
    table = np.atleast_2d(np.asarray(line_v, dtype=np.float64))
    if table.ndim != 2 or table.shape[1] != count or not len(table):
        raise ValueError(f"{name} has the shape {np.shape(line_v)}, expected ({count},) or (S, {count})")
    floating = np.isnan(table)
    if (differs := floating.any(axis=0) != floating.all(axis=0)).any():
        raise ValueError(f"{name}[{int(np.argmax(differs))}] floats in some samples, expected in all or none")
    within(name, table[~floating], -1e6, 1e6, "V")
    return table
