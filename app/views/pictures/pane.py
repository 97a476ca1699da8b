"""One pane: the labels of its take (or of the two it splits) over their picture."""

from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import Qt
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.render.choice import shows_ten_bits, use_opengl
from app.render.framing import Framing
from app.render.presenter import FrameSet
from app.render.shown import Shown
from app.render.take_looks import look_dash, take_colour
from app.state.curves import statistics_of
from app.state.layouts import Arrangement, DifferenceLook, Tile
from app.state.session import Session
from app.state.takes import Kind, Status, Take
from app.views.names import brief
from app.views.pictures.aids import Aids
from app.views.pictures.canvas import Canvas, Content
from app.views.pictures.gl_canvas import GlCanvas
from app.views.take_lines import LinedLabel
from app.views.theme import MUTED
from app.views.widgets import plain_tip
from codec.media.picture import Transfer
from codec.media.probe import ClipInfo

_MARGIN, _LARGE_MARGIN = 8, 14
_INK = "#101010"
"""On the colour of a take."""
_LABEL = f"background:{{}};color:{_INK};padding:3px {_MARGIN}px;font-weight:600"
_BETTER = "{}  this one is better     /  no difference"
_LARGE_LABEL = f"background:{{}};color:{_INK};padding:8px {_LARGE_MARGIN}px;font-weight:700;font-size:26px"


@dataclass(frozen=True, slots=True)
class Said:
    """What a label says of a take: in full, and in fewer words for narrow panes. Bitrate and name go last."""

    take: Take
    lpips: str
    seams: str
    """How seams are shown; of a source of more than 8 bits or of HDR, what is made of it."""
    prefix: str

    @property
    def _names(self) -> tuple[str, str]:
        """The name, and without what is in brackets and whose rate it follows."""
        name = self.take.name
        return name, name if self.take.given_name else brief(name)

    def small(self) -> list[str]:
        """One line."""
        take, (name, short) = self.take, self._names
        rest = take.label.removeprefix(name).removeprefix(" · ")
        texts: list[tuple[str, ...]] = [(name, rest, self.lpips, self.seams), (short, rest, self.lpips, self.seams)]
        if take.kind is Kind.SOURCE:
            texts = [(take.label, self.seams), (take.label.split(" · ")[0], self.seams)]
        elif take.rate is not None:
            kbps = take.rate.text.split(" · ")[0]
            shift = take.shift
            texts += [(short, kbps, shift, self.lpips, self.seams), (short, kbps, shift, self.lpips)]
            own = take.kind is Kind.NEURAL and not take.given_name
            least = short.removeprefix(f"{take.codec} ") if own else short
            # A bitrate that is cut off would be another bitrate.
            texts += [(short, shift, kbps), (least, shift, kbps), (least, shift)]
        return list(dict.fromkeys(self.prefix + " · ".join(part for part in parts if part) for parts in texts))

    def large(self) -> list[str]:
        """Three lines: who, what it costs, how good. Every label has all, so that pictures get the same room."""
        take, (name, short) = self.take, self._names
        if take.kind is Kind.SOURCE:
            return [self.prefix + take.label.replace(" · ", "\n", 1) + f"\n{self.seams or ' '}"]
        rate = take.rate.text if take.rate is not None else take.label.removeprefix(name).lstrip(" ·")
        last = " · ".join(part for part in (take.shift if take.rate else "", self.lpips, self.seams) if part)
        kbps = rate.split(" · ")[0]
        texts = ((name, rate, last), (short, rate, last), (short, kbps, last), (short, kbps, take.shift or self.lpips))
        return list(dict.fromkeys(self.prefix + "\n".join(part or " " for part in parts) for parts in texts))


