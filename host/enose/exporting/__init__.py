"""Exporting: a project's cycles for other programs."""
