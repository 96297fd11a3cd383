"""Gas sensors behind the multiplexer."""
