from app.state.history import Change, History


class Counter:
    """Something to do and undo."""

    def __init__(self) -> None:
        self.value = 0
        self.dropped: list[str] = []

    def add(self, history: History, amount: int) -> None:
        self.value += amount

        def undo() -> None:
            self.value -= amount

        def redo() -> None:
            self.value += amount

        drops = [lambda: self.dropped.append(f"done {amount}"), lambda: self.dropped.append(f"undone {amount}")]
        history.push(Change(f"Add {amount}", undo, redo, *drops))


def test_changes_are_undone_in_reverse_and_done_again_in_order() -> None:
    history, counter = History(), Counter()
    for amount in (1, 10, 100):
        counter.add(history, amount)
    assert (history.undo_text, history.redo_text) == ("Add 100", "")
    history.undo()
    history.undo()
    assert counter.value == 1 and (history.undo_text, history.redo_text) == ("Add 1", "Add 10")
    history.redo()
    assert counter.value == 11
    for _ in range(5):
        history.undo()
    assert counter.value == 0 and history.undo_text == ""
    for _ in range(5):
        history.redo()
    assert counter.value == 111 and counter.dropped == []


def test_a_new_change_drops_what_could_have_been_done_again() -> None:
    history, counter = History(), Counter()
    counter.add(history, 1)
    counter.add(history, 2)
    history.undo()
    counter.add(history, 4)
    assert counter.value == 5 and history.redo_text == "" and counter.dropped == ["undone 2"]


def test_the_oldest_changes_are_forgotten_and_told_so() -> None:
    history, counter = History(limit=2), Counter()
    for amount in (1, 2, 4):
        counter.add(history, amount)
    assert counter.dropped == ["done 1"]
    for _ in range(4):
        history.undo()
    assert counter.value == 1
    history.redo()
    history.clear()
    assert counter.dropped == ["done 1", "undone 4", "done 2"]
    history.undo()
    assert counter.value == 3 and history.undo_text == history.redo_text == ""
