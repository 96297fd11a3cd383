"""The cells of the analog chips, transistor by transistor: what they are made of, their mismatch, their netlists."""
