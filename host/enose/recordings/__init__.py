"""Recordings: what the sensors showed in each specimen, read from files in their publishers' forms or simulated."""

from enose.recordings.fruit import simulated_fruit
from enose.recordings.open import open_recordings
from enose.recordings.specimen import Recordings, RecordingsError, Specimen

__all__ = ["Recordings", "RecordingsError", "Specimen", "open_recordings", "simulated_fruit"]
