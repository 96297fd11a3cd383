"""What the host adds to the simulated chips: their yield, and pictures of what was measured."""
