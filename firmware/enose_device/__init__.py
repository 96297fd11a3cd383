"""The firmware: sensor counts -> features -> input codes -> DAC -> chip -> ADC -> volts -> decision."""
