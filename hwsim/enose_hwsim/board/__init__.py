"""The simulated board: register-accurate parts around a chip, virtual time, the real firmware in its own process."""
