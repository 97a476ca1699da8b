"""Form fields for the settings that a codec has beside λ, built from their descriptions."""

from collections.abc import Callable

from PySide6.QtCore import QSignalBlocker
from PySide6.QtWidgets import QCheckBox, QComboBox, QSpinBox, QWidget

from app.views.widgets import plain_tip
from codec.api import Option, OptionValue

Field = QSpinBox | QComboBox | QCheckBox


def field_for(option: Option, changed: Callable[[str, OptionValue], None]) -> Field:
    """A number box, a list or a check box, which tells `changed` the option's name and its new value."""
    made: Field
    if option.choices:
        made = QComboBox()
        made.addItems(option.choices)
        made.currentTextChanged.connect(lambda text: changed(option.name, text))
    elif option.high > option.low:
        made = QSpinBox()
        made.setRange(option.low, option.high)
        made.setSuffix(option.unit)
        made.setSpecialValueText(option.at_low)
        made.valueChanged.connect(lambda number: changed(option.name, number))
    else:
        made = QCheckBox()
        made.toggled.connect(lambda checked: changed(option.name, checked))
    made.setAccessibleName(f"{option.label} in{option.unit}" if option.unit else option.label)
    made.setToolTip(plain_tip(option.tip))
    return made


def show_value(shown: QWidget, value: OptionValue) -> None:
    """Show a value of the field's kind, without telling of a change."""
    quiet = QSignalBlocker(shown)
    if isinstance(shown, QComboBox):
        shown.setCurrentText(str(value))
    elif isinstance(shown, QSpinBox):
        shown.setValue(int(value))
    elif isinstance(shown, QCheckBox):
        shown.setChecked(bool(value))
    del quiet
