"""How it looks: light and dark palettes, the colours of classes and channels, distances."""

from dataclasses import dataclass

from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QApplication

GAP, MARGIN = 8, 14  # in device-independent pixels, as Qt scales them
# Distinct for colour-blind eyes too: M. Okabe and K. Ito, "Color Universal Design", 2008; the darker ones of it first.
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b58900", "#4aa3df", "#7a5195", "#6b7a8f")


@dataclass(frozen=True)
class Look:
    """Colours of one theme."""

    dark: bool
    window: str
    base: str
    raised: str
    text: str
    faint: str
    line: str
    accent: str
    on_accent: str
    good: str
    warn: str
    bad: str


LIGHT = Look(
    False, "#f4f5f7", "#ffffff", "#e9ebef", "#1b1f24", "#5a6472", "#c9ced6", "#0a5c9e", "#ffffff", "#1b7f3b", "#8a5a00",
    "#b3261e",
)  # fmt: skip
DARK = Look(
    True, "#1d2025", "#15181c", "#2a2e35", "#e8eaed", "#a3abb7", "#434955", "#5aa9e6", "#0c1116", "#5cc878", "#e0b050",
    "#ff8a80",
)  # fmt: skip

_now = LIGHT


def look() -> Look:
    """The theme in force."""
    return _now


def apply_look(app: QApplication, chosen: Look) -> None:
    """Give the whole app a theme; its plots take it up with `Plot.restyle`."""
    global _now
    _now = chosen
    app.setStyle("Fusion")
    palette = QPalette()
    role = QPalette.ColorRole
    colours = {
        role.Window: chosen.window, role.WindowText: chosen.text, role.Base: chosen.base, role.Text: chosen.text,
        role.AlternateBase: chosen.raised, role.Button: chosen.raised, role.ButtonText: chosen.text,
        role.ToolTipBase: chosen.raised, role.ToolTipText: chosen.text, role.Highlight: chosen.accent,
        role.HighlightedText: chosen.on_accent, role.PlaceholderText: chosen.faint, role.Link: chosen.accent,
        role.Mid: chosen.line, role.Dark: chosen.line, role.Light: chosen.base, role.BrightText: chosen.bad,
    }  # fmt: skip
    for which, colour in colours.items():
        palette.setColor(which, QColor(colour))
    for which in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, which, QColor(chosen.faint))
    app.setPalette(palette)
    app.setStyleSheet(_sheet(chosen))


def _sheet(c: Look) -> str:
    return f"""
    QLabel[kind="title"] {{ font-size: 16pt; font-weight: 600; }}
    QLabel[kind="faint"] {{ color: {c.faint}; }}
    QLabel[kind="good"] {{ color: {c.good}; font-weight: 600; }}
    QLabel[kind="warn"] {{ color: {c.warn}; font-weight: 600; }}
    QLabel[kind="bad"] {{ color: {c.bad}; font-weight: 600; }}
    QLabel[kind="answer"] {{ font-size: 30pt; font-weight: 700; }}
    QAbstractSpinBox {{ min-height: 21px; }}
    QPushButton {{ padding: 5px 12px; }}
    QPushButton[kind="main"] {{ background: {c.accent}; color: {c.on_accent}; border: 1px solid {c.accent};
        border-radius: 4px; font-weight: 600; }}
    QPushButton[kind="main"]:disabled {{ background: {c.raised}; color: {c.faint}; border-color: {c.line}; }}
    QPushButton[kind="main"]:focus {{ border: 2px solid {c.text}; padding: 4px 11px; }}
    QListWidget#pages {{ background: {c.raised}; border: none; font-size: 11pt; outline: none; }}
    QListWidget#pages::item {{ padding: 10px 14px; border-left: 4px solid transparent; }}
    QListWidget#pages::item:selected {{ background: {c.base}; color: {c.text}; border-left: 4px solid {c.accent}; }}
    QListWidget#pages::item:selected:active {{ background: {c.base}; color: {c.text}; }}
    QListWidget#pages:focus {{ border-right: 2px solid {c.accent}; }}
    QGroupBox {{ border: 1px solid {c.line}; border-radius: 6px; margin-top: 9px; padding-top: 8px; }}
    QGroupBox::title {{ subcontrol-origin: margin; left: 10px; padding: 0 4px; font-weight: 600; }}
    QFrame#message {{ background: {c.raised}; border-left: 5px solid {c.bad}; border-radius: 3px; }}
    QFrame#message[kind="good"] {{ border-left-color: {c.good}; }}
    QToolButton {{ padding: 5px 22px 5px 10px; }}
    QCheckBox::indicator:unchecked, QListWidget::indicator:unchecked, QRadioButton::indicator:unchecked {{
        background: {c.base}; border: 1px solid {c.faint}; border-radius: 3px; width: 12px; height: 12px; }}
    QRadioButton::indicator:unchecked {{ border-radius: 7px; }}
    QTableWidget {{ gridline-color: {c.line}; }}
    QHeaderView::section {{ background: {c.raised}; color: {c.text}; border: none; border-right: 1px solid {c.line};
        padding: 4px 8px; }}
    """
