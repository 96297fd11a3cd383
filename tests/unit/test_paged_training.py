"""A page a class: trained, answered together, built into an image, and measured by the firmware."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from enose.accuracy import share_right
from enose.boards import find_board
from enose.image import build_paged_image
from enose.paged import answers, paged_stages
from enose.paged_training import decision_cost, measured_by_firmware, named
from enose.recordings import Recordings, Specimen, open_recordings
from enose.recordings.split import Split
from enose.training import Effort, TrainingError
from enose.training.fit import Jobs, fit, start
from enose.training.network import Network
from enose.training.paged import TogetherReading, rest_reading, train_pages
from enose.training.pages import REST, Pages
from enose_contract.image import unpack
from enose_contract.messages import MAX_CHANNELS
from enose_contract.normalise import NORM_CHANGE
from enose_hwsim.chips import open_chip

BOARD, CHIP, _ = find_board("pico-mlp")
SHORT, LONGER = Effort(restarts=2, epochs=20), Effort(restarts=2, epochs=200)
EDGE_V = CHIP.decision.edges_v[0]


def drawn(classes: int, sensors: int = 5, each: int = 14) -> Recordings:
    """Recordings whose class k moves its sensors in a pattern of its own, and a tenth of noise about it."""
    rng = np.random.default_rng(3)
    patterns = rng.uniform(0.1, 0.9, (classes, sensors))
    specimens = []
    for k in range(classes):
        for i in range(each):
            ohm = 20_000 * (1 - patterns[k] * rng.uniform(0.9, 1.0, sensors))
            clean = np.full((2, sensors), 20_000.0)
            nothing = np.empty((0, sensors))
            specimens.append(Specimen(f"c{k}", f"g{k}_{i}", "b", 0.5, clean, np.tile(ohm, (2, 1)), nothing))
    names = tuple(f"s{k}" for k in range(sensors))
    classes_named = tuple(f"c{k}" for k in range(classes))
    return Recordings("drawn", True, names, classes_named, NORM_CHANGE, tuple(specimens), 2)


def halves(recordings: Recordings) -> Split:
    every = np.arange(len(recordings.specimens))
    return Split(every[::2], every[1::2])


@pytest.fixture(scope="module")
def trained() -> tuple[Recordings, Split, Pages]:
    recordings = drawn(5)
    split = halves(recordings)
    return recordings, split, train_pages(recordings, split.train, CHIP, 0, alone=SHORT, together=LONGER)


def test_five_classes_are_told_apart_by_a_chip_with_three_bands(trained: tuple[Recordings, Split, Pages]) -> None:
    recordings, split, pages = trained
    model = open_chip(CHIP, "fast")
    found = paged_stages(pages, recordings, split.test, CHIP, model, model)
    labels = [recordings.specimens[i].label for i in split.test.tolist()]
    assert set(found) == {"float", "mapped", "quantised", "chip"}
    # the patterns lie far apart: a specimen or two of 35 may be near to an edge
    assert min(share_right(answered, labels) for answered in found.values()) >= 0.9
    assert [network.class_order for network in pages.networks] == [(name, REST) for name in recordings.classes]


def test_the_same_seed_is_the_same_pages(trained: tuple[Recordings, Split, Pages]) -> None:
    recordings, split, pages = trained
    assert train_pages(recordings, split.train, CHIP, 0, alone=SHORT, together=LONGER) == pages


def test_the_firmware_answers_as_the_chip_does(trained: tuple[Recordings, Split, Pages], micropython: str) -> None:
    recordings, split, pages = trained
    model = open_chip(CHIP, "fast")
    image = build_paged_image(pages, recordings, BOARD, CHIP, split.train.tolist())
    assert vars(unpack(image.pack())) == vars(image)
    some = split.test[::7]
    measured = measured_by_firmware(image, recordings, some, BOARD, CHIP, "fast", 0)
    on_chip = paged_stages(pages, recordings, some, CHIP, model, model)["chip"]
    assert [named(answer) for answer in measured["answers"]] == on_chip
    cost = decision_cost(measured["decision_s"], 5, BOARD)
    # settling and four conversions of 1.2 ms a page, and 25 strobes of 20 us; nothing that takes a tenth of a second
    assert 5 * (2 + 4 * 1.16 + 25 * 0.02) < cost["ms"] < 100
    assert cost["estimated_mj"] == pytest.approx(sum(cost["parts_mj"].values()))
    assert cost["parts_mj"]["classifier mlp441"] == pytest.approx(0.078 * cost["ms"] * 1e-3)
    assert not [part for part in cost["parts_mj"] if "heaters" in part]


def test_a_decision_that_was_not_timed_costs_nothing_known() -> None:
    assert decision_cost(None, 6, BOARD)["ms"] is None
    assert decision_cost(0.05, 6, replace_power(None))["estimated_mj"] is None


def replace_power(power: None):
    import msgspec

    return msgspec.structs.replace(BOARD, power=power)


def test_no_more_sensors_are_scanned_than_a_result_has_room_for() -> None:
    recordings = drawn(4, sensors=10, each=6)
    every = np.arange(len(recordings.specimens))
    pages = train_pages(recordings, every, CHIP, 0, alone=SHORT, together=SHORT)
    assert len(pages.channels) <= MAX_CHANNELS
    assert all(len(set(network.channels)) == 4 for network in pages.networks)


def test_more_classes_than_pages_are_refused() -> None:
    recordings = drawn(9, each=2)
    with pytest.raises(TrainingError, match="9 classes in the training split"):
        train_pages(recordings, np.arange(18), CHIP, 0)


def test_memristors_have_no_pages() -> None:
    _, chip, _ = find_board("pico-memristor")
    with pytest.raises(TrainingError, match="memristor542: no pages"):
        train_pages(drawn(4), np.arange(56), chip, 0)


def pages_of(count: int) -> Pages:
    names = tuple(f"c{k}" for k in range(count))
    made = [Network(("s",) * 4, (0, 1, 2, 3), (n, REST), (0.0,) * 25, 1, (0,) * 4, (0,) * 4, 0, 0, 0) for n in names]
    return Pages(names, tuple(made))


@pytest.mark.parametrize(
    ("outputs_v", "answer"),
    [
        ((0.85, 0.90, 0.95), "c0"),
        ((0.90, 0.90, 0.95), "abstain"),  # nobody's
        ((0.85, 0.8505, 0.95), "abstain"),  # within the guard of each other
        ((0.8795, 0.90, 0.95), "abstain"),  # within the guard of the edge
        ((0.85, 0.83, 0.95), "c1"),
        ((np.nan, 0.83, 0.95), "c1"),  # the first page was not shown anything
        ((np.nan, np.nan, np.nan), "none"),
        ((0.85, 0.90, 1.05), "none"),  # no network gives that
    ],
)
def test_the_answers_are_those_of_the_contract(outputs_v: tuple[float, ...], answer: str) -> None:
    assert answers([np.array([volts]) for volts in outputs_v], pages_of(3), CHIP) == [answer]


def test_the_slope_of_pages_read_together_is_that_of_their_loss() -> None:
    reading = TogetherReading(rest_reading(CHIP, 100), 3)
    rng = np.random.default_rng(0)
    output_v = rng.normal(reading.edge_v, 0.005, (6, 5))  # twice three pages, five samples
    wanted = rng.integers(0, 3, (1, 5))
    slope = reading.slope(output_v.astype(np.float32), wanted)
    step_v = 1e-6
    for j in range(6):
        for s in range(5):
            moved = output_v.copy()
            moved[j, s] += step_v
            rise = reading.loss(moved, wanted)[j, s] - reading.loss(output_v, wanted)[j, s]
            # single precision beside a difference of a micro-volt: a thousandth of the steepest slope, 1 / softness
            assert slope[j, s] == pytest.approx(rise / step_v, abs=1e-3 / reading.softness_v)


def test_pages_are_read_together_also_where_a_block_ends() -> None:
    """400 samples and 12 pages do not fit a block; three rows of four pages each stay whole."""
    from enose.training.circuit import open_circuit

    circuit = open_circuit(CHIP, "ideal")
    rng = np.random.default_rng(1)
    inputs_v = rng.uniform(0.85, 0.95, (4, 400, 4))
    labels = rng.integers(0, 4, (1, 400))
    used = np.ones((1, 400), dtype=np.bool_)
    reading = TogetherReading(rest_reading(CHIP, 400), 4)
    begin = start(circuit, 4, np.random.default_rng(2))
    one = Jobs(inputs_v, labels, used, np.zeros(4), 400, together=4)
    three = Jobs(np.tile(inputs_v, (3, 1, 1)), labels, used, np.zeros(12), 400, together=4)
    alone = fit(circuit, reading, one, begin, 5, np.random.default_rng(5))
    every = fit(circuit, reading, three, np.tile(begin, (3, 1)), 5, np.random.default_rng(5))
    for row in range(3):
        np.testing.assert_array_equal(every[4 * row : 4 * row + 4], alone)


@pytest.mark.data
def test_six_gases_of_the_drift_set(data_path: Callable[[str], Path], micropython: str) -> None:
    """A small split of the first batch; `enose train --paged` on three whole batches is in docs/paged.md."""
    recordings = open_recordings(data_path("uci_gas_drift") / "batch1.dat")
    rng = np.random.default_rng(0)
    chosen = np.sort(np.concatenate([rng.permutation(np.flatnonzero(recordings.labels() == k))[:40] for k in range(6)]))
    some = replace(recordings, specimens=tuple(recordings.specimens[i] for i in chosen.tolist()))
    split = halves(some)
    pages = train_pages(some, split.train, CHIP, 0, alone=SHORT, together=LONGER)
    model = open_chip(CHIP, "fast")
    labels = [some.specimens[i].label for i in split.test.tolist()]
    found = paged_stages(pages, some, split.test, CHIP, model, model)
    # twenty of each to learn from, and short trainings; three batches reach 98 % and more
    assert share_right(found["chip"], labels) >= 0.9
    image = build_paged_image(pages, some, BOARD, CHIP, split.train.tolist())
    measured = measured_by_firmware(image, some, split.test[::20], BOARD, CHIP, "fast", 0)
    assert [named(answer) for answer in measured["answers"]] == found["chip"][::20]
