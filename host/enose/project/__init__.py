"""The project file: one SQLite file with sessions, specimens, models, images and calibrations, and where each is from.

Only `store` and `recordings` need NumPy; they are imported where they are used.
"""
