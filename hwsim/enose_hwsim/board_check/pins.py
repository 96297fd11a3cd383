"""Pins: each is there, free, and able to do what the board wants of it."""

from collections.abc import Iterator

from enose_hwsim.board_check.problem import Problem
from enose_hwsim.boardfile import BoardFile
from enose_hwsim.mcu import INPUT, MICROCONTROLLERS, OUTPUT, Microcontroller
from enose_hwsim.nets import Net

USB_SENSE = "VBUS sense"


def pin_problems(wired: list[Net], mcu: Microcontroller) -> Iterator[Problem]:
    """What is wrong with the pins, with the nearest one that would do. wired: the microcontroller's nets.

    Where two nets are on one pin the later in the list is named.
    """
    absent = {net.function: net for net in wired if not mcu.has(net.function)}
    yield from _absent_functions(absent, mcu)
    first: dict[int, Net] = {}
    for net in wired:
        pin = net.pin
        if pin is None:
            continue
        if pin not in mcu.gpios:
            why = f"there is no GPIO {pin} on the {mcu.title}"
        elif pin in mcu.taken:
            why = f"GPIO {pin} is taken by the {mcu.module} ({mcu.taken[pin]})"
        elif pin in first:
            why = f"GPIO {pin} is used by {first[pin].section}.{first[pin].key} already"
        elif net.function not in absent and pin not in mcu.able(net.function):
            why = f"GPIO {pin}"
        elif net.acts and pin in mcu.high_at_reset:
            why = f"GPIO {pin} is high before the firmware runs ({mcu.high_at_reset[pin]})"
        else:
            first[pin] = net
            continue
        yield Problem(net.section, net.key, why, _nearest(pin, net, wired, mcu))


def usb_sense_problems(board: BoardFile, mcu: Microcontroller) -> Iterator[Problem]:
    """What is wrong with the pin that tells whether there is USB: it is the module's own."""
    gpio = board.upkeep.usb_sense_gpio if board.upkeep is not None else None
    if gpio is not None and mcu.taken.get(gpio) != USB_SENSE:
        own = [str(pin) for pin, what in mcu.taken.items() if what == USB_SENSE]
        expected = f"GPIO {own[0]} of the {mcu.module}" if own else f"none: the {mcu.module} has no such pin"
        yield Problem("upkeep", "usb_sense_gpio", f"GPIO {gpio}", expected)


def _absent_functions(absent: dict[str, Net], mcu: Microcontroller) -> Iterator[Problem]:
    """A bus or a peripheral that this microcontroller has not, once each."""
    for bus in sorted({function.split()[0] for function in absent}):
        net = next(net for function, net in absent.items() if function.startswith(bus))
        if bus[-1].isdigit():
            ids = sorted({name.split()[0][-1] for name in mcu.functions if name.startswith(bus[:-1])})
            yield Problem(net.section, "id", bus[-1], f"{bus[:-1]} {' or '.join(ids)} of the {mcu.title}")
        else:
            able = ", ".join(name for name, other in MICROCONTROLLERS.items() if other.has(net.function))
            yield Problem(
                "", "mcu", f"'{mcu.name}' has no {net.function} for {net.section}.{net.key}", f"one of: {able}"
            )


def _nearest(pin: int, net: Net, wired: list[Net], mcu: Microcontroller) -> str:
    """What was expected at a pin of this net, and the nearest that is it and is free."""
    unfit = {other.pin for other in wired} | (set(mcu.high_at_reset) if net.acts else set())
    free = [other for other in mcu.able(net.function) if other not in unfit]
    wanted = "a free pin" if net.function in (OUTPUT, INPUT) else f"a pin with {net.function}"
    if not free:
        return f"{wanted}; none is free"
    return f"{wanted}; the nearest: GPIO {min(free, key=lambda other: (abs(other - pin), other))}"
