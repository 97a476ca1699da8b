from app.state.takes import Encoded
from codec.api import GopCoding


def encoded(*keys: int, count: int) -> Encoded:
    return Encoded(gops={number: GopCoding(chained=number not in keys) for number in range(count)})


def test_which_gops_are_keys_is_told_as_the_stream_has_them() -> None:
    assert Encoded().keys == ""
    assert encoded(0, count=1).keys == encoded(0, 1, 2, count=3).keys == "every"
    assert encoded(0, count=3).keys == "one of 3"
    assert encoded(0, 8, 16, count=18).keys == "one of 8"
    # A scene cut at the start of a GoP makes a key out of turn.
    assert encoded(0, 3, 8, count=10).keys == "3 of 10"
