"""On-chip learning of the analog perceptron: event-wise in ngspice, and as a fast twin over many chips."""
