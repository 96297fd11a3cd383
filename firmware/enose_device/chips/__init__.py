"""Analog classifier chips."""
