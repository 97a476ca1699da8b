"""Text that others wrote (names of files and takes, messages of programs) made fit to be shown, and to be part of a
page or a table."""

import csv
import html
import io
import unicodedata
from collections.abc import Iterable, Sequence

JSON_ERRORS = "backslashreplace"
"""How JSON text is encoded: a byte of a file's name that is no UTF-8, kept by Python as half a character, becomes the
escape that JSON has for it, and is the same byte when read."""
_JOINERS = "\u200c\u200d"
"""Invisible by themselves, but part of how words and emoji are written."""
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")  # spreadsheets of some languages take the wide ones, too
_SHORT = {"\t": "\\t", "\n": "\\n", "\r": "\\r"}


def visible(text: str) -> str:
    """The text on one line, each character of it seen: control characters, marks that turn the direction of writing
    and other invisible ones as `\\n`, `\\x1b`, `\\u202e`; bytes of a file's name that are no UTF-8 as `\\xff`."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(char if _can_be_seen(char) else _escaped(char) for char in text)


def visible_lines(text: str) -> str:
    """As `visible`, but lines stay lines and tabs stay tabs: for messages and notes."""
    lines = text.replace("\r\n", "\n").split("\n")
    return "\n".join("\t".join(visible(part) for part in line.split("\t")) for line in lines)


def in_html(text: str) -> str:
    """A text (`visible`) as part of an HTML page or of an attribute in quotes."""
    return html.escape(visible(text))


def lines_in_html(text: str) -> str:
    """A text of several lines (`visible_lines`) as part of an HTML page."""
    return html.escape(visible_lines(text))


def csv_text(rows: Iterable[Sequence[str | int | float | None]]) -> str:
    """Rows as comma-separated values. Numbers stay as they are, typed or written out; any other text is `visible`, and
    has an apostrophe before it where a spreadsheet would run it as a formula."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerows([_cell(value) if isinstance(value, str) else value for value in row] for row in rows)
    return out.getvalue()


def _cell(text: str) -> str:
    shown = visible(text)
    return f"'{shown}" if shown.lstrip().startswith(_FORMULA) and not _is_number(shown) else shown


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _can_be_seen(char: str) -> bool:
    code = ord(char)
    if code & 0xFFFE == 0xFFFE or 0xFDD0 <= code <= 0xFDEF:
        # No characters at all, and forbidden in SVG.
        return False
    return unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Zl", "Zp") or char in _JOINERS


def _escaped(char: str) -> str:
    code = ord(char)
    if 0xDC80 <= code <= 0xDCFF:
        # How Python keeps a byte that is no UTF-8.
        return f"\\x{code - 0xDC00:02x}"
    if char in _SHORT:
        return _SHORT[char]
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
