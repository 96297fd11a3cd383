"""The device rows of `enose reproduce memristor`."""

from collections.abc import Callable
from pathlib import Path

import pytest

from enose.memristor import fit as fitting
from enose.memristor.measured import load_loop
from enose.reproduce import memristor_devices
from enose.reproduce.memristor_devices import device_rows
from enose_hwsim.memristors.models import MODELS

pytestmark = pytest.mark.usefixtures("libngspice")


def test_device_rows() -> None:
    rows = {row.item: row for row in device_rows()}
    down, up = rows["10k to 9k at +1.1 V"], rows["5k to 6k at -1.1 V"]
    assert (down.unit, down.paper, up.paper) == ("ns", 14.0, 39.5)
    assert down.here == pytest.approx(14.02, rel=0.005)  # issue 4
    assert up.here == pytest.approx(39.56, rel=0.005)
    assert all(row.ok for row in rows.values())
    areas = [rows[f"loop area, {frequency} MHz at 1.1 V"].here for frequency in ("0.1", "1", "10")]
    assert areas == sorted(areas, reverse=True)
    for case in ("a loop", "decreasing", "increasing"):
        assert rows[f"simulation time, {case}, Joglekar"].here == 1.0
        assert rows[f"simulation time, {case}, Strukov-Williams"].paper is None
    assert rows["simulation time, a loop, Lehtonen-Laiho"].paper == 1.19  # 18.3 ms of 15.4 ms
    assert not any(item.startswith("RMS") for item in rows)
    left_out = rows["models compared on a measured loop"]
    assert (left_out.paper, left_out.here, left_out.limit) == (None, "not done: give --measured FILE", None)


def test_a_missed_limit_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memristor_devices, "PULSE_LIMIT", 1e-9)
    monkeypatch.setattr(memristor_devices, "LOOP_HZ", (1e7, 1e6))
    monkeypatch.setattr(memristor_devices, "ROUNDS", 1)
    missed = {row.item for row in device_rows() if not row.ok}
    assert missed == {"10k to 9k at +1.1 V", "5k to 6k at -1.1 V", "loop area, 1 MHz at 1.1 V"}


@pytest.mark.data
def test_error_rows(data_path: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fitting, "GUESSES", 100)  # for speed: the errors themselves are the fit's tests' matter
    monkeypatch.setattr(fitting, "MOST_STEPS", 10)
    monkeypatch.setattr(memristor_devices, "ROUNDS", 1)
    loop = load_loop(data_path("sdc_memristor_iv/mean_loop_400mV_1kHz.csv"))
    rows = {row.item: row for row in device_rows(loop, starts=1)}
    assert rows["RMS error, A14mod"].paper == 14.2
    assert rows["RMS error, Strukov-Williams"].paper is None
    order = rows["models by RMS error, best first"]
    assert order.paper == "Lehtonen-Laiho, A14mod, Biolek, Joglekar"
    assert sorted(str(order.here).split(", ")) == sorted(model.title for model in MODELS.values())
    assert "models compared on a measured loop" not in rows
    errors = [rows[f"RMS error, {title}"].here for title in str(order.here).split(", ")]
    assert errors == sorted(errors)
