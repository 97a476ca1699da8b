"""A take is chosen: who says so, and why. And the table of what was chosen over the projects of a folder."""

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFormLayout,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from app.jobs.points import TITLES, PointTable
from app.state.choice import WHY_LIMIT
from app.state.takes import NAME_LIMIT
from app.views.widgets import Label, plain_tip
from codec.texts import visible


class ChoiceDialog(QDialog):
    """Two lines; Enter marks the take."""

    chosen = Signal(str, str)
    """Who, why."""
    dropped = Signal()
    """The take chosen is so no more."""

    def __init__(self, take: str, who: str, why: str, *, is_chosen: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Choose this take")
        self.setMinimumWidth(460)
        self.who = QLineEdit(who)
        self.who.setMaxLength(NAME_LIMIT)
        self.who.setAccessibleName("Who chooses")
        self.why = QLineEdit(why)
        self.why.setMaxLength(WHY_LIMIT)
        self.why.setAccessibleName("Why")
        self.why.setPlaceholderText("What decided it, if you like")
        form = QFormLayout()
        form.addRow("Operating point", Label(visible(take)))
        form.addRow("Chosen by", self.who)
        form.addRow("Because", self.why)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.button(QDialogButtonBox.StandardButton.Ok).setText("Choose")
        self.drop = buttons.addButton("Choose none", QDialogButtonBox.ButtonRole.DestructiveRole)
        self.drop.setVisible(is_chosen)
        self.drop.clicked.connect(self._drop)
        buttons.accepted.connect(self._accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(buttons)
        (self.why if who else self.who).setFocus()

    def _drop(self) -> None:
        self.dropped.emit()
        self.reject()

    def _accept(self) -> None:
        self.chosen.emit(self.who.text(), self.why.text())
        self.accept()


class PointsDialog(QDialog):
    """The operating points of a folder's projects."""

    export_asked = Signal()

    def __init__(self, table: PointTable, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle("Operating points")
        self.resize(1000, 420)
        self.table = QTableWidget(len(table.rows), len(TITLES))
        self.table.setHorizontalHeaderLabels(list(TITLES))
        self.table.setEditTriggers(QTableWidget.EditTrigger.NoEditTriggers)
        self.table.setAccessibleName("Operating points")
        self.table.verticalHeader().hide()
        for row, values in enumerate(table.rows):
            for column, value in enumerate(values):
                item = QTableWidgetItem(visible(value) if isinstance(value, str) else f"{value:.5g}")
                item.setToolTip(plain_tip(str(value)))
                self.table.setItem(row, column, item)
        self.table.resizeColumnsToContents()
        self.told = Label("\n".join(self._remarks(table)))
        self.told.setWordWrap(True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Save | QDialogButtonBox.StandardButton.Close)
        self.export = buttons.button(QDialogButtonBox.StandardButton.Save)
        self.export.setText("Export…")
        self.export.setEnabled(bool(table.rows))
        buttons.accepted.connect(self.export_asked)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addWidget(self.table, 1)
        layout.addWidget(self.told)
        layout.addWidget(buttons)

    @staticmethod
    def _remarks(table: PointTable) -> list[str]:
        many = f"{table.without} project{'s have' if table.without > 1 else ' has'} no operating point."
        return [*([many] if table.without else []), *map(visible, table.problems)]
