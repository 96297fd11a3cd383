"""Memristor models: closed forms, ngspice against NumPy, and what lies outside their range."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.memristors.a14mod import A14Mod
from enose_hwsim.memristors.experiments import loop_cpu_s, on_time_s, pulses_cpu_s, sine_loop
from enose_hwsim.memristors.lehtonen_laiho import LehtonenLaiho
from enose_hwsim.memristors.limits import within
from enose_hwsim.memristors.linear_drift import Biolek, Joglekar, StrukovWilliams
from enose_hwsim.memristors.model import Memristor
from enose_hwsim.memristors.models import MODELS
from enose_hwsim.memristors.netlist import driven_netlist
from enose_hwsim.memristors.waveform import loop_area_va, waveform
from enose_hwsim.spice.driver import Solver
from enose_hwsim.spice.errors import SpiceError

MODEL = A14Mod()
# Parameters with which each model's state moves through a good part of 0..1 in a period of 1 ms at 0.8 V.
LIVELY: dict[str, Memristor] = {
    "strukov": StrukovWilliams(k_per_c=5e7),
    "joglekar": Joglekar(k_per_c=8e6),  # more, and it would stick at the end, in either program where rounding has it
    "biolek": Biolek(k_per_c=2e7),
    "lehtonen": LehtonenLaiho(a_per_s=5e3),
    "a14mod": A14Mod(k_per_s=5e3),
}
ohms = st.floats(1e3, 56e3)


@pytest.mark.parametrize(
    ("from_ohm", "to_ohm", "v_v", "ns"), [(10e3, 9e3, 1.1, 14.02), (5e3, 6e3, -1.1, 39.56)], ids=["down", "up"]
)
def test_pulses_of_paper_002(libngspice: str, from_ohm: float, to_ohm: float, v_v: float, ns: float) -> None:
    closed_s = float(MODEL.pulse_s(from_ohm, to_ohm, v_v))
    assert closed_s * 1e9 == pytest.approx(ns, abs=0.01)  # the figure's digits
    assert on_time_s(MODEL, from_ohm, to_ohm, v_v, 2.1 * closed_s) == pytest.approx(closed_s, rel=0.005)  # issue 4
    with pytest.raises(SpiceError, match=r"ohm is not reached in .* only [0-9.]+ ohm"):
        on_time_s(MODEL, from_ohm, to_ohm, v_v, closed_s)


def test_pulses_that_a_microcontroller_can_make() -> None:
    times_s = MODEL.pulse_s(10e3, 9e3, [0.3, 0.2])
    np.testing.assert_allclose(times_s, [9.3e-6, 71e-6], rtol=0.01)  # the figures' two digits
    soft = replace(MODEL, step_v2=1e-4)
    step = soft.step(0.2)
    assert 0.9 < step < 1
    assert soft.pulse_s(10e3, 9e3, 0.2, exact=True) == pytest.approx(soft.pulse_s(10e3, 9e3, 0.2) / step)


@given(from_ohm=ohms, to_ohm=ohms, level_v=st.floats(0.16, 1.1))
def test_a_pulse_of_the_closed_form_leads_there(from_ohm: float, to_ohm: float, level_v: float) -> None:
    v_v = level_v if to_ohm <= from_ohm else -level_v
    duration_s = MODEL.pulse_s(from_ohm, to_ohm, v_v)
    reached = MODEL.ohm_from_x(MODEL.after_pulse(MODEL.x_from_ohm(from_ohm), v_v, duration_s))
    assert reached == pytest.approx(to_ohm, rel=1e-9)  # rounding, of a cotangent of up to 20


@given(x=st.floats(0, 1), v_v=st.floats(-1.1, 1.1), first_s=st.floats(0, 1e-3), second_s=st.floats(0, 1e-3))
def test_two_pulses_are_one(x: float, v_v: float, first_s: float, second_s: float) -> None:
    once = MODEL.after_pulse(x, v_v, first_s + second_s)
    twice = MODEL.after_pulse(MODEL.after_pulse(x, v_v, first_s), v_v, second_s)
    assert 0 <= once <= 1
    assert twice == pytest.approx(float(once), abs=1e-9)
    assert (once - x) * v_v >= -1e-12  # a positive voltage raises the state; rounding


@given(ohm=st.floats(3.37, 57_033.0))
def test_memristance_and_state_are_inverse(ohm: float) -> None:
    assert MODEL.ohm_from_x(MODEL.x_from_ohm(ohm)) == pytest.approx(ohm, abs=1e-9 * 57_033)
    drift = StrukovWilliams()
    assert drift.x_from_ohm(drift.ohm_from_x(ohm / 57_033)) == pytest.approx(ohm / 57_033)


@given(x=st.floats(0, 1))
def test_lehtonen_laiho_counts_its_memristance_at_50_mv(x: float) -> None:
    model = LehtonenLaiho()
    ohm = model.ohm_from_x(x)
    assert ohm == pytest.approx(0.05 / float(model.current_a(0.05, x)))
    assert model.x_from_ohm(ohm) == pytest.approx(x, abs=1e-6)  # x^2 beside the rectifier's current


def test_the_ends_are_never_reached() -> None:
    assert MODEL.after_pulse([0.0, 1.0], 1.1, 1.0).tolist() == [0.0, 1.0]
    assert 0.99 < MODEL.after_pulse(0.5, 1.1, 1e-4) < 1
    hundredfold_s = MODEL.pulse_s(570, 57, 1.1) / MODEL.pulse_s(28e3, 570, 1.1)
    assert hundredfold_s > 5  # the last percent takes longer than all the rest


def test_below_the_threshold_nothing_moves() -> None:
    assert MODEL.rate_per_s(0.158, 0.5) == 0
    assert MODEL.rate_per_s(0.1583, 0.5) == pytest.approx(0.5 * 3.12e6 * 0.1583**5)  # half a step at the threshold
    assert MODEL.rate_per_s(-0.2, 0.5) == -MODEL.rate_per_s(0.2, 0.5) == pytest.approx(-3.12e6 * 0.2**5)
    assert MODEL.current_a([0.1, -0.1], 1.0).tolist() == pytest.approx([0.1 / 3.37, -0.1 / 3.37])


def test_numpy_keeps_to_the_closed_form() -> None:
    model = replace(LIVELY["a14mod"], step_v2=1e-4)
    times_s = np.linspace(0, 1e-3, 401)
    v_v = 0.8 * np.sin(2e3 * np.pi * times_s)
    fine_s = np.linspace(0, 1e-3, 40_001)
    drive = model.drive_per_s(0.8 * np.sin(2e3 * np.pi * fine_s))
    flux = np.concatenate(([0], np.cumsum((drive[1:] + drive[:-1]) / 2 * fine_s[1])))[::100]
    exact = np.arctan2(1, 1 / np.tan(np.pi * 0.3) - np.pi * flux) / np.pi
    found, currents_a = waveform(model, times_s, v_v, 0.3)
    assert np.ptp(found) > 0.2
    # Straight lines between samples leave out 3e-5 of a sine's amplitude; the fifth power makes 1.5e-4 of it.
    np.testing.assert_allclose(found, exact, atol=1e-4)
    np.testing.assert_allclose(currents_a, v_v / model.ohm_from_x(found))


@pytest.mark.parametrize("name", MODELS)
def test_ngspice_is_numpy(libngspice: str, name: str) -> None:
    model = LIVELY[name]
    times_s = np.linspace(0, 1e-3, 1001)
    v_v = 0.8 * np.sin(2e3 * np.pi * times_s)
    solver = Solver(driven_netlist(model, 0.3))
    found = solver.transient(times_s, {"vdrive": v_v}, ("x", "vdrive#branch"), 1e-6)
    states, currents_a = waveform(model, times_s, v_v, 0.3)
    assert np.ptp(states) > 0.15
    # Trapezoidal steps of 1/1000 of the period beside Runge-Kutta, and where a hard threshold falls within a step.
    np.testing.assert_allclose(found["x"], states, atol=2e-3)
    np.testing.assert_allclose(-found["vdrive#branch"], currents_a, atol=2e-3 * abs(currents_a).max())


def test_loops_shrink_with_frequency(libngspice: str) -> None:
    areas_va = []
    for frequency_hz in (1e5, 1e6, 1e7):
        loop = sine_loop(MODEL, 1.1, frequency_hz, 5e3)
        times_s = np.linspace(0, 1 / frequency_hz, len(loop.v_v))
        _, currents_a = waveform(MODEL, times_s, loop.v_v, float(MODEL.x_from_ohm(5e3)))
        assert loop.area_va == pytest.approx(loop_area_va(loop.v_v, currents_a), rel=0.01)  # differences of currents
        areas_va.append(loop.area_va)
    assert areas_va[0] > areas_va[1] > areas_va[2] > 0


def test_a_loops_area() -> None:
    angle = np.linspace(0, 2 * np.pi, 2001)[:-1]
    # Each half of a figure of eight, i = sin(2 a) over v = sin(a), has the area 4/3.
    assert loop_area_va(np.sin(angle), np.sin(2 * angle)) == pytest.approx(8 / 3, rel=1e-4)
    assert loop_area_va(np.sin(angle), 3 * np.sin(angle)) == pytest.approx(0, abs=1e-12)


def test_many_devices_at_once() -> None:
    times_s = np.linspace(0, 1e-3, 51)
    v_v = 0.5 * np.sin(2e3 * np.pi * times_s)
    speeds = np.array([1e3, 2e3, 5e3])
    together, _ = waveform(replace(MODEL, k_per_s=speeds), times_s, v_v, [0.2, 0.3, 0.4])
    own_v, _ = waveform(replace(MODEL, k_per_s=speeds), times_s, np.stack([v_v, v_v, 0 * v_v], axis=1), 0.4)
    for k, speed in enumerate(speeds):
        alone, _ = waveform(replace(MODEL, k_per_s=float(speed)), times_s, v_v, 0.2 + 0.1 * k)
        np.testing.assert_allclose(together[:, k], alone, atol=1e-12)
    assert own_v[:, 2].tolist() == [0.4] * 51
    assert np.ptp(own_v[:, 1]) > np.ptp(own_v[:, 0]) > 0


def test_what_the_windows_do_at_the_ends() -> None:
    both = [0.0, 1.0]
    for model in (StrukovWilliams(), Joglekar()):
        assert model.rate_per_s([-1.0, 1.0], both).tolist() == [0.0, 0.0]
        assert model.rate_per_s([1.0, -1.0], both).tolist() == [0.0, 0.0]  # stuck: the terminal state problem
    assert Biolek().rate_per_s([-1.0, 1.0], both).tolist() == [0.0, 0.0]
    away = Biolek().rate_per_s([1.0, -1.0], both)
    assert away[0] > 0 > away[1]
    assert Joglekar(p=1).rate_per_s(1.0, 0.3) == pytest.approx(4 * float(StrukovWilliams().rate_per_s(1.0, 0.3)))
    assert LehtonenLaiho().rate_per_s(-1.0, 0.5) < 0 < LehtonenLaiho().rate_per_s(1.0, 0.5)


def test_parameters_may_come_from_numpy(libngspice: str) -> None:
    given = A14Mod(k_per_s=np.float64(3.12e6), threshold_v=np.float64(0.1583), r_off_ohm=np.float64(57_033.0))
    assert given.spice_flow == MODEL.spice_flow
    assert given.spice_conduct == MODEL.spice_conduct
    with pytest.raises(TypeError):
        assert A14Mod(k_per_s=np.array([1e6, 2e6])).spice_flow


def test_costs_are_times(libngspice: str) -> None:
    assert 0 < loop_cpu_s(StrukovWilliams(), 0.4, 1e-3, 0.3) < 5  # 5 ms on an idle machine
    assert 0 < pulses_cpu_s(MODEL, 10e3, 1.1, 10e-9) < 5


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda: MODEL.x_from_ohm([1e3, 6e4]), r"memristance\[1\] is 60000 ohm, reachable are 3.37 to 57033 ohm"),
        (lambda: MODEL.x_from_ohm(1.0), r"memristance is 1 ohm, reachable"),
        (lambda: MODEL.x_from_ohm(np.nan), r"memristance is nan ohm"),
        (lambda: LehtonenLaiho().x_from_ohm(1e3), r"memristance is 1000 ohm, reachable are 4980.\d* to"),
        (lambda: MODEL.ohm_from_x([[0.5, 1.1]]), r"state x\[0, 1\] is 1.1, reachable are 0 to 1$"),
        (lambda: MODEL.rate_per_s(1.2, 0.5), r"voltage is 1.2 V, reachable are -1.1 to 1.1 V"),
        (lambda: Biolek().current_a(-1.6, 0.5), r"voltage is -1.6 V, reachable are -1.5 to 1.5 V"),
        (lambda: MODEL.after_pulse(0.5, 1.0, -1e-9), r"duration is -1e-09 s"),
        (lambda: MODEL.pulse_s([10e3, 10e3], [9e3, 3.37], 1.1), r"memristance\[1\] is 3.37 ohm, an end of the range"),
        (lambda: MODEL.pulse_s(57_033, 9e3, 1.1), r"memristance is 57033 ohm, an end"),
        (lambda: MODEL.pulse_s(10e3, 9e3, [0.2, 0.1]), r"voltage\[1\] is 0.1 V, expected more than .* 0.1583 V"),
        (lambda: MODEL.pulse_s(10e3, 9e3, -1.0), r"voltage is -1 V: a positive one lowers the memristance"),
        (lambda: A14Mod(m=4), r"m is 4, expected an odd number"),
        (lambda: A14Mod(r_on_ohm=6e4), r"r_on_ohm 60000.0 and r_off_ohm 57033.0: expected 0 < on < off"),
        (lambda: A14Mod(k_per_s=-1.0), r"k_per_s is -1"),
        (lambda: A14Mod(threshold_v=2.0), r"threshold_v is 2 V, reachable are 0 to 1.1 V"),
        (lambda: A14Mod(step_v2=0.0), r"step_v2 is 0 V\^2"),
        (lambda: Joglekar(p=0), r"p is 0, expected at least 1"),
        (lambda: Biolek(p=-1), r"p is -1, expected at least 1"),
        (lambda: StrukovWilliams(k_per_c=np.nan), r"k_per_c is nan"),
        (lambda: StrukovWilliams(r_off_ohm=np.inf), r"expected 0 < on < off"),
        (lambda: LehtonenLaiho(n=0), r"n is 0"),
        (lambda: LehtonenLaiho(m=2), r"m is 2"),
        (lambda: LehtonenLaiho(p=0), r"p is 0"),
        (lambda: LehtonenLaiho(beta_a=0.0), r"beta_a is 0 A"),
        (lambda: waveform(MODEL, np.array([0.0, 0.0]), np.zeros(2), 0.5), "rising times"),
        (lambda: waveform(MODEL, np.array([0.0, 1.0]), np.zeros(3), 0.5), "rising times"),
        (lambda: waveform(MODEL, np.array([0.0, 1.0]), np.full(2, 2.0), 0.5), r"voltage\[0\] is 2 V"),
        (lambda: waveform(MODEL, np.array([0.0, 1.0]), np.zeros(2), 1.5), r"state x is 1.5"),
        (lambda: within("count", [1.0, -np.inf], -np.inf, np.inf, ""), None),
    ],
)
def test_outside_the_range(wrong, words: str | None) -> None:
    if words is None:
        assert wrong()[1] == -np.inf
        return
    with pytest.raises(ValueError, match=words):
        wrong()
