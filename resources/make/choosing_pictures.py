"""Makes docs/choosing-N.png: from an open clip to a marked choice, a picture after every action of the person.

    python -m resources.make.choosing_pictures --work DIR [--clip FILE] [--frames N]

The real window with real keys and real encodes; wants a display with a window manager (Xvfb and openbox will do) and
takes minutes.
"""

from PySide6.QtCore import Qt
from PySide6.QtTest import QTest

from app.state.takes import Status
from resources.make.walk import begin

FRAMES = 17
"""Two GoPs."""


def main() -> None:
    """Walk."""
    walk, arguments = begin(__doc__, FRAMES)
    window, session = walk.window, walk.window.session

    # 1: open the clip.
    walk.open(arguments.clip, arguments.frames)
    walk.picture("choosing-1")
    # 2: ask for a ladder.
    QTest.keyClick(window, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    ladder = walk.dialog()
    walk.picture("choosing-2", ladder)
    # 3: start it as it is proposed.
    QTest.keyClick(ladder, Qt.Key.Key_Return)
    takes = list(session.takes)[1:]
    walk.wait(lambda: sum(take.status is Status.READY for take in takes) >= 3, 0.5)
    walk.picture("choosing-3")
    walk.wait(lambda: all(take.status is not Status.RUNNING for take in takes))
    # 4: look at the rates.
    walk.charts.pages.setCurrentWidget(walk.charts.rates)
    walk.wait(lambda: len(walk.charts.rates.points) == len(takes), 1.0)
    walk.picture("choosing-4")
    # 5: choose a take.
    session.select(takes[2])
    walk.press(Qt.Key.Key_A)
    choice = walk.dialog()
    walk.picture("choosing-5", choice)
    # 6: agree.
    QTest.keyClick(choice, Qt.Key.Key_Return)
    walk.wait(lambda: session.choice is not None, 1.0)
    walk.picture("choosing-6")
    walk.close()


if __name__ == "__main__":
    main()
