"""Scores of the takes by votes, over the window."""

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QWidget

from app.state.blind.preferences import MIN_CLIPS, Score
from app.state.voting import Voting
from app.views.widgets import Sheet
from codec.texts import in_html

_NAME = "Scores of the votes"


class ScoresSheet(Sheet):
    """A table, until a key or a click puts it away."""

    def __init__(self, window: QWidget, voting: Voting) -> None:
        super().__init__(window)
        self._voting = voting
        self.setAccessibleName(_NAME)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)

    def show_scores(self) -> None:
        """As they are now."""
        self.open(page(self._voting.scores, {vote.clip for vote in self._voting.votes}))
        self.setFocus()

    def event(self, event: QEvent) -> bool:
        """While it has the keys they are none of the window's."""
        if event.type() == QEvent.Type.ShortcutOverride:
            event.accept()
            return True
        return super().event(event)

    def keyPressEvent(self, _event: QKeyEvent) -> None:
        """Any key."""
        self.hide()

    def mousePressEvent(self, _event: QMouseEvent) -> None:
        """A click."""
        self.hide()


def page(scores: tuple[Score, ...], clips: set[str]) -> str:
    """The table in HTML. `clips`: those that were voted on."""
    if not scores:
        return f"<h3>{_NAME}</h3><p>Nobody has voted on clips of this folder yet: F8.</p>"
    rows = "".join(
        f"<tr><td>{in_html(each.item)}</td><td align='right'>{each.score.median:+.2f}</td>"
        f"<td align='right'>{each.score.low:+.2f} to {each.score.high:+.2f}</td>"
        f"<td align='right'>{each.votes}</td></tr>"
        for each in scores
    )
    count = len(clips)
    few = f"the votes alone: below {MIN_CLIPS} clips an engineering pre-test"
    how = "clips drawn anew" if count >= MIN_CLIPS else few
    return (
        f"<h3>{_NAME}</h3><table cellspacing='8'><tr><th align='left'>Take</th><th>Score</th><th>95 % interval</th>"
        f"<th>Votes</th></tr>{rows}</table><p>Bradley–Terry scores over {count} clip{'' if count == 1 else 's'} of "
        f"this folder, the mean at 0;<br>one point more wins 73 % of the votes. Intervals from {how}.</p>"
    )
