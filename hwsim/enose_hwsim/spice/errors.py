"""What goes wrong with ngspice."""


class SpiceError(RuntimeError):
    """What ngspice could not do, in its own words; `netlist_line` is the line that it concerns, where that is known."""

    def __init__(self, message: str, netlist_line: str | None = None) -> None:
        super().__init__(message if netlist_line is None else f"{message}; the netlist line: {netlist_line.strip()}")
        self.netlist_line = netlist_line


class SpiceMissing(SpiceError):  # nothing went wrong yet
    """The shared library of ngspice is not on this machine, or not usable."""
