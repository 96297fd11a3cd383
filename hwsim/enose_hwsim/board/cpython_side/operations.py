"""Operations between the firmware under CPython and the board, beside those of `device_side.operations`.

Its console is not two pipes of its own but goes through the requests: pipes that never block are no portable thing, and
so nothing that was written is ever behind what was asked for.
"""

CONSOLE_WRITE = 8  # a zero, bytes; posted
CONSOLE_READ = 64  # count (u16) -> what has come in, at most so many bytes
CONSOLE_ROOM = 65  # -> how many bytes may be written (u16)
MOST_ROOM = 256  # told at once, so that a host that stops reading is noticed soon
