"""The microcontrollers' tables against their data sheets."""

import pytest

from enose_hwsim.mcu import ADC, MICROCONTROLLERS, OUTPUT, STATE_MACHINE, Microcontroller

RP2 = [MICROCONTROLLERS["rp2040"], MICROCONTROLLERS["rp2350"]]
ESP32S3 = MICROCONTROLLERS["esp32s3"]
ALL = list(MICROCONTROLLERS.values())


@pytest.mark.parametrize("mcu", ALL, ids=lambda mcu: mcu.name)
def test_a_table_names_only_pins_that_are_there(mcu: Microcontroller) -> None:
    for pins in (mcu.taken, *mcu.functions.values()):
        assert set(pins) <= set(mcu.gpios)
    assert list(mcu.gpios) == sorted(set(mcu.gpios))


@pytest.mark.parametrize("mcu", ALL, ids=lambda mcu: mcu.name)
def test_a_taken_pin_is_able_to_do_nothing(mcu: Microcontroller) -> None:
    for function in (OUTPUT, *mcu.functions):
        assert set(mcu.able(function)).isdisjoint(mcu.taken)
        assert mcu.able(function)
        assert mcu.has(function)
    assert mcu.able("I2C7 SDA") == ()
    assert not mcu.has("I2C7 SDA")


# RP2040 data sheet, section 1.4.3, read off by hand; 23, 24, 25 and 29 serve the Pico itself.
@pytest.mark.parametrize(
    ("function", "pins"),
    [
        ("I2C0 SDA", (0, 4, 8, 12, 16, 20, 28)),
        ("I2C0 SCL", (1, 5, 9, 13, 17, 21)),
        ("I2C1 SDA", (2, 6, 10, 14, 18, 22, 26)),
        ("I2C1 SCL", (3, 7, 11, 15, 19, 27)),
        ("SPI0 MISO", (0, 4, 16, 20)),
        ("SPI0 CS", (1, 5, 17, 21)),
        ("SPI0 SCK", (2, 6, 18, 22)),
        ("SPI0 MOSI", (3, 7, 19)),
        ("SPI1 MISO", (8, 12, 28)),
        ("SPI1 SCK", (10, 14, 26)),
        ("SPI1 MOSI", (11, 15, 27)),
        (ADC, (26, 27, 28)),
    ],
)
@pytest.mark.parametrize("mcu", RP2, ids=lambda mcu: mcu.name)
def test_the_pins_of_a_pico_are_those_of_the_data_sheet(
    mcu: Microcontroller, function: str, pins: tuple[int, ...]
) -> None:
    assert mcu.able(function) == pins


@pytest.mark.parametrize("mcu", RP2, ids=lambda mcu: mcu.name)
@pytest.mark.parametrize("bus", ["I2C", "SPI"])
def test_every_pin_of_a_pico_has_one_signal_of_one_bus(mcu: Microcontroller, bus: str) -> None:
    pins = [pin for function, able in mcu.functions.items() if function.startswith(bus) for pin in able]
    assert sorted(pins) == list(mcu.gpios)


def test_the_esp32s3_leads_buses_to_any_pin_that_is_free() -> None:
    free = ESP32S3.able(OUTPUT)
    assert {0, 3, 45, 46, 19, 20, 43, 44, *range(26, 35), *range(22, 26)}.isdisjoint(free)
    for function in ("I2C0 SDA", "I2C1 SCL", "SPI1 SCK", "SPI2 MISO"):
        assert ESP32S3.able(function) == free
    assert ESP32S3.able(ADC) == (1, 2, 4, 5, 6, 7, 8, 9, 10)


def test_only_the_picos_have_state_machines() -> None:
    assert [mcu.name for mcu in ALL if mcu.has(STATE_MACHINE)] == ["rp2040", "rp2350"]
