"""The sets that are recordings already: home activity as one-minute means, gas drift as features."""

from pathlib import Path

import numpy as np

from enose.importing.imported import Imported
from enose.project.contents import FEATURES, HUMIDITY, TEMPERATURE, Cycle, NewSession, NewSpecimen, Sensor
from enose.recordings import gas_drift
from enose.recordings.home_activity import load_home_activity
from enose.recordings.specimen import Recordings, RecordingsError, Specimen

FEATURE_NAMES = ("dr_ohm", "r_over_r0", "rise_1", "rise_2", "rise_3", "fall_1", "fall_2", "fall_3")


def home_activity(path: Path) -> Imported:
    """A day is a session, an induction a specimen, a window of ten minutes a cycle; notes say what is left out.

    Raises RecordingsError as load_home_activity does.
    """
    file = path / "recordings.csv" if path.is_dir() else path
    recordings = load_home_activity(file)
    return Imported("home-activity", _by_batch(recordings), recordings.notes)


def _by_batch(recordings: Recordings) -> tuple[NewSession, ...]:
    sensors = tuple(Sensor(name) for name in recordings.sensors)
    batches: dict[str, dict[str, list[Specimen]]] = {}
    for specimen in recordings.specimens:
        batches.setdefault(specimen.batch, {}).setdefault(specimen.group, []).append(specimen)
    return tuple(
        NewSession(
            title=batch,
            sensors=sensors,
            specimens=tuple(
                NewSpecimen(name, windows[0].label, tuple(_window(w) for w in windows))
                for name, windows in groups.items()
            ),
            started_s=min(w.started_s for windows in groups.values() for w in windows),
        )
        for batch, groups in batches.items()
    )


def _window(specimen: Specimen) -> Cycle:
    samples = len(specimen.exposure_ohm)
    series = {
        "exposure": specimen.exposure_ohm,
        TEMPERATURE: np.full(samples, specimen.temperature_c),
        HUMIDITY: np.full(samples, specimen.humidity_pct),
    }
    return Cycle(series, specimen.sample_s, specimen.started_s)


def drift(path: Path) -> Imported:
    """A batch is a session, a line a specimen of one cycle: all 16 x 8 features as published, nothing invented.

    Raises RecordingsError naming file and line.
    """
    sensors = tuple(Sensor(name) for name in gas_drift.SENSORS)
    sessions = []
    for file in gas_drift.batch_files(path):
        specimens = []
        for number, gas, ppm, features in gas_drift.rows(file):
            cycle = Cycle({FEATURES: features}, 1.0, facts={"ppm": ppm})
            specimens.append(NewSpecimen(f"{file.stem} line {number}", gas, (cycle,)))
        if not specimens:
            raise RecordingsError(f"{file}: has no rows")
        sessions.append(NewSession(file.stem, sensors, tuple(specimens)))
    return Imported("gas-drift", tuple(sessions), facts={"features": list(FEATURE_NAMES)})
