"""What a session of on-chip learning leaves: records in the log, and its best weights as an image in the store.

The image is the one that the session began with, but for the weights and the model's identity: the first 8 bytes of
SHA-256 over "learnt", the model before, the session's number (u32) and the weights (i32 each).
"""

import hashlib
import struct

from enose_contract import lesson
from enose_contract.image import unpack

LOGGED = 8  # records of epochs in a session


def note(log, session, pulse_ns: int) -> None:
    """A record of the epoch that is just done, for some of them."""
    if session.done % max(session.epochs // LOGGED, 1) == 0:
        mean_uv, worst_uv = session.error_uv(session.done)
        log.add(lesson.EPOCH, d=session.done, x=mean_uv, y=worst_uv, z=pulse_ns)


def learnt_image(image, session, number: int):
    """The image in force with a session's best weights, and its bytes."""
    learnt = unpack(image.pack())
    learnt.weights = session.best_uv
    learnt.model = learnt_model(image.model, number, session.best_uv)
    return learnt, learnt.pack()


def learnt_model(before: bytes, number: int, weights_uv) -> bytes:
    """The identity of what was learnt; see the module."""
    packed = struct.pack("<I%di" % len(weights_uv), number, *weights_uv)
    return hashlib.sha256(b"learnt" + before + packed).digest()[:8]
