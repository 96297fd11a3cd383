"""The stand-ins for MicroPython's own modules, under a real MicroPython and against a board that only listens."""

import json
import os
import struct
import subprocess
from pathlib import Path

import pytest

import enose_hwsim.board
from enose_hwsim.board.device_side import operations as op
from enose_hwsim.board.process import NAMES_BYTES, STAND_INS_KIB

DEVICE_SIDE = Path(enose_hwsim.board.__file__).parent / "device_side"
HALF = 2**29


def said(micropython: str, script: str, answers: bytes = b"", start_us: int = 0) -> tuple[list[object], bytes]:
    """What a script prints as JSON lines, and the requests that it made, given the board's answers in advance."""
    request_read, request_write = os.pipe()
    answer_read, answer_write = os.pipe()
    os.write(answer_write, answers)
    os.close(answer_write)
    try:
        done = subprocess.run(
            [micropython, "-c", "import json\n" + script],
            env={
                "ENOSE_BOARD_FDS": f"{answer_read},{request_write}",
                "ENOSE_BOARD_START_US": str(start_us),
                "MICROPYPATH": f"{DEVICE_SIDE}{os.pathsep}.frozen",
                "PATH": os.environ["PATH"],
            },
            pass_fds=(answer_read, request_write),
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
    finally:
        os.close(request_write)
        os.close(answer_read)
    with os.fdopen(request_read, "rb") as requests:
        sent = requests.read()
    assert done.stderr == ""
    return [json.loads(line) for line in done.stdout.splitlines()], sent


def test_the_interpreter_is_not_given_more_for_the_stand_ins_than_they_take(micropython: str) -> None:
    script = """
import gc
gc.collect()
before = gc.mem_alloc()
import board_wire, machine, rp2, select, time
gc.collect()
print(json.dumps(gc.mem_alloc() - before))
"""
    (taken,), _ = said(micropython, script)
    assert STAND_INS_KIB * 1024 <= taken < (STAND_INS_KIB + 4) * 1024


def test_the_table_of_names_doubles_once_and_takes_what_the_interpreter_is_given_for_it(micropython: str) -> None:
    script = """
import gc
steps = {}
gc.disable()
for k in range(2000):
    name = "a%d" % k
    before = gc.mem_alloc()
    hasattr(gc, name)
    taken = gc.mem_alloc() - before
    if taken > 4096:
        steps[k] = taken
print(json.dumps(steps))
"""
    (steps,), _ = said(micropython, script)
    count, taken = max(steps.items(), key=lambda step: int(step[0]))
    assert 1200 < int(count) < 1280
    assert taken == NAMES_BYTES


def answer(data: bytes, status: int = 0) -> bytes:
    return struct.pack(op.ANSWER, len(data), status) + data


@pytest.mark.parametrize(
    ("end", "start", "difference"),
    [(5, 3, 2), (3, 5, -2), (1, 2**30 - 1, 2), (2**30 - 1, 1, -2), (HALF - 1, 0, HALF - 1), (HALF, 0, -HALF)],
)
def test_ticks_wrap_at_two_to_the_thirty(micropython: str, end: int, start: int, difference: int) -> None:
    script = f"import time\nprint(json.dumps([time.ticks_diff({end}, {start}), time.ticks_add({start}, {difference})]))"
    (found,), _ = said(micropython, script)
    assert found == [difference, end]


def test_asking_for_the_time_costs_a_microsecond_and_a_short_sleep_no_request(micropython: str) -> None:
    script = "import time\na = time.ticks_us()\ntime.sleep_us(500)\nprint(json.dumps(time.ticks_us() - a))"
    assert said(micropython, script) == ([501], b"")


def test_the_clock_starts_where_the_board_says(micropython: str) -> None:
    script = "import time\nprint(json.dumps([time.ticks_ms(), time.time()]))"
    (found,), _ = said(micropython, script, start_us=2**30 * 1000 + 7_000_000)
    assert found == [7000, 2**30 // 1000 + 7]


def test_a_long_sleep_asks_the_board_until_its_time_has_come(micropython: str) -> None:
    answers = answer(struct.pack("<Q", 400_000)) + answer(struct.pack("<Q", 1_000_100))
    script = "import time\ntime.sleep_ms(1000)\nprint(json.dumps(time.ticks_ms()))"
    (found,), sent = said(micropython, script, answers)
    assert found == 1000
    assert len(sent) == 2 * (op.HEADER_SIZE + 8)  # the first sleep was woken early
    script = "import time\ntime.sleep(1)\nprint(json.dumps(time.ticks_ms()))"
    assert said(micropython, script, answers)[0] == [1000]


def test_posted_requests_wait_for_one_that_is_answered_and_keep_their_times(micropython: str) -> None:
    script = "import machine\np = machine.Pin(7, machine.Pin.OUT, value=1)\np.off()\nprint(json.dumps(p.value()))"
    (level,), sent = said(micropython, script, answer(b"\x01"))
    assert level == 1
    requests = [struct.unpack_from(op.HEADER, sent, at) for at in (0, 13, 26)]
    assert [(length, operation) for length, operation, _ in requests] == [
        (2, op.PIN_WRITE),
        (2, op.PIN_WRITE),
        (1, op.PIN_READ),
    ]
    times = [now_us for _, _, now_us in requests]
    assert times == sorted(set(times))


def test_a_timer_goes_off_once_at_its_time_and_not_at_all_once_it_was_stopped(micropython: str) -> None:
    script = (
        "import machine, time\nrung = []\ntimer = machine.Timer(-1)\n"
        "ring = lambda _: rung.append(time.ticks_ms())\n"
        "timer.init(mode=machine.Timer.ONE_SHOT, period=5, callback=ring)\n"
        "for _ in range(20):\n    time.sleep_us(700)\n"
        "timer.init(mode=machine.Timer.ONE_SHOT, period=5, callback=ring)\ntimer.deinit()\n"
        "for _ in range(20):\n    time.sleep_us(700)\n"
        "print(json.dumps(rung))\nprint(json.dumps(hasattr(machine, 'Nothing')))"
    )
    (rung, other), _ = said(micropython, script)
    assert rung == [5]
    assert other is False


def test_the_boards_errno_is_the_firmwares_error(micropython: str) -> None:
    script = "import machine\ntry:\n    machine.I2C(0).writeto(0x10, b'x')\nexcept OSError as e:\n    print(e.args[0])"
    assert said(micropython, script, answer(b"", -6))[0] == [6]


ONE_SHOT = """
import rp2, machine

@rp2.asm_pio(set_init=rp2.PIO.OUT_LOW)
def one_shot():
    pull()
    mov(x, osr)
    set(pins, 1)
    label("on")
    jmp(x_dec, "on")
    set(pins, 0)

sm = rp2.StateMachine(0, one_shot, freq=5000000, set_base=machine.Pin(14))
"""


def edges(sent: bytes) -> list[tuple[int, int, int]]:
    """(ns, pin, level) of every pin that a state machine has set."""
    at, found = 0, []
    while at < len(sent):
        length, operation, now_us = struct.unpack_from(op.HEADER, sent, at)
        assert operation == op.PIN_WRITE
        pin, level, after_ns = struct.unpack_from("<BBH", sent, at + op.HEADER_SIZE)
        found.append((1000 * now_us + after_ns, pin, level))
        at += op.HEADER_SIZE + length
    return found


@pytest.mark.parametrize("on_us", [1, 2, 17, 5000])
def test_a_state_machine_makes_a_pulse_of_its_cycles(micropython: str, on_us: int) -> None:
    """The one-shot of the firmware: set takes a cycle, the loop one more than the word: 5 MHz make 5 cycles a us."""
    script = ONE_SHOT + f"import board_wire\nsm.active(1)\nsm.put({on_us} * 5 - 2)\nboard_wire.flush()"
    _, sent = said(micropython, script)
    (rises_ns, pin, high), (falls_ns, _, low) = edges(sent)
    assert (pin, high, low) == (14, 1, 0)
    assert falls_ns - rises_ns == 1000 * on_us


def test_a_word_waits_until_the_program_before_it_has_ended(micropython: str) -> None:
    script = ONE_SHOT + "import board_wire\nsm.active(1)\nsm.put(498)\nsm.put(48)\n"
    _, sent = said(micropython, script + "board_wire.flush()")
    times_ns = [ns for ns, _, _ in edges(sent)]
    assert times_ns == sorted(times_ns)
    assert (times_ns[1] - times_ns[0], times_ns[3] - times_ns[2]) == (100_000, 10_000)


def test_pulses_shorter_than_a_microsecond_keep_their_length(micropython: str) -> None:
    """As Vc's: at 25 cycles a us half a microsecond is 12 of them and a half."""
    script = ONE_SHOT.replace("5000000", "25000000") + "import board_wire\nsm.active(1)\nsm.put(10)\nboard_wire.flush()"
    (rises_ns, _, _), (falls_ns, _, _) = edges(said(micropython, script)[1])
    assert falls_ns - rises_ns == 12 * 40


def test_a_state_machine_that_is_not_active_does_nothing(micropython: str) -> None:
    script = ONE_SHOT + "import board_wire\nsm.put(498)\nboard_wire.flush()"
    assert said(micropython, script) == ([], b"")


def test_a_loop_over_several_instructions_takes_its_cycles(micropython: str) -> None:
    script = ONE_SHOT.replace('    jmp(x_dec, "on")', '    set(pins, 1)\n    jmp(x_dec, "on")')
    _, sent = said(micropython, script + "import board_wire\nsm.active(1)\nsm.put(49)\nboard_wire.flush()")
    found = edges(sent)
    # fifty rounds of two cycles and the last set: 101 of 200 ns
    assert found[-1][0] - found[0][0] == 101 * 200


def test_a_program_that_does_not_wait_for_a_word_is_refused(micropython: str) -> None:
    script = ONE_SHOT.replace("    pull()\n", "").replace("sm = ", "try:\n    sm = ")
    script += "except ValueError as error:\n    print(json.dumps(str(error)))"
    assert said(micropython, script)[0] == ["a program that does not wait for a word first"]


def test_assembling_leaves_the_names_of_the_module_as_they_were(micropython: str) -> None:
    script = "x = 5\n" + ONE_SHOT + "print(json.dumps([x, 'osr' in globals(), sorted(set([2, 1]))]))"
    assert said(micropython, script)[0] == [[5, False, [1, 2]]]


@pytest.mark.parametrize(("offset", "length"), [(1, 256), (0, 255), (128, 256)])
def test_flash_is_programmed_in_whole_pages_only(micropython: str, offset: int, length: int) -> None:
    script = "import rp2\ntry:\n"
    script += f"    rp2.Flash(start=0, len=8192).writeblocks(0, bytes({length}), {offset})\n"
    script += "except OSError as e:\n    print(e.args[0])"
    assert said(micropython, script) == ([22], b"")


def test_flash_is_addressed_from_the_start_of_its_partition(micropython: str) -> None:
    script = "import rp2\nf = rp2.Flash(start=0x10000, len=0x4000)\nb = bytearray(4)\nf.readblocks(2, b, 16)\n"
    script += "f.ioctl(6, 3)\nf.writeblocks(1, bytes(256))\n"
    script += "print(json.dumps([list(b), f.ioctl(4, 0), f.ioctl(5, 0), f.ioctl(1, 0)]))"
    (found,), sent = said(micropython, script, answer(b"abcd") + (answer(struct.pack("<I", 45_000)) * 2) + answer(b""))
    assert found == [list(b"abcd"), 4, 4096, 0]
    at, seen = 0, []
    while at < len(sent):
        length, operation, _ = struct.unpack_from(op.HEADER, sent, at)
        seen.append((operation, struct.unpack_from("<I", sent, at + op.HEADER_SIZE)[0]))
        at += op.HEADER_SIZE + length
    assert seen == [
        (op.FLASH_READ, 0x12010),
        (op.FLASH_ERASE, 0x13000),
        (op.FLASH_ERASE, 0x11000),  # without an offset a block is erased before it is written
        (op.FLASH_WRITE, 0x11000),
    ]


def test_pwm_tells_the_board_its_duty(micropython: str) -> None:
    script = """
import machine, board_wire
heater = machine.PWM(machine.Pin(21, machine.Pin.OUT, value=0), freq=1000, duty_u16=0)
heater.duty_u16(52428)
board_wire.flush()
try:
    machine.PWM(machine.Pin(21), freq=7, duty_u16=0)
except ValueError as error:
    print(json.dumps(str(error)))
"""
    (refused,), sent = said(micropython, script)
    assert refused == "freq too small"
    duties = []
    while sent:
        length, operation, _ = struct.unpack_from(op.HEADER, sent)
        payload, sent = sent[op.HEADER_SIZE : op.HEADER_SIZE + length], sent[op.HEADER_SIZE + length :]
        if operation == op.PWM_WRITE:
            duties.append(struct.unpack("<BH", payload))
    assert duties == [(21, 0), (21, 52428)]
