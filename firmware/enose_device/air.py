"""What climate and gas sensor say of the air; imported when a host asks for it."""

from enose_contract import messages


def air(device, climate, parts) -> tuple:
    """The fields of AIR's reply. climate: climate.Climate or None; parts: the board's optional ones, it among them."""
    temperature_mc = humidity_mrh = known = 0
    if climate is not None and climate.known:
        known, temperature_mc, humidity_mrh = 1, climate.temperature_mc, climate.humidity_mrh
    measured = [part for part in parts if part.bit == messages.SILENT_GAS and part.known]
    ohms = measured[0].ohms if measured else []
    return (
        known, temperature_mc, humidity_mrh, len(measured), measured[0].pressure_pa if measured else 0, len(ohms),
    ) + tuple([ohms[k] if k < len(ohms) else 0 for k in range(messages.MAX_STEPS)])  # fmt: skip
