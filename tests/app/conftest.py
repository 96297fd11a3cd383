"""The app's fixtures; see desk.py."""

from desk import desk, quick_board, screens

__all__ = ["desk", "quick_board", "screens"]
