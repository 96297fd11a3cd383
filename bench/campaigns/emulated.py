"""The firmware on an emulated RP2040: cycles and time of a classification and of a refresh, how old the weights become.

A MicroPython UF2 ($ENOSE_UF2) is put on the emulated Pico's flash, the firmware installed at its prompt as
`enose device flash --first` does it, and the simulated board's parts are around it. All times are emulated and
simulated: the instructions' cycles are counted, misses of the flash's cache are not. The refresh is the board file's.
Its weights are held through classifications with a host that polls and with one that is silent, through what a host may
ask besides, through a host that asks anew every 30 ms, and through a stalled port: fault 8, a host that reads nothing,
and fault 9, one that reads 1000 bytes a second. What counts is that no weight droops and that the device answers.
"""

import os
import struct
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from bench.campaigns.campaign import BAD_USAGE, Campaign, Found, Options, Row, none_of, row, run
from bench.campaigns.simulated import WEIGHTS_UV, classify, host_of, raw_image
from msgspec.structs import replace

from enose.boards import find_board
from enose.deploy.flash import configuration_of
from enose.deploy.install import install_first
from enose.deploy.prompt import SerialPrompt
from enose.link.device import Device
from enose.link.port import LockstepPort
from enose.link.watch import Watcher
from enose_contract import frames, messages
from enose_contract.message import Message
from enose_hwsim.board.emulated.interpreter import EmulatorMissing, find_emulator, write_interpreter
from enose_hwsim.board.emulated.trace import Span, Trace
from enose_hwsim.board.emulated.uf2 import flash_of
from enose_hwsim.board.process import firmware_folder
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.boardfile import MlpBoard
from enose_hwsim.chipfile import MlpFile
from enose_hwsim.compiled import compile_boot, compile_firmware
from enose_hwsim.mcu import MICROCONTROLLERS

UF2 = "ENOSE_UF2"
INTERPRETER = "ENOSE_MICROPYTHON"
WEIGHTS = len(WEIGHTS_UV)
REFRESH_MAX_MS = 10.0
RIGHT = "CLASS banana"  # of the one image and the one specimen, on the ideal chip
WARMUP_S = 1.0
STARTS_MS = 3000  # the boot stub and the imports
LAPSED_MS = 3100  # until a host's session has lapsed
REPLY_MS = 500
PIECE_MS = 500
MEASURED_MS = 2500  # the phases take two seconds
STALLS = ("host-does-not-read", "host-reads-a-trickle")
REQUESTS, SEND_MS = 80, 30
LOOKS, LOOK_MS = 40, 50
CLASSIFIED = 5
WATCHED_MS = 20
FAST_REQUESTS, FAST_LOOK_MS = 200, 3
AGES = (("classifying", "host polling"), ("asked", "host asking everything"), ("fast", "host asking every 30 ms"))
WRITE_V = 20e-6  # half of the DAC's code, which is 2.5 V / 65536


def board_and_chip() -> tuple[MlpBoard, MlpFile]:
    """The board that is emulated, and its chip."""
    board, chip, _ = find_board("pico-mlp")
    assert isinstance(board, MlpBoard)
    assert isinstance(chip, MlpFile)
    warm = replace(board.sensors, warmup_s=WARMUP_S)
    return replace(board, sensors=warm), chip


def switched_on(flash: Path, *, paced: bool = False) -> SimulatedBoard:
    """An emulated Pico with this flash; the edges of its pins go into a file beside it."""
    board, chip = board_and_chip()
    os.environ[INTERPRETER] = str(write_interpreter(flash.with_suffix(".sh"), flash, flash.with_suffix(".trace")))
    try:
        return SimulatedBoard(board, chip, fidelity="ideal", paced=paced)
    finally:
        del os.environ[INTERPRETER]


def shards(options: Options) -> list[Any]:
    """One after the other on one Pico: all is one piece."""
    return [options.seed]


