"""The project file: what goes in comes out, whole or not at all, with where it came from."""

import hashlib
import math
import sqlite3
import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from enose.project.contents import FEATURES, TEMPERATURE, Cycle, NewSession, NewSpecimen, Provenance, Sensor
from enose.project.identity import identity_of, packed, sensor_set_identity, unpacked
from enose.project.recordings import load_project
from enose.project.schema import APPLICATION_ID, STEPS, VERSION, ProjectError, connect
from enose.project.store import COUNTED, Project
from enose.recordings import open_recordings, simulated_fruit

SENSORS = (Sensor("TGS2600"), Sensor("TGS2602"))
SOURCE = Provenance("import", "made-up.csv", False, "0" * 64, {"notes": ["none"]})


def cycle(seed: int = 0, samples: int = 4, **series: np.ndarray) -> Cycle:
    rng = np.random.default_rng(seed)
    found = {"exposure": rng.uniform(1e3, 1e5, (samples, 2)), **series}
    return Cycle(found, 0.5, 1000.0 + seed, {"seed": seed})


def session(title: str = "one", count: int = 3, label: str | None = "banana") -> NewSession:
    specimens = tuple(NewSpecimen(f"specimen {k}", label, (cycle(k), cycle(k + 100))) for k in range(count))
    return NewSession(title, SENSORS, specimens, 1000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "a.enose"


@given(arrays(np.float64, array_shapes(min_dims=1, max_dims=3, min_side=0), elements=st.floats(width=64)))
def test_a_series_comes_out_as_it_went_in_bit_for_bit(values: np.ndarray) -> None:
    shape, packing, numbers = packed(values)
    out = unpacked(shape, packing, numbers)
    assert out.shape == values.shape
    assert out.tobytes() == np.ascontiguousarray(values).tobytes()
    assert packing == ("none" if numbers == values.astype("<f8").tobytes() else "zlib")


def test_a_series_that_is_damaged_is_said_to_be() -> None:
    with pytest.raises(ValueError, match=r"shape \(2,2\) has 24 bytes, expected 32"):
        unpacked("2,2", "none", bytes(24))
    with pytest.raises(ValueError, match=r"shape \(2,2\) is damaged"):
        unpacked("2,2", "zlib", b"no zip")


def test_what_goes_in_comes_out(path: Path) -> None:
    features = np.arange(16.0).reshape(2, 8)
    around = np.array([20.0, math.nan, 21.0, 22.0])
    whole = cycle(7, baseline=np.full((3, 2), 5e4), **{FEATURES: features, TEMPERATURE: around})
    put = NewSession("day 1", SENSORS, (NewSpecimen("a", "wine", (whole,)), NewSpecimen("b", None, (cycle(8),))), 77.0)
    with Project.create(path) as project:
        project.add_sessions([put], SOURCE)
    with Project.open(path) as project:
        (found,) = project.sessions()
        assert (found.title, found.started_s, found.sensors, found.specimens) == ("day 1", 77.0, SENSORS, 2)
        a, b = project.specimens(found.id)
        assert (a.name, a.label, b.name, b.label) == ("a", "wine", "b", None)
        (out,) = project.cycles(a.id)
        assert out.cycle.series.keys() == whole.series.keys()
        for name, values in whole.series.items():
            assert np.array_equal(out.cycle.series[name], values, equal_nan=True)
        assert (out.cycle.sample_s, out.cycle.started_s, out.cycle.facts) == (0.5, 1007.0, {"seed": 7})
        (source,) = project.kept("provenance")
        assert (source["act"], source["source"], source["source_sha256"]) == ("import", "made-up.csv", "0" * 64)
        assert found.provenance == a.provenance == source["identity"]
        assert source["program"].startswith("enose ")
        assert project.damage() == []


def test_every_kind_has_an_identity_and_a_provenance(path: Path) -> None:
    with Project.create(path) as project:
        project.add_sessions([session()], SOURCE)
        model = project.add_model("net", "mlp441", {"weights": [0.5]}, Provenance("train", "x", True))
        assert project.add_model("net again", "mlp441", {"weights": [0.5]}, SOURCE) == model  # kept once
        image = project.add_image("img", b"\1\2", SOURCE, model)
        project.add_calibration("unit 7", {"gain": 1.5}, SOURCE)
        project.add_plan([(1, 1, "QXZ", "banana")], SOURCE)
        counts = project.counts()
        assert set(counts) == set(COUNTED)
        expected = {"specimen": 3, "cycle": 6, "sensor": 2}
        assert counts == {name: expected.get(name, 1) for name in COUNTED}
        assert project.kept("image")[0]["identity"] == image
        assert project.kept("image")[0]["content"] == b"\1\2"
        assert project.kept("model")[0]["provenance"] in {row["identity"] for row in project.kept("provenance")}
    with sqlite3.connect(path) as raw:
        for table in counts:
            columns = {row[1] for row in raw.execute(f"PRAGMA table_info({table})")}
            assert "identity" in columns
            assert {"provenance_id", "sensor_set_id"} & columns, table  # a sensor's is its set's
            rows = raw.execute(f"SELECT identity FROM {table}").fetchall()
            assert all(len(identity) == 16 and int(identity, 16) >= 0 for (identity,) in rows)
    raw.close()


def test_identities_are_the_same_on_every_machine_and_differ_with_the_content() -> None:
    assert identity_of("a", 1) == hashlib.sha256(b'["a",1]').hexdigest()[:16]
    assert identity_of("a", 1) != identity_of("a", 1.5)
    names = simulated_fruit(0)
    assert sensor_set_identity([Sensor(name) for name in names.sensors]) == names.sensor_set_id().hex()
    assert sensor_set_identity([Sensor("a", "count")]) != sensor_set_identity([Sensor("a")])


def test_the_same_recording_twice_is_one_content(path: Path) -> None:
    with Project.create(path) as project:
        project.add_sessions([session("one"), session("two")], SOURCE)
        contents = [c.content for one in project.specimens() for c in project.cycles(one.id)]
        identities = [c.identity for one in project.specimens() for c in project.cycles(one.id)]
    assert len(contents) == 12
    assert len(set(contents)) == 6
    assert len(set(identities)) == 12


def test_an_import_is_whole_or_not_at_all(path: Path) -> None:
    with Project.create(path) as project:
        project.add_sessions([session("one")], SOURCE)
        before = project.counts()
        with pytest.raises(ProjectError, match=r"a\.enose: session 'one' from made-up\.csv is in it already"):
            project.add_sessions([session("two"), session("one")], SOURCE)
        broken = cycle()
        broken.series["exposure"][1, 0] = math.nan
        bad = NewSession("three", SENSORS, (NewSpecimen("specimen 0", "x", (broken,)),))
        with pytest.raises(ProjectError, match="specimen 0, exposure: row 1, column 0 is nan"):
            project.add_sessions([session("two"), bad], SOURCE)
        assert project.counts() == before
        assert len(project.kept("provenance")) == 1


@pytest.mark.parametrize(
    ("bad", "said"),
    [
        (NewSession("s", (), ()), "session 's': no sensors"),
        (NewSession("s", (Sensor("a", "kohm"),), ()), "sensor 'a': unit 'kohm', expected one of ohm, count, V, 1"),
        (NewSession("s", (Sensor("a"), Sensor("a")), ()), "two sensors are called 'a'"),
        (NewSession("s", SENSORS, (session().specimens[0],) * 2), "two specimens are called 'specimen 0'"),
        (NewSession("s", SENSORS, (NewSpecimen("x", " ", (cycle(),)),)), "x: its label is empty"),
        (NewSession("s", SENSORS, (NewSpecimen("x", "a", ()),)), "x: no cycles"),
        (NewSession("s", SENSORS, (NewSpecimen("x", "a", (Cycle({}, 1.0),)),)), "x: a cycle without series"),
        (NewSession("s", SENSORS, (NewSpecimen("x", "a", (Cycle({}, 0.0),)),)), "x: 0.0 s between samples"),
        (
            NewSession("s", SENSORS, (NewSpecimen("x", "a", (cycle(odour=np.ones((2, 2))),)),)),
            "x, odour: unknown series, expected warmup",
        ),
        (
            NewSession("s", SENSORS, (NewSpecimen("x", "a", (cycle(baseline=np.ones((2, 3))),)),)),
            r"x, baseline: shape \(2, 3\), expected \(samples, 2\)",
        ),
        (
            NewSession("s", SENSORS, (NewSpecimen("x", "a", (cycle(**{FEATURES: np.ones((3, 2))}),)),)),
            r"x, features: shape \(3, 2\), expected \(2, features\)",
        ),
        (
            NewSession("s", SENSORS, (NewSpecimen("x", "a", (cycle(**{TEMPERATURE: np.ones((3, 2))}),)),)),
            r"x, temperature_c: shape \(3, 2\), expected \(samples,\)",
        ),
    ],
)
def test_what_no_project_takes_in_is_named(path: Path, bad: NewSession, said: str) -> None:
    with Project.create(path) as project:
        with pytest.raises(ProjectError, match=said):
            project.add_sessions([bad], SOURCE)
        assert project.counts()["session"] == 0


def test_specimens_are_added_one_by_one_and_cross_off_the_plan(path: Path) -> None:
    with Project.create(path) as project:
        project.add_plan([(1, 1, "QXZ", "banana"), (1, 1, "BCD", "wine")], SOURCE)
        with pytest.raises(ProjectError, match="has a plan already"):
            project.add_plan([], SOURCE)
        first, second = (entry["id"] for entry in project.plan())
        begun = project.begin_session(NewSession("live", SENSORS, ()), SOURCE)
        one = NewSpecimen("QXZ", "banana", (cycle(1),))
        project.add_specimen(begun, one, SOURCE, first)
        assert [entry["specimen"] for entry in project.plan()] == ["QXZ", None]
        with pytest.raises(ProjectError, match="specimen 'QXZ' is in its session already"):
            project.add_specimen(begun, one, SOURCE, second)
        other = NewSpecimen("other", "banana", (cycle(2),))
        with pytest.raises(ProjectError, match=f"entry {first} of the plan is not open"):
            project.add_specimen(begun, other, SOURCE, first)
        with pytest.raises(ProjectError, match="there is no session 99"):
            project.add_specimen(99, other, SOURCE)
        with pytest.raises(ProjectError, match="no cycles"):
            project.add_specimen(begun, NewSpecimen("empty", None, ()), SOURCE)
        assert [specimen.name for specimen in project.specimens()] == ["QXZ"]  # what failed left nothing


def test_a_label_is_corrected_and_the_old_one_is_remembered(path: Path) -> None:
    with Project.create(path) as project:
        project.add_sessions([session(count=1)], SOURCE)
        (one,) = project.specimens()
        project.relabel(one.id, "wine", Provenance("relabel", "by hand", False))
        assert project.specimens()[0].label == "wine"
        assert project.specimens()[0].identity == one.identity
        facts = project.kept("provenance")[-1]["facts"]
        assert '"from":"banana"' in facts
        assert '"to":"wine"' in facts
        with pytest.raises(ProjectError, match="there is no specimen 9"):
            project.relabel(9, "wine", SOURCE)


def test_an_image_of_an_unknown_model_is_refused(path: Path) -> None:
    with Project.create(path) as project:
        with pytest.raises(ProjectError, match="there is no model abc"):
            project.add_image("x", b"", SOURCE, "abc")
        with pytest.raises(ValueError, match="'session', expected model, image, calibration or provenance"):
            project.kept("session")


def test_an_older_file_is_brought_up_and_keeps_what_is_in_it(path: Path) -> None:
    old = sqlite3.connect(path, isolation_level=None)
    for statement in STEPS[0].split(";"):
        old.execute(statement)
    old.execute(f"PRAGMA application_id = {APPLICATION_ID}")
    old.execute("PRAGMA user_version = 1")
    old.execute("INSERT INTO provenance VALUES (1, 'p', 'import', 'x', NULL, 'then', 'enose 0', 0, '{}')")
    old.execute("INSERT INTO label VALUES (1, 'l', 'banana', 1)")
    old.close()
    with Project.open(path) as project:
        assert (project.counts()["label"], project.counts()["planned"]) == (1, 0)
        project.add_sessions([session()], SOURCE)
    connection = connect(path)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == VERSION
    connection.close()


def test_what_is_no_project_is_refused_and_left_as_it_was(tmp_path: Path) -> None:
    text = tmp_path / "text.enose"
    text.write_text("not a project, but long enough to be one")
    with pytest.raises(ProjectError, match=r"text\.enose: is no project file"):
        Project.open(text)
    assert text.read_text().startswith("not a project")
    with pytest.raises(ProjectError, match="there is no such project file"):
        Project.open(tmp_path / "none.enose")
    with pytest.raises(ProjectError, match="is there already"):
        Project.create(text)
    with pytest.raises(ProjectError, match="there is no folder"):
        Project.create(tmp_path / "no" / "a.enose")
    other = tmp_path / "other.db"
    with sqlite3.connect(other) as connection:
        connection.execute("CREATE TABLE t (x)")
    connection.close()
    before = other.read_bytes()
    with pytest.raises(ProjectError, match="is an SQLite file of another program"):
        Project.open(other)
    assert other.read_bytes() == before
    cut = tmp_path / "cut.enose"
    cut.write_bytes(other.read_bytes()[:100])
    with pytest.raises(ProjectError, match="is no project file that can be used"):
        Project.open(cut)
    with pytest.raises(ProjectError, match="cannot be opened"):
        connect(tmp_path)


def test_a_newer_file_is_refused_with_what_to_do(path: Path) -> None:
    Project.create(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute(f"PRAGMA user_version = {VERSION + 1}")
    connection.close()
    with pytest.raises(ProjectError, match=f"is of format {VERSION + 1}, this enose knows up to {VERSION}: install"):
        Project.open(path)


def test_damage_inside_is_named(path: Path) -> None:
    with Project.create(path) as project:
        project.add_sessions([session(count=1)], SOURCE)
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE series SET numbers = ?, packing = 'zlib'", (zlib.compress(bytes(3)),))
    connection.close()
    with Project.open(path) as project, pytest.raises(ProjectError, match=r"shape \(4,2\) has 3 bytes"):
        project.cycles(1)
    with sqlite3.connect(path) as connection:
        connection.execute("DELETE FROM label")
    connection.close()
    with Project.open(path) as project:
        assert project.damage() == ["specimen row 1 refers to nothing"]


def test_a_second_writer_waits_and_then_says_so(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("enose.project.schema.BUSY_S", 0.05)
    with Project.create(path) as first, Project.open(path) as second:
        with first._transaction():
            assert second.sessions() == []  # a reader need not wait
            with pytest.raises(ProjectError, match=r"cannot be written .*locked"):
                second.add_sessions([session()], SOURCE)
        second.add_sessions([session()], SOURCE)
        assert len(first.sessions()) == 1


def test_a_closed_file_cannot_be_read(path: Path) -> None:
    project = Project.create(path)
    project.close()
    with pytest.raises(ProjectError, match="cannot be read"):
        project.sessions()


def fruit_project(path: Path, seed: int = 0) -> None:
    fruit = simulated_fruit(seed)
    specimens = tuple(
        NewSpecimen(
            s.group,
            s.label,
            (Cycle({"baseline": s.baseline_ohm, "exposure": s.exposure_ohm, "recovery": s.recovery_ohm}, s.sample_s),),
        )
        for s in fruit.specimens
    )
    put = NewSession("fruit", tuple(Sensor(name) for name in fruit.sensors), specimens)
    with Project.create(path) as project:
        project.add_sessions([put], Provenance("simulate", "fruit", True))


def test_a_project_is_recordings(path: Path) -> None:
    fruit_project(path)
    fruit, found = simulated_fruit(0), open_recordings(path)
    assert found.simulated
    assert (found.sensors, found.normalisation, found.unit) == (fruit.sensors, fruit.normalisation, "ohm")
    assert found.classes == tuple(sorted(fruit.classes))
    for put, out in zip(fruit.specimens, found.specimens, strict=True):
        assert (out.label, out.group, out.sample_s) == (put.label, put.group, put.sample_s)
        for phase in ("baseline_ohm", "exposure_ohm", "recovery_ohm"):
            assert np.array_equal(getattr(out, phase), getattr(put, phase))
    two = open_recordings(path, ("lemon", "banana"))
    assert two.classes == ("lemon", "banana")
    assert {s.label for s in two.specimens} == {"lemon", "banana"}


def add(path: Path, *sessions: NewSession) -> None:
    with Project.open_or_create(path) as project:
        project.add_sessions(sessions, SOURCE)


def test_projects_that_are_no_recordings_say_why(tmp_path: Path) -> None:
    path = tmp_path / "none.enose"
    add(path, session("u", label=None))
    with pytest.raises(ProjectError, match=r"none\.enose: has no labelled cycles"):
        load_project(path)
    add(path, session("a"), session("b", label="wine"))
    found = load_project(path)
    assert found.notes == ("3 specimens without a label left out",)
    assert found.specimens[0].group == "a, specimen 0"  # for b has a specimen 0, too
    other = NewSession("c", (Sensor("x"),), (NewSpecimen("x", "wine", (Cycle({"exposure": np.ones((2, 1))}, 1.0),)),))
    add(path, other)
    with pytest.raises(ProjectError, match="session 'c' has other sensors than 'a'"):
        load_project(path)
    path = tmp_path / "units.enose"
    mixed = (Sensor("x"), Sensor("y", "V"))
    add(path, NewSession("m", mixed, session().specimens))
    with pytest.raises(ProjectError, match="its sensors are read in V and ohm, expected one unit"):
        load_project(path)
    path = tmp_path / "base.enose"
    based = NewSpecimen("with", "banana", (cycle(1, baseline=np.ones((4, 2))),))
    add(path, NewSession("m", SENSORS, (based, NewSpecimen("without", "banana", (cycle(2),)))))
    with pytest.raises(ProjectError, match="without has no baseline, though others have one"):
        load_project(path)
    path = tmp_path / "bare.enose"
    bare = NewSpecimen("bare", "banana", (Cycle({"baseline": np.ones((4, 2))}, 1.0),))
    add(path, NewSession("m", SENSORS, (bare, *session().specimens)))
    assert load_project(path).notes == ("m, bare left out: it has no exposure",)
