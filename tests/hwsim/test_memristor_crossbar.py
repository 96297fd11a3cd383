"""Crossbars: Kirchhoff's laws, badcrossbar's figures, ngspice, and the paths that currents find."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.memristors.crossbar import FLOATING, Crossbar
from enose_hwsim.spice.driver import Solver

OHM = np.array([[5e3, 10e3, 20e3], [50e3, 10e3, 8e3]])
ROW_V = np.array([0.1, 0.05])
GROUND = np.zeros(3)


def test_badcrossbar_says_the_same() -> None:
    """Figures of badcrossbar 1.1.0: compute(ROW_V[:, None], OHM, r_i_word_line=15.0, r_i_bit_line=40.0).

    Recorded, not computed here: the package needs cairo's headers to be installed.
    """
    found = Crossbar(row_segment_ohm=15.0, column_segment_ohm=40.0).solve(OHM, ROW_V, GROUND)
    exactly = {"rtol": 1e-10}  # two direct solutions of one linear system
    np.testing.assert_allclose(
        found.column_a[0], [2.055589790292e-05, 1.473457122941e-05, 1.106738878815e-05], **exactly
    )
    np.testing.assert_allclose(
        found.cell_a[0],
        [
            [1.957595050817e-05, 9.828118462452e-06, 4.927499210206e-06],
            [9.799473947558e-07, 4.906452766956e-06, 6.139889577942e-06],
        ],
        **exactly,
    )
    np.testing.assert_allclose(
        found.row_node_v[0],
        [[0.099485026477, 0.099263692212, 0.099189779724], [0.049819605654, 0.049653910519, 0.049561812175]],
        **exactly,
    )
    np.testing.assert_allclose(
        found.column_node_v[0],
        [[0.001605273936, 0.000982507588, 0.00063979552], [0.000822235916, 0.000589382849, 0.000442695552]],
        rtol=1e-8,  # its last printed digits
    )


def crossbar_netlist(
    ohm: np.ndarray, row_segment_ohm: float, column_segment_ohm: float, floating_rows: set[int]
) -> str:
    rows, columns = ohm.shape
    lines = ["a crossbar with its lines"]
    for i in range(rows):
        if i not in floating_rows:
            lines.append(f"vr{i} r{i}_0 0 external")
        lines += [f"rr{i}_{j} r{i}_{j} r{i}_{j + 1} {row_segment_ohm}" for j in range(columns)]
    for j in range(columns):
        lines.append(f"vc{j} c{rows}_{j} 0 0")
        lines += [f"rc{i}_{j} c{i}_{j} c{i + 1}_{j} {column_segment_ohm}" for i in range(rows)]
    lines += [f"rd{i}_{j} r{i}_{j + 1} c{i}_{j} {ohm[i, j]}" for i in range(rows) for j in range(columns)]
    return "\n".join(lines)


@pytest.mark.parametrize("floating", [set(), {1, 4}], ids=["driven", "two rows float"])
def test_ngspice_says_the_same(libngspice: str, floating: set[int]) -> None:
    rng = np.random.default_rng(7)
    ohm = rng.uniform(2e3, 50e3, (6, 5))
    row_v = rng.uniform(-0.1, 0.1, (4, 6))
    row_v[:, sorted(floating)] = FLOATING
    found = Crossbar(20.0, 35.0, switch_on_ohm=500.0).solve(ohm, row_v, np.zeros(5))
    solver = Solver(crossbar_netlist(ohm + 500.0, 20.0, 35.0, floating))
    sources = {f"vr{i}": row_v[:, i] for i in range(6) if i not in floating}
    answers = solver.solve(sources, [f"vc{j}#branch" for j in range(5)])
    currents_a = np.stack([answers[f"vc{j}#branch"] for j in range(5)], axis=1)
    np.testing.assert_allclose(found.column_a, currents_a, rtol=1e-5, atol=1e-12)  # the driver's reltol is 1e-6
    if floating:
        np.testing.assert_allclose(found.row_a[:, sorted(floating)], 0, atol=1e-15)


@given(
    st.integers(1, 5),
    st.integers(1, 5),
    st.sampled_from([0.0, 1.0, 30.0]),
    st.sampled_from([0.0, 2.0, 100.0]),
    st.integers(0, 2**31),
)
def test_kirchhoff(rows: int, columns: int, row_ohm: float, column_ohm: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    ohm = rng.uniform(1e3, 50e3, (rows, columns))
    row_v, column_v = rng.uniform(-0.1, 0.1, (2, rows)), rng.uniform(-0.1, 0.1, columns)
    found = Crossbar(row_ohm, column_ohm).solve(ohm, row_v, column_v)
    np.testing.assert_allclose(found.device_v, found.row_node_v - found.column_node_v, atol=1e-15)
    # From the driven end to a line's first node flows what all its devices take.
    np.testing.assert_allclose(row_v - found.row_node_v[:, :, 0], row_ohm * found.row_a, atol=1e-12)
    np.testing.assert_allclose(found.column_node_v[:, -1] - column_v, column_ohm * found.column_a, atol=1e-12)
    mirrored = Crossbar(column_ohm, row_ohm).solve(ohm[::-1, ::-1].T, column_v[::-1], row_v[:, ::-1])
    np.testing.assert_allclose(mirrored.column_a, -found.row_a[:, ::-1], atol=1e-15)


def test_ideal_lines_multiply() -> None:
    row_v = np.array([[0.1, 0.05], [-0.1, 0.02]])
    found = Crossbar().solve(OHM, row_v, GROUND)
    np.testing.assert_allclose(found.column_a, row_v @ (1 / OHM))
    np.testing.assert_allclose(found.row_a.sum(axis=1), found.column_a.sum(axis=1))


def test_lines_drop_voltage() -> None:
    ohm = np.full((32, 32), 10e3)
    ideal = Crossbar().solve(ohm, np.full(32, 0.1), np.zeros(32)).column_a[0]
    lossy = Crossbar(1.0, 1.0).solve(ohm, np.full(32, 0.1), np.zeros(32))
    assert (lossy.column_a[0] < ideal).all()
    assert lossy.column_a[0, 0] > lossy.column_a[0, -1]  # the last column is farthest from the drivers
    assert lossy.device_v[0, 31, 0] == lossy.device_v.max()  # nearest to both driven ends


def test_currents_sneak_through_floating_lines() -> None:
    ohm = np.full((3, 3), 10e3)
    ohm[0, 0] = 50e3  # the one that is read
    only_row, only_column = np.array([0.05, FLOATING, FLOATING]), np.array([0.0, FLOATING, FLOATING])
    seen_ohm = 0.05 / Crossbar().solve(ohm, only_row, only_column).column_a[0, 0]
    # Beside it 2 parallel, then 4, then 2 of 10 kohm in series.
    sneak_ohm = 5e3 + 2.5e3 + 5e3
    assert seen_ohm == pytest.approx(1 / (1 / 50e3 + 1 / sneak_ohm))
    grounded = Crossbar().solve(ohm, [0.05, 0.0, 0.0], np.zeros(3))
    assert 0.05 / grounded.column_a[0, 0] == pytest.approx(50e3)


def test_access_switches_close_the_sneak_paths() -> None:
    ohm = np.full((3, 3), 10e3)
    ohm[0, 0] = 50e3
    row_v, column_v = np.array([0.05, FLOATING, FLOATING]), np.array([0.0, FLOATING, FLOATING])
    closed = np.zeros((3, 3), dtype=bool)
    closed[0, 0] = True
    found = Crossbar(switch_on_ohm=1e3, switch_off_ohm=1e9).solve(ohm, row_v, column_v, closed)
    assert 0.05 / found.column_a[0, 0] == pytest.approx(51e3, rel=1e-3)  # three switches of 1 Gohm beside it
    assert found.device_v[0, 0, 0] == pytest.approx(0.05 * 50 / 51)
    with_poor_ones = Crossbar(switch_on_ohm=1e3, switch_off_ohm=1e5).solve(ohm, row_v, column_v, closed)
    assert 0.05 / with_poor_ones.column_a[0, 0] < 45e3  # a finite switch still lets some through


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: Crossbar(row_segment_ohm=-1.0), r"row_segment_ohm is -1 ohm"),
        (lambda: Crossbar(switch_on_ohm=1e3, switch_off_ohm=10.0), r"switch_off_ohm is 10 ohm, reachable are 1000"),
        (lambda: Crossbar().solve([1e3], ROW_V, GROUND), r"device_ohm has the shape \(1,\)"),
        (lambda: Crossbar().solve(OHM * [1, 0, 1], ROW_V, GROUND), r"device_ohm\[0, 1\] is 0 ohm"),
        (lambda: Crossbar().solve(OHM, GROUND, GROUND), r"row_v has the shape \(3,\), expected \(2,\)"),
        (lambda: Crossbar().solve(OHM, ROW_V, GROUND, [True]), r"closed has the shape \(1,\), expected \(2, 3\)"),
        (lambda: Crossbar().solve(OHM, [np.inf, 0.0], GROUND), r"row_v\[0\] is inf V"),
        (lambda: Crossbar().solve(OHM, [[0, FLOATING], [0, 0]], GROUND), r"row_v\[1\] floats in some samples"),
        (lambda: Crossbar().solve(OHM, [FLOATING] * 2, [FLOATING] * 3), r"every line of the crossbar floats"),
        (lambda: Crossbar().solve(OHM, np.zeros((2, 2)), np.zeros((3, 3))), r"row_v has 2 samples and column_v 3"),
    ],
)
def test_bad_input(wrong, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        wrong()
