"""The fast twin of a chip of transistors: its cells' transfer curves from ngspice, put together without it."""
