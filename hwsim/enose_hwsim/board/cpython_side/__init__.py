"""The firmware's own files under CPython, for computers without a MicroPython: what they miss there.

The stand-ins of `device_side` are the same ones. Beside them CPython gets what MicroPython has built in: its `gc`,
`micropython`, `uselect` and `os.VfsLfs2`. There is no heap of a board's size, so nothing is said of memory.
"""
