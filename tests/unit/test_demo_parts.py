"""What the demo decides before and after its work: splits, paths, intervals."""

from pathlib import Path

import numpy as np
import pytest

from enose import accuracy
from enose.cli.main import run
from enose.demo.plan import make_plan
from enose.image import ImageFileError, check_writable, write_whole
from enose.recordings import Recordings, RecordingsError, Specimen
from enose_contract.normalise import NORM_RANGE


def windows(groups_of_b: int) -> Recordings:
    """Two windows in each of five groups of class a and some of class b."""
    nothing = np.empty((0, 4))
    specimens = tuple(
        Specimen(label, f"induction {label}{group}", "day", 60.0, nothing, np.full((2, 4), 1000.0), nothing)
        for label, count in (("a", 5), ("b", groups_of_b))
        for group in range(count)
        for _ in range(2)
    )
    return Recordings("some.csv", False, ("s1", "s2", "s3", "s4"), ("a", "b"), NORM_RANGE, specimens, 2)


def test_few_groups_make_few_folds() -> None:
    plan = make_plan(windows(3), 0)
    assert len(plan.splits) == 3
    assert plan.words.startswith("3 folds by group: no induction")


def test_too_few_groups_are_named_with_their_class() -> None:
    with pytest.raises(RecordingsError, match=r"some.csv: class 'b' has 2 induction\(s\).*at least 3"):
        make_plan(windows(2), 0)


@pytest.mark.parametrize(
    ("path", "said"),
    [("none/x.png", "there is no folder"), (".", "is a folder"), ("x.jpg", "ends in '.jpg', expected .png or .svg")],
)
def test_a_path_that_cannot_be_written_is_refused_before_the_work(tmp_path: Path, path: str, said: str) -> None:
    endings = (".png", ".svg") if path != "." else ()
    with pytest.raises(ImageFileError, match=said):
        check_writable(tmp_path / path, endings)
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_takes_no_files_is_refused() -> None:
    with pytest.raises(ImageFileError, match="cannot be written"):
        check_writable(Path("/proc/x.img"))


def test_the_demo_refuses_a_bad_picture_and_a_bad_seed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["demo", "--plot", str(tmp_path / "x.foo")]) == 2
    assert "expected .png or .svg" in capsys.readouterr().err
    assert run(["demo", "--seed=-1"]) == 2
    assert "seed" in capsys.readouterr().err.lower()


def test_a_written_file_is_whole_and_readable_by_others(tmp_path: Path) -> None:
    write_whole(tmp_path / "a.img", b"abc")
    assert (tmp_path / "a.img").read_bytes() == b"abc"
    assert (tmp_path / "a.img").stat().st_mode & 0o400
    assert [p.name for p in tmp_path.iterdir()] == ["a.img"]


def test_answers_that_hang_together_make_a_wider_interval() -> None:
    labels = ["a"] * 40
    groups = [f"g{k // 10}" for k in range(40)]
    answered = ["a"] * 20 + ["b"] * 20  # two groups all right, two all wrong
    low, high = accuracy.grouped_interval(answered, labels, groups)
    alone = accuracy.wilson_interval(20, 40)
    assert low < alone[0] < 0.5 < alone[1] < high
