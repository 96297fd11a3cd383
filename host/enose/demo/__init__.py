"""The main job, end to end: recordings in, a chip programmed by the firmware, odours named, each step's loss shown."""
