"""λ as a number: shown with three significant digits, kept exactly."""

import math

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox

_DECIMALS = 20
"""So many that rounding to them changes no λ in range."""


def rounded(lmbda: float, low: float, high: float) -> float:
    """λ to three significant digits, within its range."""
    return min(high, max(low, float(f"{lmbda:.3g}")))


class LambdaBox(QDoubleSpinBox):
    """A λ within `setRange`. What is not typed anew stays the number it was, whatever its digits."""

    def __init__(self) -> None:
        super().__init__()
        self.setDecimals(_DECIMALS)
        self.setAccessibleName("λ value")

    def textFromValue(self, value: float) -> str:
        """Three significant digits."""
        return f"{value:.3g}"

    def valueFromText(self, text: str) -> float:
        """The number typed; the one there is while its text stands there."""
        if text == self.textFromValue(self.value()):
            return self.value()
        return _number(text) or self.value()

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """A number in range is taken; what may become one can be typed on."""
        low, high = self.minimum(), self.maximum()
        number = _number(text)
        if number is not None and low <= number <= high:
            state = QValidator.State.Acceptable
        elif all(letter in "0123456789.," for letter in text):
            state = QValidator.State.Intermediate
        else:
            state = QValidator.State.Invalid
        if text == self.textFromValue(self.value()):
            # Rounding may show a number just outside.
            state = QValidator.State.Acceptable
        return state, text, position

    def stepBy(self, steps: int) -> None:
        """A step is one of the second digit shown."""
        step = 10.0 ** (math.floor(math.log10(self.value())) - 1)
        self.setValue(rounded(self.value() + steps * step, self.minimum(), self.maximum()))


def _number(text: str) -> float | None:
    try:
        return float(text.replace(",", "."))
    except ValueError:
        return None
