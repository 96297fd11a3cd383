"""The display on the board: the answer, its margin, the state or the fault, the air, the battery; and without it."""

from pathlib import Path

import numpy as np
import pytest
from matplotlib.image import imsave

from enose_contract import messages
from enose_device.display.face import FAULTS, LINE, PHASES, REASONS
from enose_device.display.font import CHARACTERS
from enose_hwsim.board.parts.ssd1306 import Ssd1306Part
from optional_rig import FULL, Nose, nose, read_large
from rig import SwitchOn, image, present

MARGIN_LINE, BAR_LINE, COMPENSATION_LINE, AIR_LINE, BATTERY_LINE = 3, 4, 5, 6, 7
DRAWN_S = 2.0  # a look every half second, and two rounds of some forty turns


@pytest.fixture
def shown(power_on: SwitchOn) -> Nose:
    found = nose(power_on)
    found.wait(DRAWN_S)
    return found


def title(found: Nose) -> str:
    return read_large(found.wiring.display.picture)


def filled_bar(found: Nose) -> int:
    """How many of the bar's columns are filled."""
    return int(found.wiring.display.picture[8 * BAR_LINE + 3].sum())


def test_before_the_first_measurement_it_is_ready_and_says_how_it_is(shown: Nose) -> None:
    assert title(shown) == "READY"
    lines = shown.lines()
    assert lines[MARGIN_LINE] == ""
    assert lines[AIR_LINE] in ("AIR 20 C 65 %RH", "AIR 19 C 64 %RH", "AIR 19 C 65 %RH", "AIR 20 C 64 %RH")  # its noise
    # 4.0 V on the board's curve: between 80 and 90 %, and the ADC's 1.6 mV a code
    assert lines[BATTERY_LINE] in ("BATTERY 82%", "BATTERY 81%", "BATTERY 83%")


def test_the_answer_is_shown_with_its_margin_as_a_bar_on_the_scale(shown: Nose, tmp_path: Path) -> None:
    answer = shown.device.measure()
    assert answer.answer == "CLASS"
    shown.wait(DRAWN_S)
    assert title(shown) == answer.label.upper()
    assert shown.lines()[MARGIN_LINE] == f"MARGIN {int(answer.margin_v * 1e3)} MV"
    share = min(answer.margin_v / 0.020, 1.0)  # half of the middle band, from 0.88 to 0.92 V
    assert filled_bar(shown) == pytest.approx(max(128 * share, 2), abs=1.01)
    imsave(tmp_path / "display.png", np.kron(shown.wiring.display.picture, np.ones((4, 4))), cmap="gray")


def test_while_it_measures_the_phase_and_the_time_left_are_shown(shown: Nose) -> None:
    shown.device.program(image(board=FULL.name, model=b"slow0000", baseline_ms=9000, exposure_ms=9000).pack())
    shown.device._conversation.ask(messages.MEASURE, 5)
    shown.wait(4)
    assert title(shown) == "MEASURING"
    word, left_s, unit = shown.lines()[2].split()
    assert (word, unit) == ("BASELINE", "S")
    assert 4 <= int(left_s) <= 7
    shown.wait(9)
    assert shown.lines()[2].startswith("ODOUR ")


def test_a_long_name_is_written_small(shown: Nose) -> None:
    classes = ["overripe bananas", "overripe lychees", "overripe lemons!"]
    shown.device.program(image(board=FULL.name, classes=classes).pack())
    present(shown.board)
    label = shown.device.measure().label
    assert label in classes
    shown.wait(DRAWN_S)
    assert shown.lines()[0] == label.upper()


def test_no_answer_is_shown_with_its_reason(shown: Nose) -> None:
    shown.world.fail("open", 1, shown.board.now_s)
    assert shown.device.measure().answer == "NONE"
    shown.wait(DRAWN_S)
    assert (title(shown), shown.lines()[2]) == ("NO ANSWER", "SENSOR OPEN OR SHORT")
    assert filled_bar(shown) == 2  # the frame alone


def test_a_fault_is_shown_by_its_name(shown: Nose) -> None:
    shown.wiring.chip_supply_v = 0.0
    shown.wait(DRAWN_S + 1)
    assert (title(shown), shown.lines()[2]) == ("SAFE", "CHIP SUPPLY")


def test_an_answer_without_compensation_says_so(shown: Nose) -> None:
    shown.wiring.climate.absent = True
    shown.wait(6)
    shown.device.measure()
    shown.wait(DRAWN_S)
    assert (shown.lines()[COMPENSATION_LINE], shown.lines()[AIR_LINE]) == ("NOT COMPENSATED", "NO CLIMATE SENSOR")


def test_there_are_words_for_every_fault_and_reason_that_fit_into_a_line() -> None:
    assert set(FAULTS) == set(messages.FAULTS) - {messages.FAULT_NONE}
    assert set(REASONS) == set(messages.REASONS)
    assert len(PHASES) == len(messages.PHASES)
    for words in (*FAULTS.values(), *REASONS.values(), *PHASES):
        assert len(words) <= LINE
        assert set(words) <= set(CHARACTERS)


@pytest.mark.parametrize("from_the_start", [True, False])
def test_a_display_that_does_not_answer_is_flagged_and_noted_and_nothing_else(
    power_on: SwitchOn, monkeypatch: pytest.MonkeyPatch, from_the_start: bool
) -> None:
    monkeypatch.setattr(Ssd1306Part, "absent", from_the_start)
    found = nose(power_on)
    found.wiring.display.absent = True
    found.device.measure()
    found.wait(1)
    info = found.device.info()
    assert (info["silent_parts"], info["fault"]) == (["display"], "none")
    assert found.device.measure().reason == ""
    assert info["refresh"]["missed"] == 0
    parts = [entry.figures["part"] for entry in found.device.log().entries if entry.event == "silent part"]
    assert parts == ["display"]


def test_it_is_left_alone_once_it_has_not_answered(shown: Nose) -> None:
    shown.wiring.display.absent = True
    shown.device.measure()
    shown.wiring.display.absent = False
    before = shown.wiring.display.ram.copy()
    shown.device.measure()
    shown.wait(2)
    assert np.array_equal(shown.wiring.display.ram, before)


@pytest.mark.parametrize("ambient_c", [25.0, 50.0])
def test_drawing_never_makes_a_refresh_late(power_on: SwitchOn, ambient_c: float) -> None:
    """At 50 C weights hold 12 ms and are written every 9: a whole frame at once would take 25."""
    found = nose(power_on, FULL, chip_c=ambient_c)
    found.wait(2)
    before = found.device.info()["refresh"]
    written: list[int] = []
    display: Ssd1306Part = found.wiring.display
    write = display.write
    display.write = lambda data, t_s: (written.append(len(data)), write(data, t_s))  # type: ignore[method-assign,func-returns-value]
    for k in range(4):
        present(found.board, (0.9, 0.3 + 0.15 * k, 0.5, 0.3))
        found.device.measure()
    found.wait(5)
    after = found.device.info()["refresh"]
    assert sum(length for length in written if length > 4) > 1024  # a whole picture, at the least
    assert max(written) <= 26  # that of setting it up
    assert (after["missed"], found.device.status()["weights"]) == (before["missed"], "held")
    assert after["done"] > before["done"]