def work(shard: Any) -> Found:
    """Install, classify, ask everything, ask fast, then stall the port twice; see rows."""
    with tempfile.TemporaryDirectory(prefix="enose-emulated-") as folder:
        flash = Path(folder) / "flash.bin"
        flash.write_bytes(flash_of(Path(os.environ[UF2])))
        installed(flash)
        board = switched_on(flash)
        try:
            passes(board, STARTS_MS)
            device = host_of(board)
            device.program(raw_image())
            answers = [classify(board, device) for _ in range(CLASSIFIED)]
            classifying = age(device)
            asked = asked_everything(device)
            host = Sender(board, 2)
            host.send(messages.MEASURE, CLASSIFIED + 1)
            passes(board, MEASURED_MS)
            fast = fast_host(board, host)
            afterwards = after(board, 3)
            trace = Trace(flash.with_suffix(".trace"), board_and_chip()[0])
            refreshes, classifications = trace.refreshes(WEIGHTS), trace.classifications()
            found = {
                "answers": sorted({f"{answer.answer} {answer.label}" for answer in answers}),
                "classifying": classifying,
                "asked": asked,
                "fast": {**fast, **afterwards},
                "refresh": measured(max(refreshes, key=lambda span: span.duration_s)),
                "refreshes": len(refreshes),
                "polled": measured(classifications[0]),
                "silent": measured(classifications[-1]),
                "stalled": [stalled(board, fault, 4 + 2 * k) for k, fault in enumerate(STALLS)],
            }
        finally:
            board.close()
        missed = max(one["missed"] for one in (classifying, asked, found["fast"], *found["stalled"]))
        return {**found, "missed": missed, "violations": [str(one) for one in board.monitor.violations]}


def installed(flash: Path) -> None:
    """The firmware on a Pico that has MicroPython and nothing else, at its prompt; its start is not waited for."""
    board, chip = board_and_chip()
    mcu = MICROCONTROLLERS[board.mcu]
    firmware, boot = compile_firmware(mcu, firmware_folder()), compile_boot(mcu, firmware_folder())
    bare = switched_on(flash, paced=True)
    try:
        prompt = SerialPrompt(bare.port)
        prompt.wait()
        install_first(prompt, firmware, boot, configuration_of(board, chip), board.flash, told)
    finally:
        bare.close()


def told(what: str, done: int, of: int) -> None:
    """How far the installation is, on standard error."""
    print(f"{what}: {done} of {of}", file=sys.stderr, flush=True)


class Sender:
    """A host that need not wait for its replies. The last host's session has lapsed when it says hello."""

    def __init__(self, board: SimulatedBoard, nonce: int) -> None:
        """Say hello. Raises ValueError where that is not answered."""
        passes(board, LAPSED_MS)
        self.port = LockstepPort(board, "emulated RP2040")
        self._writer, reader = frames.FrameWriter(), frames.FrameReader()
        self._session = self._sequence = 0
        self.send(messages.HELLO, messages.PROTOCOL, nonce)
        replies = b"".join(iter(lambda: self.port.read(REPLY_MS), b""))  # USB has it in pieces
        found = [frame for byte in replies if (frame := reader.feed(byte)) is not None]
        if len(found) != 1:
            raise ValueError(f"{len(found)} replies to hello")
        self._session = found[0][0]

    def send(self, message: Message, *values: int, again: bool = False) -> None:
        """One request; or the last one once more, as a host does that has heard nothing: its reply is kept ready."""
        self._sequence += not again
        body = struct.pack(message.request, *values)
        self.port.write(self._writer.frame(self._session, self._sequence, message.kind, body))


def passes(board: SimulatedBoard, ms: int) -> None:
    """Let emulated time pass, in pieces that a busy computer emulates before the board gives it up."""
    for begun in range(0, ms, PIECE_MS):
        board.run(min(PIECE_MS, ms - begun))


def measured(span: Span) -> tuple[float, int]:
    """Emulated ms, and the cycles in which the processor ran."""
    return round(float(span.duration_s) * 1e3, 3), int(span.cycles)


def age(device: Device) -> Found:
    """How old the weights have become since they were programmed, how old they may, and whether any became too old."""
    refresh = device.info()["refresh"]
    return {"oldest_ms": refresh["oldest_s"] * 1e3, "hold_ms": refresh["hold_s"] * 1e3, "missed": refresh["missed"]}


def asked_everything(device: Device) -> Found:
    """The worst age through whatever a host may ask of a device that is to go on; what it tells is kept in flash."""
    watcher = Watcher(device, (0, 1, 2), WATCHED_MS)
    asks: tuple[Callable[[], object], ...] = (
        device.status, device.life, device.air, device.selftest, device.running, device.log,
        lambda: device.fit(b"sensors1"), lambda: device.fit(leak_v_per_s=0.009), lambda: device.fit(leak_v_per_s=0),
        lambda: device.schedule(0), watcher.fetch, watcher.fetch, watcher.fetch,
    )  # fmt: skip
    ages = []
    for ask in asks:
        ask()
        device.port.wait(LOOK_MS)
        ages.append(age(device))
    return max(ages, key=lambda one: float(one["oldest_ms"]))


