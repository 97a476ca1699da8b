"""Colours and the style sheet. Around pictures it is dark in every theme, so that they are the brightest thing."""

from dataclasses import dataclass

from app.render.take_looks import look_colour, look_ink, take_colour, take_ink
from app.state.takes import Take

BACKGROUND = "#16181c"
"""Around pictures, in every theme."""
MUTED = "#9aa0a8"
"""Text over BACKGROUND that is not the main thing."""
ACCENT = "#ffc857"
"""Marks on pictures and charts."""


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours of everything but pictures."""

    ground: str
    """Behind charts and between parts."""
    surface: str
    text: str
    muted: str
    control: str
    hover: str
    border: str
    field: str
    disabled: str
    selection: str


DARK = Theme(
    ground="#16181c",
    surface="#22252b",
    text="#e6e6e6",
    muted="#9aa0a8",
    control="#333842",
    hover="#3d4450",
    border="#454b57",
    field="#2b2f37",
    disabled="#6a6f78",
    selection="#38415a",
)
LIGHT = Theme(
    ground="#ffffff",
    surface="#eceef1",
    text="#1b1d21",
    muted="#5b626d",
    control="#dfe3e8",
    hover="#d0d6de",
    border="#b6bdc8",
    field="#ffffff",
    disabled="#9aa1ab",
    selection="#c9d9f2",
)
THEMES = {"dark": DARK, "light": LIGHT}
TEXT = DARK.text
"""Text over BACKGROUND."""

_chosen = [DARK]


def current() -> Theme:
    """The theme in use."""
    return _chosen[0]


def use(name: str) -> Theme:
    """Choose a theme by its name in THEMES; an unknown one is dark."""
    _chosen[0] = THEMES.get(name, DARK)
    return _chosen[0]


def ink_of(take: Take) -> str:
    """The colour of a take as text or a curve on the theme's ground."""
    return take_colour(take) if current() is DARK else take_ink(take)


def look_on_ground(look: int) -> str:
    """The colour of a look on the theme's ground."""
    return look_colour(look) if current() is DARK else look_ink(look)


def style(theme: Theme) -> str:
    """The style sheet of the application.

    A number's box keeps its own border: with another one Qt draws no arrows on its buttons. The buttons of a file
    dialog are of a fixed size that leaves nothing of their pictures beside a padding.
    """
    fields = "QComboBox, QLineEdit, QPlainTextEdit, QListWidget, QTableWidget"
    return f"""
QWidget {{ background: {theme.surface}; color: {theme.text}; font-size: 13px; }}
QMainWindow, QSplitter {{ background: {theme.ground}; }}
QToolTip {{ background: {theme.control}; color: {theme.text}; border: 1px solid {theme.border}; }}
QPushButton, QToolButton {{ background: {theme.control}; border: 1px solid {theme.border}; border-radius: 4px;
    padding: 4px 10px; }}
QPushButton:hover, QToolButton:hover {{ background: {theme.hover}; }}
QPushButton:disabled, QToolButton:disabled {{ color: {theme.disabled}; }}
QToolButton#small {{ padding: 1px 6px; }}
QFileDialog QToolButton {{ padding: 0; }}
QAbstractSpinBox {{ background: {theme.field}; min-height: 24px; }}
QToolButton:checked {{ background: {theme.selection}; }}
QToolButton::menu-indicator {{ image: none; }}
QCheckBox::indicator, QRadioButton::indicator {{ width: 12px; height: 12px; background: {theme.field};
    border: 1px solid {theme.muted}; border-radius: 3px; }}
QRadioButton::indicator {{ border-radius: 7px; }}
QCheckBox::indicator:checked, QRadioButton::indicator:checked {{ background: {ACCENT}; border-color: {ACCENT}; }}
QCheckBox::indicator:disabled, QRadioButton::indicator:disabled {{ border-color: {theme.disabled}; }}
QPushButton#primary {{ background: {ACCENT}; color: #101010; font-weight: 600; }}
QPushButton#primary:disabled {{ background: #6b6040; }}
{fields} {{ background: {theme.field}; border: 1px solid {theme.border}; border-radius: 4px; padding: 3px; }}
QListWidget::item:selected, QTableWidget::item:selected {{ background: {theme.selection}; color: {theme.text}; }}
QHeaderView::section {{ background: {theme.control}; border: none; padding: 3px 6px; }}
QProgressBar {{ background: {theme.field}; border: none; border-radius: 3px; height: 6px; }}
QProgressBar::chunk {{ background: {ACCENT}; border-radius: 3px; }}
QMenuBar::item:selected, QMenu::item:selected {{ background: {theme.hover}; }}
QMenu::item:disabled {{ color: {theme.disabled}; }}
QTabBar::tab {{ background: {theme.control}; padding: 4px 12px; border-top-left-radius: 4px;
    border-top-right-radius: 4px; }}
QTabBar::tab:selected {{ background: {theme.selection}; }}
"""
