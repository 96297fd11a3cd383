"""The memristor network of paper 002: equations, circuit in ngspice, fast twin, and how weights become ohms."""