class Pane(QWidget):
    """Shows a tile of an arrangement."""

    def __init__(self, session: Session, tile: Tile, aids: Aids | None = None, *, large: bool = False) -> None:
        """`large`: labels that can be read from afar, presentation or not."""
        super().__init__()
        self._large = large
        self._session = session
        self.tile = tile
        self._arrangement = Arrangement()
        self._error = ""
        self.label, self.right_label = LinedLabel(_INK), LinedLabel(_INK)
        self.right_label.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        self.canvas = GlCanvas(session, aids) if use_opengl() else Canvas(session, aids)
        labels = QHBoxLayout()
        labels.setSpacing(0)
        labels.addWidget(self.label, 1)
        labels.addWidget(self.right_label, 1)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(labels)
        layout.addWidget(self.canvas, 1)
        self.right_label.hide()

    def _take(self, number: int | None) -> Take | None:
        return None if number is None else self._session.takes.by_id(number)

    def refresh_label(self) -> None:
        """Codec, measured rate, mean of LPIPS (marked while frames are missing), how seams and differences look."""
        take, right = self._take(self.tile.left), self._take(self.tile.right)
        if self._session.voting.active:
            self._hide_names()
            return
        self.right_label.setVisible(right is not None)
        for label, shown in ((self.label, take), (self.right_label, right)):
            if shown is not None:
                self._refresh_one(label, shown)
        if take is not None:
            names = take.name if right is None else f"{take.name} and {right.name}"
            self.canvas.setAccessibleName(f"Picture of {names}")
        if self.canvas.content.text:
            self._show_waiting()

    def _hide_names(self) -> None:
        """Two takes are voted on: nothing tells which is which, but where they stand and the keys."""
        pair, split = self._session.voting.pair, self.tile.right is not None
        left = pair is not None and self.tile.left == pair[0]
        source = pair is not None and self.tile.left not in pair
        self.right_label.setVisible(split)
        texts = (_BETTER.format("<" if left else ">"), _BETTER.format(">"))
        for label, text in zip((self.label, self.right_label), texts, strict=True):
            label.set_texts("Source" if source else text, text[0])
            label.setToolTip("")
            label.setStyleSheet(_LABEL.format(MUTED))
            label.set_dash(None)
        self.canvas.setAccessibleName("Picture")

    def _refresh_one(self, label: LinedLabel, take: Take) -> None:
        large = self._large or self._session.view.presenting
        look, found = self._arrangement.look_of(take.id), None
        if take.status is Status.READY:
            found = statistics_of(self._session, take, "lpips")
        where = "" if self._session.view.inspection.region is None else "region's "
        clip = self._session.clip
        made = "" if clip is None or take.kind is not Kind.SOURCE else self._made_of(clip.info)
        said = Said(
            take,
            lpips="" if found is None else f"{where}LPIPS {found.said(found.mean, 3)}",
            seams=take.mode_for(self._session.seam_mode).value if take.kind is Kind.NEURAL else made,
            prefix=f"{self._session.takes.place(take) + 1} · {self._drawn(look)}",
        )
        text, *shorter = said.large() if large else said.small()
        label.set_texts(text, *shorter)
        details = (text, "" if look is None else look.text, take.message, take.note, take.error)
        label.setToolTip(plain_tip("\n".join(part for part in details if part)))
        label.inset = _LARGE_MARGIN if large else _MARGIN
        label.set_dash(None if take.kind is Kind.SOURCE else look_dash(take.look))
        style = (_LARGE_LABEL if large else _LABEL).format(take_colour(take))
        if label.styleSheet() != style:
            # Setting it polishes the label anew, even when nothing changes.
            label.setStyleSheet(style)

    def _drawn(self, look: DifferenceLook | None) -> str:
        """What stands before the name: that it is a difference, or one channel."""
        component = self._session.view.component
        if look is not None:
            return f"Δ×{look.gain} "
        return "" if component is None else f"{component.value}: "

    def _made_of(self, info: ClipInfo) -> str:
        """What is shown of a source that is not as plain as 8-bit progressive video of standard range."""
        shown = "shown in 10 bits" if shows_ten_bits() else "dithered"
        parts = [f"{info.bit_depth}-bit, {shown}"] if info.bit_depth > 8 else []
        if info.deinterlaced or info.interlaced:
            parts.append("deinterlaced" if info.deinterlaced else "interlaced")
        if info.transfer is not Transfer.SDR:
            parts.append(f"{info.transfer.value} {'' if self._session.view.tone_mapping else 'not '}tone-mapped")
        return " · ".join(parts)

    def show_set(self, made: FrameSet, tile: Tile) -> None:
        """A tile's images from a frame set, or why there are none."""
        if tile != self.tile or made.arrangement != self._arrangement:
            self.tile, self._arrangement = tile, made.arrangement
            self.refresh_label()
        self._error = next((made.errors[number] for number in tile.takes if number in made.errors), "")
        self._show(made.frame, made.images, made.shown)

    def _show(self, frame: int, images: Mapping[int, Mapping[Framing, QImage]], shown: Mapping[int, Shown]) -> None:
        session, tile = self._session, self.tile
        take = self._take(tile.left)
        neural = any(t is not None and t.kind is Kind.NEURAL for t in (take, self._take(tile.right)))
        marked = session.gop_marks and neural and not session.voting.active
        looks = [look for number in tile.takes if (look := self._arrangement.look_of(number)) is not None]
        self.canvas.show_content(
            Content(
                frame,
                images.get(tile.left, {}),
                {} if tile.right is None else images.get(tile.right, {}),
                split=tile.right is not None,
                takes=tile.takes,
                boundary=marked and frame in set(session.boundaries),
                text=self._missing_text(shown),
                scale=looks[0] if looks else None,
                shown=shown.get(tile.left),
                right_shown=None if tile.right is None else shown.get(tile.right),
            )
        )

    def _missing_text(self, shown: Mapping[int, Shown]) -> str:
        missing = next((number for number in self.tile.takes if number not in shown), None)
        take = self._take(missing)
        if take is None:
            return ""
        if self._error or take.error:
            return self._error or take.error
        if take.status is Status.CANCELLED:
            return "Cancelled"
        if take.status is Status.READY:
            # Its file is whole: what is missing is the stream whose GoPs share no frame, or a frame beyond its end.
            covered = take.covers(self._session.playback.frame)
            return (take.message or "Disjoint GoPs are not encoded") if covered else f"{take.name} has no such frame"
        if take.progress == 0 and not take.message:
            return "Waiting"
        return f"Encoding {take.progress:.0%}\n{take.message}"

    def _show_waiting(self) -> None:
        """Progress of what is not there yet."""
        content, tile = self.canvas.content, self.tile
        numbers = tile.takes
        images = dict(zip(numbers, (content.images, content.right_images), strict=False))
        shown = dict(zip(numbers, (content.shown, content.right_shown), strict=False))
        self._show(content.frame, images, {number: each for number, each in shown.items() if each is not None})
