"""A sweep's path through its samples, and parameters altered between sweeps."""

import numpy as np
import pytest

from enose_hwsim.spice.driver import Path, Solver, SpiceError
from enose_hwsim.spice.path import BLOCK, nearest_order, snake

DIVIDER = "* divider\nVin in 0 external\nVa a 0 external\nR1 in out 1k\nR2 out 0 3k\nR3 a 0 1"


def test_nearest_order_visits_each_once_and_is_shorter() -> None:
    samples = np.random.default_rng(1).uniform(0, 1, (BLOCK + 100, 4))
    order = nearest_order(samples)
    assert sorted(order) == list(range(len(samples)))
    ways = [np.abs(np.diff(path, axis=0)).sum() for path in (samples, samples[order])]
    assert ways[1] < 0.5 * ways[0]
    assert nearest_order(samples[:0]).shape == (0,)


def test_snake_moves_one_step_along_one_axis() -> None:
    grid = snake(3, 4, 5)
    assert len({tuple(row) for row in grid.tolist()}) == 60
    assert set(np.abs(np.diff(grid, axis=0)).sum(axis=1)) == {1}


def test_points() -> None:
    table = np.array([[0.0, 0.0], [1.0, 0.0], [0.25, 0.0]])
    points = Path(np.array([0, 2, 1]), stride=0.3).points(table, ["vx", "va"])
    np.testing.assert_allclose(points.table[:, 0], [0, 0.25, 0.5, 0.75, 1.0])
    assert points.at.tolist() == [0, 4, 1]
    assert [points.sample(k) for k in range(6)] == [0, 2, 1, 1, 1, 3]
    started = Path(stride=0.5, start={"va": 1.0}).points(table[:1], ["vx", "va"])
    np.testing.assert_allclose(started.table, [[0, 1], [0, 0.5], [0, 0]])
    assert (started.at.tolist(), started.begins) == ([2], 1)
    straight = Path().points(table, ["vx", "va"])
    np.testing.assert_array_equal(straight.table, table)


def test_answers_come_in_the_order_given() -> None:
    solver = Solver(DIVIDER)
    vin = np.random.default_rng(2).uniform(-1, 1, 20)
    path = Path(nearest_order(vin[:, None]), 0.05, {"vin": 2.0})
    solution = solver.solve({"vin": vin, "va": 0.0}, ["out", "in"], path=path)
    np.testing.assert_allclose(solution["out"], 0.75 * vin, rtol=1e-12)
    np.testing.assert_array_equal(solution["in"], vin)


def test_a_sample_without_solution_is_named_on_any_path() -> None:
    solver = Solver("* no root\nVx x 0 external\nB1 b 0 i=v(b)*v(b)+(v(x)-0.25)\nR1 b 0 1e9\nR2 x 0 1")
    with pytest.raises(SpiceError, match="sample 1 of 3"):
        solver.solve({"vx": [0.0, 0.3, 0.1]}, ["b"], path=Path(np.array([0, 2, 1]), 0.01))


def test_a_path_that_leads_astray() -> None:
    solver = Solver(DIVIDER)
    with pytest.raises(ValueError, match=r"order: expected each of 0..1 once"):
        solver.solve({"vin": [0, 1], "va": 0}, ["out"], path=Path(np.array([0, 0])))
    with pytest.raises(ValueError, match="start: no external source vz"):
        solver.solve({"vin": [0, 1], "va": 0}, ["out"], path=Path(start={"vz": 0}))


def test_altered_parameters_stay_with_their_circuit() -> None:
    one, other = Solver(DIVIDER), Solver("* t\nVx x 0 external\nR1 x a 1k\nR2 a 0 1k")
    one.alter({"@r2[resistance]": 1000.0})
    assert other.solve({"vx": 1.0}, ["a"])["a"].tolist() == [0.5]
    solution = one.solve({"vin": 1.0, "va": 0}, ["out"])  # loaded anew
    np.testing.assert_allclose(solution["out"], [0.5], rtol=1e-12)
    one.alter({"@r2[resistance]": 3000.0})
    np.testing.assert_allclose(one.solve({"vin": 1.0, "va": 0}, ["out"])["out"], [0.75], rtol=1e-12)


def test_what_cannot_be_altered() -> None:
    solver = Solver(DIVIDER)
    with pytest.raises(ValueError, match="is nan, expected a finite number"):
        solver.alter({"@r2[resistance]": float("nan")})
    with pytest.raises(SpiceError, match="r9"):
        solver.alter({"@r9[resistance]": 1.0})
    np.testing.assert_allclose(solver.solve({"vin": 1.0, "va": 0}, ["out"])["out"], [0.75], rtol=1e-12)


def test_words_left_over_from_a_stepped_sample_are_not_said_of_the_next_netlist() -> None:
    solver = Solver("* t\nvx x 0 external\nB1 a 0 i=1e-3*tanh(30*(v(a)-5*v(x)*v(x)*v(x)))\nR1 a 0 1e6")
    assert solver.solve({"vx": [0, 0.1, 0.9, 0.901]}, ["a"]).stepped == (2,)
    with pytest.raises(SpiceError, match="device already exists"):
        Solver("* t\nV1 a 0 1\nV1 a 0 2")
