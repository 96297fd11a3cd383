"""Images of several pages: the chip is given other weights between two readings, and one answer comes of them all."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from enose.link.conversation import DeviceError
from enose.link.device import Device
from enose_contract import messages, seal
from enose_contract.image import MAX_SEALED, Image
from enose_contract.pages import MAX_PAGES, NO_CLASS, combine, page_inputs, page_weights, score_page
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.chips import open_chip
from enose_hwsim.configuration import decision_rule
from enose_hwsim.gas import REFERENCE_C, REFERENCE_RH
from rig import CHIP, CLEAN_OHM, SwitchOn, host_of, image, paged_image, present

RATIOS = (0.9, 0.7, 0.5, 0.3, 0.8, 0.45, 0.6, 0.25)
RULE = decision_rule(CHIP)
DROOP_MAX_V = CHIP.retention.droop_max_v
# between the image's voltage and what a fresh write leaves: half a DAC code of 38 uV, and exp(-10) of a full write
WRITE_V = 20e-6 + 1.1 * np.exp(-10)
HEAP = 192 * 1024
# of a margin: half a DAC code on 25 weights and a droop of some 20 ms move an output by so little; ADC noise is below
MARGIN_V = 0.0008


def expected(content: Image, ratios: tuple[float, ...] = RATIOS) -> tuple[int, int, int, list[float]]:
    """(answer, class, margin_uv) and the outputs, by the contract's rule and the chip's model, without any board."""
    model = open_chip(CHIP, "fast")
    ohms = [round(CLEAN_OHM * ratios[channel]) for channel in content.channels]
    clean = [round(CLEAN_OHM)] * len(ohms)
    scores_uv = [0] * len(content.classes)
    outputs_v = []
    for page, (_, classes) in enumerate(content.pages):
        inputs_uv = page_inputs(content, page, ohms, clean)
        assert inputs_uv is not None
        weights_v = np.array(page_weights(content, page)) * 1e-6
        outputs_v.append(float(model.output_v(np.array([inputs_uv]) * 1e-6, weights_v)[0]))
        assert score_page(scores_uv, RULE, classes, [round(outputs_v[-1] * 1e6)])
    return (*combine(scores_uv, RULE["guard_uv"]), outputs_v)


def smelling(device: Device, content: Image, ratios: tuple[float, ...] = RATIOS) -> Device:
    """A device with this image and a specimen before its nose."""
    device.program(content.pack())
    present(device.port.board, ratios)
    return device


def at_reading(board: SimulatedBoard, number: int, action: Callable[[float], None]) -> list[np.ndarray]:
    """Have action(t_s) done as the switch closes for this reading; what the weights are as it opens after each."""
    chip = board.wiring.chip
    set_switch, seen = chip.set_switch, [0]
    weights_v: list[np.ndarray] = []

    def watching(level: int, t_s: float) -> None:
        if not level and chip._closed:
            weights_v.append(chip.weights_v(t_s))
        set_switch(level, t_s)
        seen[0] += level
        if level and seen[0] == number:
            action(t_s)

    chip.set_switch = watching
    return weights_v


@pytest.mark.parametrize(("pages", "seed"), [(2, 3), (3, 2), (3, 4), (4, 7), (5, 9), (6, 2), (7, 3), (8, 2)])
def test_the_answer_is_that_of_the_contract_and_the_chips_model(device: Device, pages: int, seed: int) -> None:
    content = paged_image(pages, seed)
    answer, winner, margin_uv, outputs_v = expected(content)
    found = smelling(device, content).measure()
    assert found.reason == ""
    assert found.margin_v == pytest.approx(margin_uv * 1e-6, abs=MARGIN_V)
    assert abs(margin_uv - RULE["guard_uv"]) > MARGIN_V * 1e6, "this seed is too near to the guard to tell anything"
    assert found.answer == {1: "CLASS", 2: "ABSTAIN"}[answer]
    assert found.label == (content.classes[winner] if answer == 1 else "")
    assert found.outputs_v[0] == pytest.approx(outputs_v[winner], abs=MARGIN_V)
    assert len(found.ohms) == len(found.inputs_v) == len(content.channels)


def test_each_page_is_on_the_chip_while_it_is_read_and_within_its_droop(device: Device) -> None:
    content = paged_image(count=6)
    smelling(device, content)
    weights_v = at_reading(device.port.board, 0, lambda t_s: None)
    assert device.measure().reason == ""
    assert len(weights_v) == 6
    for page, held_v in enumerate(weights_v):
        target_v = np.array(page_weights(content, page)) * 1e-6
        assert (target_v - held_v).max() <= DROOP_MAX_V + WRITE_V
        assert (held_v - target_v).max() <= WRITE_V


def test_no_refresh_is_missed_and_every_one_is_a_write_of_all_weights(device: Device) -> None:
    smelling(device, paged_image(count=8))
    chip = device.port.board.wiring.chip
    for _ in range(3):
        before, writes = device.info()["refresh"], chip.weight_writes
        assert device.measure().reason == ""
        after = device.info()["refresh"]
        assert (after["missed"], device.status()["weights"]) == (0, "held")
        # the last round may be under way as the counter is asked for
        assert chip.weight_writes - writes == pytest.approx(25 * (after["done"] - before["done"]), abs=25)
        present(device.port.board, RATIOS)


@pytest.mark.parametrize("ambient_c", [0.0, 45.0])
def test_hot_and_cold_chips_answer_too(power_on: SwitchOn, ambient_c: float) -> None:
    board = power_on()
    board.wiring.ambient_c = ambient_c
    board.world.air = (min(ambient_c, REFERENCE_C), REFERENCE_RH)  # no warmer than the chip
    device = smelling(host_of(board), paged_image(count=8))
    assert device.measure().reason == ""
    assert device.info()["refresh"]["missed"] == 0


@pytest.mark.parametrize("number", [1, 2, 4])
def test_a_page_that_was_not_held_in_time_while_it_was_read_is_no_answer(device: Device, number: int) -> None:
    """The clock stands still for the firmware and goes on for the weights: a fifth of a second at any of the pages."""
    board = device.port.board
    smelling(device, paged_image(count=4))
    readings = at_reading(board, number, lambda t_s: board.jump_clock(0.2) and None)
    answer = device.measure()
    assert (answer.answer, answer.label, answer.reason) == ("NONE", "", "the weights are stale")
    assert (device.info()["refresh"]["missed"], device.status()["weights"]) == (1, "stale")
    assert len(readings) == number  # no page after it is driven
    present(board, RATIOS)
    assert device.measure().reason == "the weights are stale"
    device.program(paged_image(count=4, model=b"model002").pack())
    present(board, RATIOS)
    assert device.measure().reason == ""


@pytest.mark.parametrize("number", [1, 3])
def test_a_fault_at_any_page_is_the_safe_state(device: Device, number: int) -> None:
    board = device.port.board
    smelling(device, paged_image(count=3))

    def break_bus(t_s: float) -> None:
        board.wiring.bus_dead = True

    at_reading(board, number, break_bus)
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the device is in its safe state")
    status = device.status()
    assert (status["state"], status["weights"]) == ("safe", "none")
    assert not board.wiring.chip._closed
    assert board.wiring.chip._dac_v == pytest.approx(CHIP.input.no_field_v, abs=40e-6)  # one code
    board.wiring.bus_dead = False
    device.clear()
    present(board, RATIOS)
    assert device.measure().reason == ""


@pytest.mark.parametrize("number", [1, 2, 3])
def test_an_output_that_no_network_gives_is_no_answer_whichever_page_it_is(device: Device, number: int) -> None:
    board = device.port.board
    smelling(device, paged_image(count=3))
    chip = board.wiring.chip

    def run_away(t_s: float) -> None:
        chip._settled_v = lambda at_s: 1.2

    at_reading(board, number, run_away)
    answer = device.measure()
    assert (answer.answer, answer.label, answer.reason) == ("NONE", "", messages.REASONS[messages.REASON_OUTPUT])
    assert device.info()["refresh"]["missed"] == 0


def test_a_dac_that_resets_itself_under_a_page_is_no_answer(device: Device) -> None:
    board = device.port.board
    smelling(device, paged_image(count=4))
    readings = at_reading(board, 2, lambda t_s: board.inject("dac-resets"))
    answer = device.measure()
    assert (answer.answer, answer.reason) == ("NONE", "the weights are stale")
    assert len(readings) == 2


def test_a_page_whose_sensors_show_nothing_has_no_voice(device: Device) -> None:
    ratios = (0.99, 0.985, 0.99, 0.985, 0.5, 0.4, 0.6, 0.3)  # they move, but by less than what counts
    quiet, loud = bytes((0, 1, 2, 3)), bytes((4, 5, 6, 7))
    both = [(quiet, bytes((0, NO_CLASS, NO_CLASS))), (loud, bytes((1, NO_CLASS, NO_CLASS)))]
    content = paged_image(
        2, 2, channels=list(range(8)), low_ohm=[0] * 8, high_ohm=[0] * 8, pages=both, least_change_ppm=20_000
    )
    smelling(device, content, ratios)
    readings = at_reading(device.port.board, 0, lambda t_s: None)
    answer = device.measure()
    assert len(readings) == 1
    assert answer.label != content.classes[0]
    assert answer.reason == ""


def test_no_odour_at_all_is_none(device: Device) -> None:
    answer = smelling(device, paged_image(), (1.0,) * 8).measure()
    assert (answer.answer, answer.reason) == ("NONE", "the sample is all zero: no odour")


def test_pages_and_one_network_take_turns_in_force(device: Device) -> None:
    board = device.port.board
    for content in (paged_image(), image(model=b"model002"), paged_image(count=8, model=b"model003")):
        smelling(device, content)
        answer = device.measure()
        assert (answer.reason, len(answer.ohms)) == ("", len(content.channels))
        assert board.wiring.chip.weights_v(board.now_s).min() >= 0.7 - DROOP_MAX_V - WRITE_V


def test_the_largest_image_fits_and_outlives_the_power(power_on: SwitchOn) -> None:
    content = paged_image(count=MAX_PAGES)
    raw = content.pack()
    assert len(raw) + seal.OVERHEAD <= MAX_SEALED
    board = power_on()
    device = smelling(host_of(board), content)
    before = device.measure()
    board.lose_power()
    board.run(3000)
    device = host_of(board)
    present(board, RATIOS)
    after = device.measure()
    assert (after.answer, after.label) == (before.answer, before.label)
    assert after.margin_v == pytest.approx(before.margin_v, abs=MARGIN_V)


def test_the_largest_sealed_image_is_taken(device: Device) -> None:
    key = bytes(range(32))
    device.set_key(key)
    device.program(device.sealed(paged_image(count=MAX_PAGES).pack(), key))
    present(device.port.board, RATIOS)
    assert device.measure().reason == ""


def test_the_largest_image_leaves_memory_free(device: Device) -> None:
    smelling(device, paged_image(count=MAX_PAGES))
    for _ in range(3):
        assert device.measure().reason == ""
        present(device.port.board, RATIOS)
    # without pages a quarter is free; the pages' code, weights and codes may take a quarter of that
    assert device.info()["memory_free_low"] > 3 * HEAP // 16


def bands(pages: int, places: bytes, count: int = 3) -> list[tuple[bytes, bytes]]:
    """Pages that all have these inputs, and a class in the lowest of so many bands."""
    return [(places, bytes([page] + [NO_CLASS] * (count - 1))) for page in range(pages)]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"weights": [900_000] * 72}, "the image's topology does not fit the chip"),
        ({"pages": bands(3, bytes(range(8)))}, "the image's topology does not fit the chip"),
        (
            {"pages": bands(3, bytes(range(4)), 2), "channels": [0, 1, 2, 3]},
            "the image's topology does not fit the chip",
        ),
        ({"weights": [900_000] * 74 + [1_200_000]}, "weight 74 of the image lies outside the chip's range"),
        ({"channels": [0, 1, 2, 3, 4, 5, 6, 16]}, "the image asks for sensor position 16 of 16"),
    ],
    ids=["weights", "inputs", "bands", "range", "position"],
)
def test_what_the_chip_cannot_run_is_refused(device: Device, changes: dict[str, Any], words: str) -> None:
    sensors = len(changes.get("channels", range(8)))
    with pytest.raises(DeviceError, match=words):
        device.program(paged_image(**{"low_ohm": [0] * sensors, "high_ohm": [0] * sensors, **changes}).pack())
    assert device.info()["image"]["generation"] == 0


def test_pages_are_not_taught_on_the_chip(device: Device) -> None:
    smelling(device, paged_image())
    with pytest.raises(DeviceError, match="taught on the chip"):
        device._conversation.ask(messages.TEACH, 1)


def test_a_slot_with_pages_is_read_back_at_the_next_start(power_on: SwitchOn, tmp_path: Path) -> None:
    flash = tmp_path / "flash.bin"
    first = host_of(power_on(flash_path=flash))
    first.program(paged_image(count=6).pack())
    first.close()
    first.port.board.close()
    device = host_of(power_on(flash_path=flash))
    present(device.port.board, RATIOS)
    assert device.info()["image"]["generation"] == 1
    assert len(device.measure().ohms) == len(paged_image(count=6).channels)
