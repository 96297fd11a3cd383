"""Parameters that several commands share."""

from typing import Annotated, Literal

from cyclopts import Parameter
from cyclopts.validators import Number

Json = Annotated[bool, Parameter(help="print the result as JSON", negative="")]
Fidelity = Annotated[
    Literal["ideal", "fast", "spice"],
    Parameter(help="the simulated chip: its equations, its cells' curves from ngspice, or ngspice itself"),
]
Seed = Annotated[
    int,
    Parameter(help="same seed, same run and same simulated sensors", validator=Number(gte=0, lt=2**31)),
]
DeviceAddress = Annotated[
    str, Parameter(help="auto (USB), a serial port, sim:BOARD, or sim:BOARD@N with mismatched chip N")
]
Odour = Annotated[Literal["banana", "lemon", "lychee"], Parameter(help="the simulated odour before the nose")]
