"""Parts of the board, each register-accurate and named after its data sheet. Times are seconds of virtual time."""
