"""Importing: recordings in other programs' and publishers' forms, read whole and checked before anything is kept."""
