"""What the pages show, without the pages: slices, maps, mean traces, the window meter, what is kept of a stream."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose.app.margin_scale import scale_of
from enose.app.programming import grid
from enose.app.traces import Kept
from enose.app.views import at_board_positions, class_traces, map_of, sliced, with_sensors
from enose.app.window_meter import uses
from enose.boards import find_board
from enose.recordings import Recordings, RecordingsError, Specimen, simulated_fruit
from enose.training import Network
from enose.training.imperfections import INPUT_NOISE_V
from enose_contract.normalise import NORM_CHANGE

FRUIT = simulated_fruit(1)


def flat(label: str, group: str, ohm: list[float], ratio: float) -> Specimen:
    clean = np.tile(ohm, (4, 1))
    return Specimen(label, group, "day 0", 1.0, clean, clean * ratio, clean)


def test_a_slice_holds_its_sessions_only() -> None:
    part = sliced(FRUIT, ["day 1"])
    assert {s.batch for s in part.specimens} == {"day 1"}
    assert set(part.classes) == {s.label for s in part.specimens}
    assert sliced(FRUIT, []) is FRUIT


@given(st.lists(st.sampled_from(range(8)), min_size=1, unique=True))
def test_chosen_sensors_keep_their_columns_and_find_back_to_the_board(chosen: list[int]) -> None:
    part = with_sensors(FRUIT, chosen)
    assert part.sensors == tuple(FRUIT.sensors[k] for k in chosen)
    for before, after in zip(FRUIT.specimens, part.specimens, strict=True):
        assert np.array_equal(after.exposure_ohm, before.exposure_ohm[:, chosen])
    channels = tuple(range(len(chosen)))
    network = Network(part.sensors, channels, ("a",), (0.0,), NORM_CHANGE, (), (), 0.0, 0.0, 0.0)
    assert at_board_positions(network, chosen).channels == tuple(chosen)


def test_a_map_puts_specimens_that_differ_in_one_way_on_a_line() -> None:
    ohm = [1e4, 2e4, 3e4]
    specimens = tuple(flat("a" if k < 3 else "b", str(k), ohm, 0.9 - 0.1 * k) for k in range(6))
    made = Recordings("line", True, ("x", "y", "z"), ("a", "b"), NORM_CHANGE, specimens, 2)
    found = map_of(made, "PCA")
    assert found.of_change
    assert found.shares[0] == pytest.approx(1.0)
    assert np.ptp(found.places[:, 1]) == pytest.approx(0.0, abs=1e-9)
    order = np.argsort(found.places[:, 0])
    assert order.tolist() in (list(range(6)), list(range(6))[::-1])


def test_lda_of_fruit_separates_better_than_chance() -> None:
    found = map_of(FRUIT, "LDA")
    middles = np.array([found.places[np.array(found.labels) == name].mean(axis=0) for name in found.classes])
    nearest = [found.classes[k] for k in np.argmin(((found.places[:, None] - middles) ** 2).sum(axis=2), axis=1)]
    assert np.mean(np.array(nearest) == np.array(found.labels)) > 0.6
    two = replace(
        FRUIT, classes=FRUIT.classes[:2], specimens=tuple(s for s in FRUIT.specimens if s.label in FRUIT.classes[:2])
    )
    assert map_of(two, "LDA").places.shape == (len(two.specimens), 2)


@pytest.mark.parametrize(
    ("count", "classes", "kind", "words"), [(2, 1, "PCA", "at least 3"), (4, 1, "LDA", "at least 2")]
)
def test_what_cannot_be_mapped_is_refused(count: int, classes: int, kind: str, words: str) -> None:
    specimens = tuple(flat("a", str(k), [1e4, 2e4], 0.5 + 0.1 * k) for k in range(count))
    with pytest.raises(RecordingsError, match=words):
        map_of(Recordings("few", True, ("x", "y"), ("a",), NORM_CHANGE, specimens, 2), kind)


def test_class_traces_begin_at_one_and_have_zero_where_the_odour_comes() -> None:
    specimens = tuple(flat("a", str(k), [1e4, 2e4], 0.5) for k in range(3))
    found = class_traces(Recordings("flat", True, ("x", "y"), ("a", "none"), NORM_CHANGE, specimens, 2), 1)
    assert list(found) == ["a"]
    time_s, middle, low, high = found["a"]
    assert time_s.tolist() == list(range(-4, 8))
    assert middle.tolist() == [1.0] * 4 + [0.5] * 4 + [1.0] * 4
    assert np.array_equal(low, high)


def test_the_window_meter_counts_steps_and_clipping() -> None:
    span_v = 16 * np.sqrt(12) * INPUT_NOISE_V  # sixteen steps are four bits
    inputs_v = np.array([[0.95, 0.90, 0.88], [0.95, 0.90 + span_v, 0.88]])
    whole, four, still = uses(inputs_v, 0.95)
    assert (whole.at_top, four.at_top) == (1.0, 0.0)
    assert four.bits == pytest.approx(4.0)
    assert (whole.bits, still.bits) == (0.0, 0.0)
    assert (four.low_v, four.high_v) == (0.90, pytest.approx(0.90 + span_v))


@given(st.lists(st.integers(0, 12), max_size=30), st.integers(1, 9))
def test_of_a_stream_the_newest_rows_are_kept_and_the_memory_stays(lengths: list[int], size: int) -> None:
    kept = Kept(size, 1)
    memory = kept._rows.nbytes
    for n, start in zip(lengths, np.cumsum([0, *lengths]), strict=False):
        kept.add(np.arange(start, start + n, dtype=float)[:, None])
    total = sum(lengths)
    assert kept.rows[:, 0].tolist() == list(range(max(total - size, 0), total))
    assert kept._rows.nbytes == memory


def test_the_scale_of_each_kind_of_chip() -> None:
    mlp, memristor = find_board("pico-mlp")[1], find_board("pico-memristor")[1]
    found = scale_of(mlp, ("a", "b", "c"), 0.004)
    assert (found.low_v, found.high_v, found.edges_v, found.guard_v) == (0.82, 0.98, (0.88, 0.92), 0.004)
    assert found.by_bands
    other = scale_of(memristor, ("a", "b", "c"))
    assert (other.edges_v, other.guard_v, other.by_bands) == ((0.90,), 0.002, False)


def test_weights_are_named_neuron_by_neuron() -> None:
    rows = grid(np.arange(25.0), 4, 4, 1)
    assert [name for name, _ in rows] == ["hidden 1", "hidden 2", "hidden 3", "hidden 4", "output 1"]
    assert rows[1][1] == [("input 1", 5.0), ("input 2", 6.0), ("input 3", 7.0), ("input 4", 8.0), ("bias", 9.0)]
    assert rows[4][1][-1] == ("bias", 24.0)
