"""Text that others wrote, made fit to be shown and to be part of a page or a table."""

import csv
import io
import os

import pytest

from codec.texts import csv_text, in_html, lines_in_html, visible, visible_lines


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("night.mkv", "night.mkv"),
        ("Größe λ 0.08 – 夜 · ½", "Größe λ 0.08 – 夜 · ½"),
        ("two\nlines\tand\r\x1b[31mred\x00", "two\\nlines\\tand\\r\\x1b[31mred\\x00"),
        ("gpj.\u202evkm", "gpj.\\u202evkm"),
        ("a\u2066b\u200e\u061c\ufeff\u200b\u00ad\u2028", "a\\u2066b\\u200e\\u061c\\ufeff\\u200b\\xad\\u2028"),
        (os.fsdecode(b"caf\xe9.mkv"), "caf\\xe9.mkv"),
        ("half \ud83d", "half \\ud83d"),
        ("\uffff\U000e0001", "\\uffff\\U000e0001"),
        # Joiners are part of words and of emoji.
        ("می\u200cخواهم 👩\u200d💻", "می\u200cخواهم 👩\u200d💻"),
    ],
)
def test_every_character_is_seen(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown
    assert shown.encode()


def test_messages_keep_their_lines() -> None:
    assert visible_lines("first\r\nsecond\tpart\n\x1b[0m") == "first\nsecond\tpart\n\\x1b[0m"
    assert lines_in_html("a <b>\n&c") == "a &lt;b&gt;\n&amp;c"
    assert in_html("\"'<\n") == "&quot;&#x27;&lt;\\n"


@pytest.mark.parametrize(
    "name", ["=1+1", "+x", "-x", "@SUM(A1)", "\t=1", "\r=1", "＝1+1", " =1+1", '=HYPERLINK("x")', "-1-2", "=1,2\n3"]
)
def test_no_text_of_a_table_is_a_formula(name: str) -> None:
    (row,) = csv.reader(io.StringIO(csv_text([(name, "after")])))
    assert row == [visible(name) if name[0] in "\t\r" else f"'{visible(name)}", "after"]
    assert not row[0].lstrip().startswith(("=", "+", "-", "@", "＝", "\t", "\r"))


@pytest.mark.parametrize("number", ["-0.25", "+3.1", "-1e-07", "-inf", "nan", "", "12", "0.5"])
def test_numbers_of_a_table_stay_numbers(number: str) -> None:
    assert csv_text([(number, 1, -2.5, None)]) == f"{number},1,-2.5,\n"
