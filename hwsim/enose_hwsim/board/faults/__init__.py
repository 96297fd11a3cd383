"""What can befall a board: one table of faults, and the door through which they are injected."""
