"""The wire to a device: a port, the conversation over it, and what a device can be asked to do."""
