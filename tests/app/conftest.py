"""The app's fixtures; see desk.py."""

from desk import desk, module_window, quick_board, screens, still_desk

__all__ = ["desk", "module_window", "quick_board", "screens", "still_desk"]
