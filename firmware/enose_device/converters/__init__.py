"""Converters: each driver names its datasheet; every write is held inside the range it was given."""
