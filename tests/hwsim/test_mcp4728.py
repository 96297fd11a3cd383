"""The MCP4728's model: registers, EEPROM, LDAC, general calls, read-back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from enose_hwsim.board.parts.i2c_bus import I2cBus, Nack
from enose_hwsim.board.parts.mcp4728 import EEPROM_WRITE_S, Mcp4728Part, Setting

CODES = st.integers(0, 4095)
SETTINGS = st.builds(Setting, CODES, st.booleans(), st.booleans(), st.integers(0, 3))
SUPPLY_V = 3.3


class Bench:
    """A part, and what its outputs were told to be."""

    def __init__(self, *eeprom: Setting) -> None:
        self.told: list[tuple[int, float]] = []
        self.dac = Mcp4728Part(
            SUPPLY_V, lambda channel, volts, t_s: self.told.append((channel, volts)), eeprom or (Setting(),) * 4
        )
        self.bus = I2cBus({0x60: self.dac})

    def write(self, *data: int, t_s: float = 1.0) -> None:
        self.bus.write(0x60, bytes(data), t_s)

    def read(self, t_s: float = 1.0) -> list[bytes]:
        """Eight triples: the register and the EEPROM of each channel."""
        answer = self.bus.read(0x60, 24, b"", t_s)
        return [answer[k : k + 3] for k in range(0, 24, 3)]


@given(SETTINGS)
def test_a_setting_and_its_bytes_are_a_pair(setting: Setting) -> None:
    assert Setting.of(*setting.bytes()) == setting


@given(st.tuples(SETTINGS, SETTINGS, SETTINGS, SETTINGS))
def test_it_powers_up_with_what_the_eeprom_holds(eeprom: tuple[Setting, ...]) -> None:
    bench = Bench(*eeprom)
    assert (bench.dac.inputs, bench.dac.outputs) == (list(eeprom), list(eeprom))
    assert [triple[1:] for triple in bench.read()] == [s.bytes() for s in eeprom for _ in range(2)]


def test_as_delivered_it_is_at_zero_and_says_so() -> None:
    first = Bench().read()
    assert first[:2] == [b"\xc0\x80\x00"] * 2
    assert [triple[0] >> 4 & 0x3 for triple in first] == [0, 0, 1, 1, 2, 2, 3, 3]


@given(st.integers(0, 3), SETTINGS)
def test_the_output_is_what_reference_gain_and_code_say(channel: int, setting: Setting) -> None:
    bench = Bench()
    bench.write(0x40 | channel << 1, *setting.bytes())
    full_v = (4.096 if setting.double else 2.048) if setting.internal else SUPPLY_V
    expected_v = 0.0 if setting.power_down else min(setting.code / 4096 * full_v, SUPPLY_V)
    assert bench.dac.voltage_v(channel) == pytest.approx(expected_v)
    assert bench.told == [(channel, bench.dac.voltage_v(channel))]
    assert bench.dac.eeprom == [Setting()] * 4


@given(st.lists(CODES, min_size=1, max_size=4))
def test_a_fast_write_goes_through_the_channels_and_keeps_reference_and_gain(codes: list[int]) -> None:
    bench = Bench(*(Setting(7, False, True),) * 4)
    bench.write(*[byte for code in codes for byte in (code >> 8, code & 0xFF)])
    assert [s.code for s in bench.dac.outputs] == codes + [7] * (4 - len(codes))
    assert all(not s.internal and s.double for s in bench.dac.outputs)


def test_with_ldac_high_outputs_wait_until_it_falls_or_the_software_update() -> None:
    bench = Bench()
    bench.dac.set_ldac(1, 0.0)
    bench.write(0x01, 0x00, 0x02, 0x00)
    bench.write(0x40 | 2 << 1 | 1, 0x83, 0x00)  # UDAC high
    assert [s.code for s in bench.dac.inputs] == [256, 512, 768, 0]
    assert [s.code for s in bench.dac.outputs] == [0] * 4
    bench.write(0x40 | 2 << 1, 0x84, 0x00)  # UDAC low
    assert [s.code for s in bench.dac.outputs] == [0, 0, 1024, 0]
    bench.bus.write(0x00, b"\x08", 1.0)
    assert [s.code for s in bench.dac.outputs] == [256, 512, 1024, 0]
    bench.write(0x05, 0x00)
    bench.dac.set_ldac(0, 2.0)
    assert bench.dac.outputs[0].code == 0x500


def test_several_channels_in_one_transfer() -> None:
    bench = Bench()
    bench.write(0x46, 0x81, 0x11, 0x40, 0x92, 0x22, 0x42, 0x83)  # the last one is not whole
    assert [s.code for s in bench.dac.outputs] == [0x222, 0, 0, 0x111]
    assert bench.dac.outputs[0].double


@pytest.mark.parametrize(("first", "kept"), [(0x50, [1, 2, 3, 4]), (0x54, [0, 0, 1, 2]), (0x5C, [0, 0, 1, 0])])
def test_a_lasting_write_reaches_the_eeprom(first: int, kept: list[int]) -> None:
    bench = Bench()
    bench.write(first, 0x80, 1, 0x80, 2, 0x80, 3, 0x80, 4)
    assert [s.code for s in bench.dac.eeprom] == kept
    assert [s.code for s in bench.dac.outputs] == kept
    bench.write(0x40, 0x80, 99, t_s=2.0)
    bench.bus.write(0x00, b"\x06", 3.0)  # reset: from the EEPROM
    assert [s.code for s in bench.dac.outputs] == kept


def test_while_the_eeprom_is_written_writes_are_ignored_and_reads_say_busy() -> None:
    bench = Bench()
    bench.write(0x58, 0x80, 5)
    bench.write(0x40, 0x80, 99, t_s=1.0 + EEPROM_WRITE_S - 1e-6)
    assert bench.read(1.0 + EEPROM_WRITE_S - 1e-6)[0] == b"\x40\x80\x05"
    assert bench.dac.ignored_writes == 1
    bench.write(0x40, 0x80, 99, t_s=1.0 + EEPROM_WRITE_S)
    assert bench.read(1.0 + EEPROM_WRITE_S)[0] == b"\xc0\x80\x63"


def test_a_lasting_write_without_data_writes_nothing() -> None:
    bench = Bench()
    bench.write(0x50, 0x80)
    assert (bench.dac.eeprom_writes, bench.read()[0][0] & 0x80) == (0, 0x80)


def test_reference_gain_and_power_down_bits_of_all_channels() -> None:
    bench = Bench(*(Setting(2048),) * 4)
    bench.write(0x80 | 0b1010)
    assert [s.internal for s in bench.dac.outputs] == [True, False, True, False]
    bench.write(0xC0 | 0b0110)
    assert [s.double for s in bench.dac.outputs] == [False, True, True, False]
    bench.write(0xA0 | 0b0110, 0b11000000)
    assert [s.power_down for s in bench.dac.outputs] == [1, 2, 3, 0]
    assert [bench.dac.voltage_v(k) for k in range(4)] == [0.0, 0.0, 0.0, SUPPLY_V / 2]
    bench.bus.write(0x00, b"\x09", 1.0)  # wake-up
    assert [s.power_down for s in bench.dac.outputs] == [0] * 4
    bench.write(0xA0)  # half a command
    assert [s.power_down for s in bench.dac.outputs] == [0] * 4


@pytest.mark.parametrize("data", [b"\x61\x62\x63", b"\xe0"])
def test_what_it_cannot_take_is_not_acknowledged(data: bytes) -> None:
    with pytest.raises(Nack, match="MCP4728"):
        Bench().dac.write(data, 1.0)


def test_a_general_call_that_it_does_not_know_is_not_acknowledged() -> None:
    with pytest.raises(Nack):
        Bench().bus.write(0x00, b"\x0c", 1.0)


def test_a_long_read_begins_again() -> None:
    bench = Bench()
    assert bench.bus.read(0x60, 48, b"", 1.0) == bench.bus.read(0x60, 24, b"", 1.0) * 2
