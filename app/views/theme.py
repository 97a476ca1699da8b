"""Colours and the style sheet: dark, so that pictures are the brightest thing on the screen."""

from app.state.takes import Kind

BACKGROUND = "#16181c"
SURFACE = "#22252b"
TEXT = "#e6e6e6"
MUTED = "#9aa0a8"
ACCENT = "#ffc857"

_KINDS = {
    Kind.SOURCE: "#b8c0cc",
    Kind.NEURAL: "#ff9f6b",
    Kind.HEVC: "#7cc4e8",
    Kind.VVC: "#8fd694",
    Kind.AV1: "#d3a4dd",
}


def kind_colour(kind: Kind) -> str:
    """The colour of a codec, in labels and charts alike."""
    return _KINDS[kind]


STYLE = f"""
QWidget {{ background: {SURFACE}; color: {TEXT}; font-size: 13px; }}
QMainWindow, QSplitter {{ background: {BACKGROUND}; }}
QToolTip {{ background: #333842; color: {TEXT}; border: 1px solid #555; }}
QPushButton, QToolButton {{ background: #333842; border: 1px solid #454b57; border-radius: 4px; padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ background: #3d4450; }}
QPushButton:disabled, QToolButton:disabled {{ color: #6a6f78; }}
QPushButton#primary {{ background: {ACCENT}; color: #101010; font-weight: 600; }}
QPushButton#primary:disabled {{ background: #6b6040; }}
QComboBox, QDoubleSpinBox {{ background: #2b2f37; border: 1px solid #454b57; border-radius: 4px; padding: 3px; }}
QProgressBar {{ background: #2b2f37; border: none; border-radius: 3px; height: 6px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: #3d4450; }}
QMenu::item:disabled {{ color: #6a6f78; }}
"""
