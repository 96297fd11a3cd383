"""Transients and noise through the one driver, against closed forms."""

from pathlib import Path

import numpy as np
import pytest

pytestmark = pytest.mark.usefixtures("libngspice")

from enose_hwsim.spice.driver import Solver, SpiceError  # noqa: E402 # libngspice is asked for at use, not here

LOWPASS = "* RC\nVin in 0 external\nR1 in out 1k\nC1 out 0 1u"


def test_a_transient_follows_its_waveform() -> None:
    solver = Solver(LOWPASS)
    times_s = np.array([0.0, 1e-6, 1e-3, 2e-3, 5e-3])
    answer = solver.transient(times_s, {"vin": [0.0, 1.0, 1.0, 1.0, 1.0]}, ["out", "in"], 1e-5)
    # The ramp of 1 us is a step half a microsecond late; trapezoidal steps of 1 % of the time constant err by 1e-4.
    expected = 1 - np.exp(-(times_s - 0.5e-6).clip(0) / 1e-3)
    np.testing.assert_allclose(answer["out"], expected, atol=6e-4)
    np.testing.assert_allclose(answer["in"][[0, 2, 3, 4]], [0, 1, 1, 1], atol=1e-9)
    still = solver.transient([0.0, 1e-3], {"vin": 2.0}, ["out"], 1e-4)  # begins at the operating point, and stays
    np.testing.assert_allclose(still["out"], [2, 2], rtol=1e-6)
    assert solver.solve({"vin": 3.0}, ["out"])["out"].tolist() == [3.0]  # sweeps go on as before


def test_noise_of_a_resistor() -> None:
    solver = Solver("* noise\nVa in 0 dc 0 ac 1\nVx x 0 external\nR1 in out 10k\nR2 out 0 10k\nR3 x 0 1")
    frequency_hz, at_output, at_input = solver.noise({"vx": 1.0}, "out", "va", (1.0, 1e3))
    assert (frequency_hz[0], frequency_hz[-1]) == pytest.approx((1.0, 1e3))
    density = np.sqrt(4 * 1.380649e-23 * 300.15 * 5e3)  # Johnson, of the two in parallel
    np.testing.assert_allclose(at_output, density, rtol=1e-4)
    np.testing.assert_allclose(at_input, 2 * density, rtol=1e-4)
    assert solver.solve({"vx": 1.0}, ["x"])["x"].tolist() == [1.0]


def test_noise_of_a_card_whose_flicker_falls_below_zero(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)  # where BSIM3 would leave b3v33check.log
    card = ".model n nmos level=8 version=3.3.0 tox=4e-9 vth0=0.4 noimod=2 noia=1e20 noib=0 noic=-1e-11"
    drain = "M1 d g 0 0 n w=1u l=1u ad=1p as=1p pd=4u ps=4u"  # with junctions, or BSIM3 complains in a file
    solver = Solver(f"* t\nVa a 0 dc 0 ac 1\nRa a 0 1\nVg g 0 external\nRd g d 1k\n{drain}\n{card}")
    assert np.isfinite(solver.noise({"vg": 0.5}, "d", "va", (1.0, 10.0))[1]).all()
    with pytest.raises(SpiceError, match="noise of d at 1 Hz: its power is below zero"):
        solver.noise({"vg": 1.8}, "d", "va", (1.0, 10.0))
    assert solver.solve({"vg": 0.0}, ["g"])["g"].tolist() == [0.0]
    assert not list(tmp_path.iterdir())


def test_what_a_transient_refuses() -> None:
    solver = Solver(LOWPASS)
    for times_s, step_s in (([0.0], 1e-6), ([1.0, 2.0], 1e-6), ([0.0, 0.0], 1e-6), ([0.0, 1e-3], 0.0)):
        with pytest.raises(ValueError, match="rising times"):
            solver.transient(times_s, {"vin": 1.0}, ["out"], step_s)
    with pytest.raises(ValueError, match="values of 3 samples, expected one for each of 2 times"):
        solver.transient([0.0, 1e-3], {"vin": [1.0, 2.0, 3.0]}, ["out"], 1e-5)
    with pytest.raises(SpiceError, match="nowhere"):
        solver.transient([0.0, 1e-3], {"vin": 1.0}, ["nowhere"], 1e-5)
    with pytest.raises(SpiceError, match="have passed"):
        solver.transient([0.0, 10.0], {"vin": 1.0}, ["out"], 1e-6, limit_s=0.2)
    with pytest.raises(SpiceError):
        solver.noise({"vin": 1.0}, "out", "nothing", (1.0, 1e3))
    assert solver.transient([0.0, 1e-3], {"vin": 2.0}, ["out"], 1e-4)["out"][1] == pytest.approx(2.0)
