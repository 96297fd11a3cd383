"""What the device does for each command of the message table; every one is absolute and idempotent."""

import hashlib
import struct

from enose_contract import image, messages
from enose_contract.messages import ERROR
from enose_device.safety import FaultError

LONGEST = image.MAX_SEALED
USUAL = 512  # bytes of an image of 25 weights and its seal; the buffer grows once a longer one comes


class Commands:
    """Answers requests for the device that it is given; `serve` has what gives the fields of a reply, by kind."""

    def __init__(self, device) -> None:
        """device: app.Device, or linked.Linked, which is always in its safe state or about to restart."""
        self._device = device
        self._upload = 0
        self._length = 0
        self._sha256 = b""
        self._buffer = bytearray(USUAL)
        self._offset = 0
        self._committed = None  # (generation, slot) once the upload that was begun last is stored
        self.serve = {
            messages.INFO.kind: device.information,
            messages.STATUS.kind: device.status,
            messages.UPLOAD_BEGIN.kind: self._upload_begin,
            messages.UPLOAD_DATA.kind: self._upload_data,
            messages.UPLOAD_COMMIT.kind: self._upload_commit,
            messages.ACTIVATE.kind: self._activate,
            messages.MEASURE.kind: self._measure,
            messages.RESULT.kind: device.result,
            messages.SELFTEST.kind: self._selftest,
            messages.LOG.kind: device.log.read,
            messages.FIT.kind: self._fit,
            messages.KEY.kind: self._key,
            messages.AIR.kind: device.air,
            messages.SCHEDULE.kind: self._schedule,
            messages.LIFE.kind: device.life,
            messages.SAFE.kind: self._safe,
            messages.CLEAR.kind: self._clear,
            messages.BYE.kind: tuple,
        }

    def handle(self, kind: int, body):
        """(kind, body) of the reply; every error is a reply too."""
        if kind in messages.UPDATES:
            return self._about_firmware(kind, body)
        refusing = self._device.safety.fault or self._device.cleared
        try:
            if kind in messages.PROBING and kind not in self.serve and not refusing:
                self._device.join(kind, self.serve)
        except image.ImageError as error:
            return _error(error.code, error.value, error.limit)
        if kind not in self.serve:
            return _error(messages.E_COMMAND, kind)
        if refusing and kind not in messages.SERVED_WHEN_SAFE:
            return _error(messages.E_SAFE, refusing)
        message = messages.MESSAGES[kind]
        try:
            values, tail = message.unpack_request(body)
        except ValueError:
            return _error(messages.E_MALFORMED, len(body))
        try:
            reply = self.serve[kind](*values, tail) if message.tail else self.serve[kind](*values)
        except image.ImageError as error:
            return _error(error.code, error.value, error.limit)
        except FaultError as error:
            self._device.safety.trip(error.fault)
            return _error(messages.E_SAFE, error.fault)
        return kind, struct.pack(message.reply, *reply)

    def _about_firmware(self, kind: int, body):
        try:
            return kind, self._device.called("update", "answer", kind, body)
        except image.ImageError as error:
            return _error(error.code, error.value, error.limit)
        except ValueError:
            return _error(messages.E_MALFORMED, len(body))

    def _upload_begin(self, upload: int, length: int, sha256: bytes):
        if length > LONGEST:
            raise image.ImageError(messages.E_TOO_LARGE, length, LONGEST)
        if (upload, length, sha256) != (self._upload, self._length, self._sha256):
            if length > len(self._buffer):
                self._buffer = bytearray(length)
            self._upload, self._length, self._sha256 = upload, length, bytes(sha256)
            self._offset = 0
            self._committed = None
        return upload, self._offset

    def _upload_data(self, upload: int, offset: int, piece):
        if upload != self._upload or offset > self._offset or offset + len(piece) > self._length:
            raise image.ImageError(messages.E_UPLOAD, offset, self._offset)
        self._buffer[offset : offset + len(piece)] = piece
        self._offset = max(self._offset, offset + len(piece))
        return upload, self._offset

    def _upload_commit(self, upload: int):
        if upload != self._upload or self._offset != self._length:
            raise image.ImageError(messages.E_UPLOAD, self._offset, self._length)
        if self._committed is None or self._committed[0] != self._device.store.generation:
            raw = memoryview(self._buffer)[: self._length]
            if hashlib.sha256(raw).digest() != self._sha256:
                self._offset = 0  # sent anew, it may become whole
                raise image.ImageError(messages.E_HASH, self._length)
            self._committed = self._device.images.take(raw)
        return self._committed

    def _activate(self, generation: int):
        if self._device.cycle.state == messages.MEASURING:
            raise image.ImageError(messages.E_MEASURING, self._device.cycle.number)
        self._device.images.report_failure(generation)
        if generation == 0 or generation != self._device.store.generation:
            raise image.ImageError(messages.E_GENERATION, generation, self._device.store.generation)
        weights, done = self._device.images.activate(generation)
        return generation, weights, done

    def _measure(self, cycle: int):
        device = self._device
        if device.cycle.image is None:
            raise image.ImageError(messages.E_NO_IMAGE)
        if device.cycle.state == messages.MEASURING and cycle != device.cycle.number:
            raise image.ImageError(messages.E_MEASURING, device.cycle.number)
        device.wake()
        device.cycle.start(cycle)
        return cycle, device.cycle.state

    def _fit(self, *told):
        return self._device.called("told", "fit", *told)

    def _schedule(self, interval_s: int):
        return self._device.called("told", "set_schedule", interval_s)

    def _key(self, key: bytes):
        self._device.key.set(key)
        self._committed = None  # what was committed before is not sealed, and is asked for that now
        return (1,)

    def _selftest(self):
        device = self._device
        measuring = device.cycle.state == messages.MEASURING
        programming = device.refresh.state == messages.WEIGHTS_PROGRAMMING
        if not measuring:
            device.cycle.begun += 1  # a look at the sensors that is under way is given up: it uses the converter too
        result = device.selftest.run(not measuring and not programming)
        if device.firmware is not None and device.firmware.on_trial:
            device.called("update", "try_confirming", result[0], result[1])
        return result

    def _safe(self):
        self._device.safety.trip(messages.FAULT_HOST)
        return messages.SAFE_STATE, self._device.safety.fault

    def _clear(self):
        self._device.clear()
        return self._device.state(), self._device.safety.fault


def _error(code: int, value: int = 0, limit: int = 0):
    return ERROR.kind, struct.pack(ERROR.reply, code, value, limit)
