"""The verdict as PDF: the same content, with stills at 1:1 where the page has its loop."""

from pathlib import Path

from PySide6.QtCore import QMarginsF, QRectF, QSizeF, QThread, QUrl
from PySide6.QtGui import QFont, QImage, QPageLayout, QPageSize, QPainter, QPdfWriter, QTextDocument

from app.exports.verdict.content import Content, content_of_verdict
from app.exports.verdict.request import VerdictRequest
from codec import __version__
from codec.context import WorkContext
from codec.errors import MediaError
from codec.media import place
from codec.output import WholeFile, check_output
from codec.pages import page_of

_MARGIN_MM = 15.0
_DPI = 300
_UNITS = 96
"""Of the layout to an inch."""
_PAGE = (680.0, 1009.0)
"""Inside the margins of A4, in units of the layout, which are those of the pictures' sizes, too."""
_WIDTH = 664
"""Of the text."""
_CELL_ROOM = 8
"""Between stills that stand side by side."""


def export_pdf(context: WorkContext, request: VerdictRequest, target: Path, inputs: tuple[Path, ...] = ()) -> Path:
    """Write it, whole or not at all. `inputs`: files in use. Raises OutputError, SettingError, MediaError,
    Cancelled."""
    check_output(target, inputs)
    content = content_of_verdict(context, request, "png")
    context.report(0.5, "pages")
    place.output_file(target, what="verdict")
    try:
        with WholeFile(target, inputs) as part:
            printer = _Printer(content, request, part)
            printer.start()
            printer.wait()
            context.check()
            if printer.failure is not None:
                raise printer.failure
            if part.stat().st_size == 0:
                raise MediaError(f"{target}: the verdict cannot be written (no pages came out).")
    except OSError as error:
        raise MediaError(f"{target}: the verdict cannot be written ({error.strerror or error}).") from error
    return target


class _Printer(QThread):
    """Lays the document out and prints it. A thread of Qt's own: documents start timers, which no other thread has."""

    def __init__(self, content: Content, request: VerdictRequest, path: Path) -> None:
        super().__init__()
        self._content, self._request, self._path = content, request, path
        self.failure: Exception | None = None

    def run(self) -> None:
        """Print; `failure` is what went wrong."""
        try:
            _print(_document(self._content, self._request), self._path, str(self._content.values["title"]))
        except Exception as error:
            self.failure = error


def _document(content: Content, request: VerdictRequest) -> QTextDocument:
    document = QTextDocument()
    document.setDefaultFont(QFont("Sans Serif", 9))
    for name, png in _pictures(content):
        document.addResource(QTextDocument.ResourceType.ImageResource, QUrl(name), QImage.fromData(png))
    # One sample a 96th of an inch, which is one pixel of a screen where the paper is seen in its own size.
    width = request.box.width
    a_row = max(1, _WIDTH // (width + _CELL_ROOM))
    text = page_of(
        "verdict_print.html",
        **content.values,
        width=width,
        height=request.box.height,
        rows=[range(first, min(first + a_row, len(content.stills))) for first in range(0, len(content.stills), a_row)],
        full=_WIDTH,
        rates=content.rates is not None,
        answers=len(content.answers),
        viewers=content.viewers is not None,
    )
    # A hat over a letter is set beside it where the font does not know the two together.
    document.setHtml(text.replace("σ̂", "σ"))
    # Without it the document would add margins of its own, and know no width to break its lines at.
    document.setPageSize(QSizeF(*_PAGE))
    return document


def _pictures(content: Content) -> list[tuple[str, bytes]]:
    """By the names the template has for them."""
    found = [(f"still-{number}.png", still.png) for number, still in enumerate(content.stills)]
    found += [("rates.png", content.rates)] if content.rates is not None else []
    found += [(f"answers-{number}.png", drawing) for number, drawing in enumerate(content.answers)]
    found += [("viewers.png", content.viewers)] if content.viewers is not None else []
    return found


def _print(document: QTextDocument, path: Path, title: str) -> None:
    writer = QPdfWriter(str(path))
    writer.setResolution(_DPI)
    writer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
    writer.setPageMargins(QMarginsF(_MARGIN_MM, _MARGIN_MM, _MARGIN_MM, _MARGIN_MM), QPageLayout.Unit.Millimeter)
    writer.setTitle(title)
    writer.setCreator(f"Seamscope {__version__}")
    painter = QPainter(writer)
    try:
        # Stills are samples that somebody looks at: no JPEG of them.
        painter.setRenderHint(QPainter.RenderHint.LosslessImageRendering)
        painter.scale(_DPI / _UNITS, _DPI / _UNITS)
        for page in range(document.pageCount()):
            if page:
                writer.newPage()
            top = page * _PAGE[1]
            painter.save()
            painter.translate(0, -top)
            document.drawContents(painter, QRectF(0, top, *_PAGE))
            painter.restore()
    finally:
        painter.end()
