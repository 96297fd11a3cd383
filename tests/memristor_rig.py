"""What the tests of the memristor board share: images, devices that stick, what is at rest, a programming begun."""

from typing import Any

import numpy as np
import pytest

from enose.boards import find_board
from enose.link.device import Device
from enose_contract import messages
from enose_contract.image import UNIT_OHM, Image
from enose_contract.message import Message
from enose_hwsim.board.simulated import SimulatedBoard
from enose_hwsim.chips.memristor.random_weights import draw_ohms
from rig import changed, image

FULL, CHIP, _ = find_board("pico-memristor")
BOARD = changed(FULL, sensors=changed(FULL.sensors, warmup_s=1.0))
COUNT = CHIP.topology.weights
RATIOS = (0.9, 0.7, 0.5, 0.3, 0.6)
COMMON_V = CHIP.input.common_v
CODE_V = BOARD.dac.reference_v / 65536


def weights(seed: int = 3) -> list[int]:
    """Signed memristances all over the chip's range, both signs, some switches open: no stage is driven too far."""
    signed = draw_ohms(CHIP, 1, np.random.default_rng(seed))[0].round().astype(int).tolist()
    signed[5] = 0
    return signed


def memristor_image(**changes: Any) -> Image:
    facts: dict[str, Any] = {
        "chip": "memristor542",
        "board": "pico-memristor",
        "channels": [0, 1, 2, 3, 4],
        "low_ohm": [0] * 5,
        "high_ohm": [0] * 5,
        "classes": ["banana", "lemon", "lychee"],
        "weights": weights(),
        "unit": UNIT_OHM,
    }
    return image(**{**facts, **changes})


FIRST, SECOND = memristor_image(), memristor_image(model=b"model002", weights=weights(4))


class Readings:
    """Counts the read ADC's conversions of devices from now on; those of the DAC's level are against ground."""

    def __init__(self, board: SimulatedBoard) -> None:
        self.count = 0
        adc = board.wiring.read_adc
        convert = adc.convert

        def counting() -> int:
            self.count += not adc.config & 0x4000
            return int(convert())

        adc.convert = counting


def stick(board: SimulatedBoard, *numbers: int) -> None:
    """From now on no pulse moves these devices."""
    for k in numbers:
        board.wiring.chip.population._born_stuck[k] = True


def errors(board: SimulatedBoard, made: Image) -> np.ndarray:
    """How far each true memristance is from the image's, relative; switches that stay open aside."""
    targets = np.abs(np.array(made.weights))
    return np.abs(board.wiring.chip.population.true_ohm[targets > 0] / targets[targets > 0] - 1)


def assert_nothing_is_driven(board: SimulatedBoard) -> None:
    wiring = board.wiring
    for pin in (BOARD.switch.pin, BOARD.pulses.gate_pin, BOARD.gas.heater_pin, BOARD.gas.valve_pin):
        assert wiring.pin_read(pin) == 0
    assert wiring.chain.closed == frozenset()
    for channel in (*BOARD.dac.input_channels, BOARD.dac.pulse_channel, BOARD.dac.read_channel):
        assert wiring.dac.voltage_v(channel) == pytest.approx(COMMON_V, abs=CODE_V)


def assert_at_rest_after_reading(board: SimulatedBoard) -> None:
    assert board.wiring.pin_read(BOARD.switch.pin) == 0
    assert board.wiring.chain.closed == frozenset()


def start_programming(device: Device, made: Image, wait_ms: float = 150) -> int:
    """Have an image stored and its programming begun; returns how many weights are done."""
    ask, generation = device._conversation.ask, 0

    class Begun(Exception):
        pass

    def asking(message: Message, *values: int | bytes, tail: bytes = b""):
        nonlocal generation
        if message is messages.ACTIVATE:
            generation = int(values[0])
            raise Begun
        return ask(message, *values, tail=tail)

    device._conversation.ask = asking  # type: ignore[method-assign]
    with pytest.raises(Begun):
        device.program(made.pack())
    device._conversation.ask = ask  # type: ignore[method-assign]
    ask(messages.ACTIVATE, generation)
    device.port.wait(wait_ms)
    done = int(ask(messages.ACTIVATE, generation)["done"])
    assert 0 < done < COUNT
    return done