def fast_host(board: SimulatedBoard, host: Sender) -> Found:
    """The worst droop while a host asks anew every 30 ms and reads what comes."""
    droop_v = 0.0
    for _ in range(FAST_REQUESTS):
        host.send(messages.RESULT, 2)
        for _ in range(SEND_MS // FAST_LOOK_MS):
            host.port.wait(FAST_LOOK_MS)
            droop_v = max(droop_v, worst_droop_v(board))
        host.port.read(0)
    return {"droop_mv": round(droop_v * 1e3, 4)}


def worst_droop_v(board: SimulatedBoard) -> float:
    """How far any weight is below its image now."""
    weights_v = board.wiring.chip.weights_v(board.now_s)
    return float((np.array(WEIGHTS_UV) * 1e-6 - weights_v).max())


def after(board: SimulatedBoard, nonce: int) -> Found:
    """The device, asked by another host when the last one's session has lapsed."""
    passes(board, LAPSED_MS)
    device = Device(LockstepPort(board, "emulated RP2040"), nonce=nonce)
    return {"weights": device.status()["weights"], **age(device)}


def stalled(board: SimulatedBoard, fault: str, nonce: int) -> Found:
    """A host that asks on and reads as the fault says: droop and refreshes meanwhile, and the device after it."""
    host = Sender(board, nonce)
    board.inject(fault)
    for k in range(REQUESTS):  # their replies are more than what the pipe and the device's own buffers hold
        host.send(messages.RESULT, 2, again=k > 0)
        host.port.wait(SEND_MS)
    written, droop_v = board.wiring.chip.weight_writes, 0.0
    for _ in range(LOOKS):
        board.run(LOOK_MS)
        droop_v = max(droop_v, worst_droop_v(board))
    written = board.wiring.chip.weight_writes - written
    board.mend(fault)
    while host.port.read(REPLY_MS):
        pass
    return {
        "fault": fault,
        "droop_mv": round(droop_v * 1e3, 4),
        "refreshes_per_s": round(written / WEIGHTS / (LOOKS * LOOK_MS * 1e-3), 1),
        **after(board, nonce + 1),
    }


def rows(found: list[Found]) -> list[Row]:
    """The figures with their limits."""
    (one,) = found
    result = [
        row(f"answers of {CLASSIFIED} classifications", "", one["answers"], [RIGHT], one["answers"] == [RIGHT]),
        row("one classification, host polling", "ms", one["polled"][0]),
        row("one classification, host polling", "cycles", one["polled"][1]),
        row("one classification, host silent", "ms", one["silent"][0]),
        row("one classification, host silent", "cycles", one["silent"][1]),
        row("full refresh of 25 weights, longest", "ms", one["refresh"][0], REFRESH_MAX_MS,
            one["refresh"][0] <= REFRESH_MAX_MS),
        row("full refresh of 25 weights, longest", "cycles", one["refresh"][1]),
        row("full refreshes looked at", "", one["refreshes"]),
        none_of("refreshes missed", one["missed"]),
        none_of("violations of the analog monitor", len(one["violations"])),
    ]  # fmt: skip
    for name, words in AGES:
        ms, most_ms = one[name]["oldest_ms"], one[name]["hold_ms"]
        result.append(row(f"oldest weights, {words}", "ms", round(ms, 1), round(most_ms, 1), ms <= most_ms))
    droop_max_mv = round((board_and_chip()[1].retention.droop_max_v + WRITE_V) * 1e3, 3)
    mv = one["fast"]["droop_mv"]
    result.append(row("host that asks every 30 ms: worst droop", "mV", mv, droop_max_mv, mv < droop_max_mv))
    for stall in one["stalled"]:
        state = f"{stall['weights']}, {stall['missed']} missed"
        result += [
            row(f"{stall['fault']}: worst droop", "mV", stall["droop_mv"], droop_max_mv,
                stall["droop_mv"] < droop_max_mv),
            row(f"{stall['fault']}: full refreshes", "per s", stall["refreshes_per_s"]),
            row(f"{stall['fault']}: weights after it", "", state, "held, 0 missed", state == "held, 0 missed"),
        ]  # fmt: skip
    return result


CAMPAIGN = Campaign("emulated", "Picos, always one", 1, shards, work, rows, any_firmware=False)


def main(argv: list[str] | None = None) -> int:
    """Run it where there is something to run; 2 where there is not."""
    try:
        find_emulator()
    except EmulatorMissing as missing:
        print(f"error: {missing}", file=sys.stderr)
        return BAD_USAGE
    if not Path(os.environ.get(UF2, "")).is_file():
        print(f"error: {UF2}: '{os.environ.get(UF2, '')}' is no file, expected MicroPython for a Pico", file=sys.stderr)
        return BAD_USAGE
    return run(CAMPAIGN, argv)


if __name__ == "__main__":
    sys.exit(main())
