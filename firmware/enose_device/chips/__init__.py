"""Analog classifier chips, each with what keeps its weights: one interface for all, chosen by board.json."""


def chip_and_keeper(dac, adc, parts, configuration, measuring, on_failed):
    """The chip of the configuration and its keeper: refresh.Refresh for capacitors, verify.Verify for memristors.

    Imports are here: a board has one kind of chip, and no memory for the other's code.
    """
    if configuration["chip"]["kind"] == "mlp":
        from enose_device.chips.held import HeldWeightChip
        from enose_device.refresh import Refresh

        chip = HeldWeightChip(dac, adc, parts, configuration)
        return chip, Refresh(chip, configuration)
    from enose_device.chips.pulsed import PulsedChip
    from enose_device.converters.adg714 import Adg714Chain
    from enose_device.converters.ads1115 import Ads1115
    from enose_device.converters.pulse_generator import PulseGenerator
    from enose_device.verify import Verify

    read, matrix = configuration["read"], configuration["matrix"]
    read_adc = Ads1115(parts["i2c"], read["address"], read["rate_sps"])
    chain = Adg714Chain(parts["spi"], parts["matrix_select"], matrix["parts"])
    generator = PulseGenerator(dac, configuration["dac"]["pulse_channel"], parts["gate"], configuration["pulses"])
    chip = PulsedChip(dac, adc, read_adc, chain, generator, parts["switch"], configuration)
    return chip, Verify(chip, configuration, measuring, on_failed)
