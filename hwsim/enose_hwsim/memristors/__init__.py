"""Memristors: device models in NumPy and ngspice from one set of parameters, populations of real devices, crossbars."""
