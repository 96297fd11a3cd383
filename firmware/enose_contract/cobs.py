"""Consistent Overhead Byte Stuffing (Cheshire and Baker, IEEE/ACM Trans. Networking 7 (1999) 159-172).

Ours because MicroPython needs it; the `cobs` package from PyPI is its oracle in the tests. Both directions work on
buffers that the caller owns, so the device allocates nothing.
"""


def encode_into(data: bytes | bytearray | memoryview, n: int, out: bytearray | memoryview) -> int:
    """Encode data[:n] into out, without the delimiter; returns the length. out holds n + n // 254 + 1 bytes."""
    code_at = 0
    at = 1
    code = 1
    for k in range(n):
        byte = data[k]
        if byte:
            out[at] = byte
            at += 1
            code += 1
        if not byte or code == 255:
            out[code_at] = code
            if byte and k == n - 1:
                return at
            code_at = at
            at += 1
            code = 1
    out[code_at] = code
    return at


def decode_into(data: bytes | bytearray | memoryview, n: int, out: bytearray) -> int:
    """Decode data[:n] (no delimiter in it) into out; the length, or -1 where it is no COBS or out is too short.

    out may be data itself: nothing is written ahead of what was read.
    """
    k = 0
    at = 0
    room = len(out)
    while k < n:
        code = data[k]
        k += 1
        if code == 0 or k + code - 1 > n or at + code - 1 > room:
            return -1
        for _ in range(code - 1):
            byte = data[k]
            if byte == 0:
                return -1
            out[at] = byte
            at += 1
            k += 1
        if code != 255 and k < n:
            if at >= room:
                return -1
            out[at] = 0
            at += 1
    return at
