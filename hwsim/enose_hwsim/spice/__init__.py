"""ngspice: the one driver of all networks, and what mends PySpice for it."""
