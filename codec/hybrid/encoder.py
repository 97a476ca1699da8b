"""Pictures to the hybrid codec's bytes: prediction, quadtrees, entropy coding."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from codec import gop
from codec.api import EncodedGop, GopCoding
from codec.container.header import Header
from codec.context import WorkContext
from codec.errors import StreamError
from codec.gop import Gop, Structure
from codec.hybrid import payload, segments, tables
from codec.hybrid.anchors import AnchorState, CodedAnchors, encode_anchors, in_order
from codec.hybrid.corrections import TreesBetween, encode_trees_between, read_trees, read_trees_between
from codec.hybrid.kinds import Kind
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionFields, MotionVectors, fields_of
from codec.hybrid.motion.warp import between
from codec.hybrid.payload import Symbols
from codec.hybrid.pictures import pictures_of, planes_of, rgb_of, to_tensor
from codec.hybrid.references import References, chosen_references
from codec.hybrid.settings import HybridSettings
from codec.hybrid.shape import GopShape, level_of, shape_of
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar
from codec.media.colour import to_rgb
from codec.media.picture import FrameSource, Picture
from codec.pipeline.cuts import find_cut
from codec.pipeline.reading import GopReader
from codec.pipeline.threads import GopThreads, worker_count


def encode(clip: FrameSource, header: Header, settings: HybridSettings, context: WorkContext) -> Iterator[EncodedGop]:
    """Every GoP of the clip, the one numbered `settings.first_gop` first. Raises MediaError, ModelError, StreamError
    and Cancelled."""
    encoder = _GopEncoder(clip, header, settings, context)
    with GopThreads(worker_count(settings.threads, torch.device("cpu"))) as threads:
        linked = threads.linked(encoder.prepare, encoder.link, encoder.gops())
        yield from threads.in_order(encoder.finish, _first_ahead(linked, settings.first_gop))


@dataclass(frozen=True, slots=True)
class _Segment:
    """Part of a GoP from a reference picture to the next: its shape, motion, and what texture its pictures have that
    are coded one by one."""

    shape: GopShape
    moved: NDArray[np.int32]
    """Contexts of motion as it begins."""
    vectors: MotionVectors
    motion_bytes: bytes
    motion: MotionFields
    wanted: list[Wanted]
    sources: list[Planar]
    """The pictures that are coded as anchors."""
    inner: list[Planar]
    """The pictures between anchors."""
    keys: list[tuple[bytes, Planar]]
    """Coded key pictures, and as they decode."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A GoP's segments, and the reference pictures between them."""

    gop: Gop
    shape: GopShape
    references: References
    segments: list[_Segment]


@dataclass(frozen=True, slots=True)
class _Linked:
    """A prepared segment with its anchors coded, and the state it was chained to."""

    segment: _Segment
    anchors: CodedAnchors
    before: AnchorState | None


_Chained = tuple[_Prepared, list[_Linked]]
"""A GoP with its segments, the anchors of which are coded."""


def _first_ahead(gops: Iterator[_Chained], first: int) -> Iterator[_Chained]:
    """GoP `first` before those that had to be linked ahead of it."""
    held: list[_Chained] = []
    for one in gops:
        held.append(one)
        if one[0].gop.index == first:
            yield from (one, *held[:-1])
            break
    yield from gops


class _GopEncoder:
    """The three steps of a GoP: `prepare` and `finish` run side by side, `link` in chain order."""

    def __init__(self, clip: FrameSource, header: Header, settings: HybridSettings, context: WorkContext) -> None:
        self._tables, self._reader, self._header = tables.named(settings.weights), GopReader(clip), header
        self._level, self._settings, self._context = level_of(header), settings, context
        self._last: AnchorState | None = None

    def gops(self) -> Iterator[Gop]:
        """All GoPs in coding order: the chain the user looks at first, then the others."""
        gops = gop.split(self._header.frame_count, self._header.structure)
        interval = self._settings.key_interval
        chains = [gops[i : i + interval] for i in range(0, len(gops), interval)]
        first = self._settings.first_gop // interval
        for chain in (chains[first], *chains[:first], *chains[first + 1 :]):
            yield from chain

    def prepare(self, part: Gop) -> _Prepared:
        """Pictures, what they are predicted from, and their motion."""
        self._context.check()
        chained = part.index % self._settings.key_interval != 0
        earlier = int(chained and self._header.structure is Structure.DISJOINT)
        pictures = self._reader.read(part.start - earlier, part.stop)
        luma = [picture.y for picture in pictures]
        if earlier and find_cut(luma) == 1:
            chained, earlier, pictures, luma = False, 0, pictures[1:], luma[1:]
        shape = shape_of(self._header, part, chained=chained, cut=find_cut(luma[earlier:]))
        before, pictures = (pictures[0] if earlier else None), pictures[earlier:]
        references = chosen_references(luma[earlier:], shape)
        made, start, moved = [], 0, coding.new_models()
        for each in segments.shapes_of(shape, references.inner, references.fine):
            some = pictures[start : start + each.length]
            made.append(self._segment(each, some, before if start == 0 else None, moved))
            start += each.length - 1
        return _Prepared(part, shape, references, made)

    def _segment(
        self, shape: GopShape, pictures: list[Picture], before: Picture | None, moved: NDArray[np.int32]
    ) -> _Segment:
        luma, begun = [picture.y for picture in pictures], moved.copy()
        data, vectors = coding.encode(luma, before.y if before else None, shape.motion, self._level, moved)
        one_by_one = [(pictures[number], kind) for number, kind in zip(shape.numbers, shape.coded, strict=True)]
        return _Segment(
            shape, begun, vectors, data, fields_of(vectors, shape.length, shape.entry),
            wanted=[Wanted(to_tensor(to_rgb(picture))) for picture, _ in one_by_one],
            sources=[planes_of(picture) for picture, kind in one_by_one if kind is Kind.ANCHOR],
            inner=[planes_of(picture) for picture in pictures[1:-1]],
            keys=[self._key(planes_of(picture)) for picture, kind in one_by_one if kind is Kind.KEY],
        )  # fmt: skip

    def _key(self, picture: Planar) -> tuple[bytes, Planar]:
        return tree_coding.encode(picture, self._level, tree_coding.new_contexts(self._tables.starts[Kind.KEY]))

    def link(self, prepared: _Prepared) -> _Chained:
        """Code the anchors of segment after segment, each chained to the one before unless a key GoP begins with it."""
        return prepared, [self._link(segment) for segment in prepared.segments]

    def _link(self, segment: _Segment) -> _Linked:
        self._context.check()
        before, colour = (self._last if segment.shape.chained else None), self._header.colour
        keys = [rgb_of(key, colour) for _, key in segment.keys]
        anchors = encode_anchors(
            self._tables, segment.sources, segment.wanted, segment.motion, segment.shape, self._level, before, keys,
            colour,
        )  # fmt: skip
        self._last = anchors.state
        return _Linked(segment, anchors, before)

    def finish(self, chained: _Chained) -> EncodedGop:
        """Coded bytes and decoded pictures."""
        self._context.check()
        prepared, several = chained
        coded: list[bytes] = []
        pictures: list[Picture] = []
        for linked in several:
            data, tensors = self._finish(prepared.gop, linked)
            coded.append(data)
            if self._settings.reconstruct:
                # The first picture of all segments but the first is the last of the one before.
                own = tensors[min(1, len(pictures)) :]
                pictures += pictures_of(own, self._header.width, self._header.height, self._header.colour)
        coding = GopCoding(prepared.shape.chained, prepared.shape.cut)
        data = segments.joined(prepared.references.inner, coded, prepared.references.fine)
        return EncodedGop(prepared.gop, data, coding, pictures)

    def _finish(self, part: Gop, linked: _Linked) -> tuple[bytes, Tensor]:
        """The coded bytes of a segment, and its decoded pictures (n, 3, H, W)."""
        segment, ends = linked.segment, linked.anchors.pictures
        keys, anchors = segment.keys, linked.anchors
        made, inner = None, []
        if segment.inner:
            made, colour = between(ends[0], ends[-1], segment.motion), self._header.colour
            inner = [encode_trees_between(self._tables, segment.inner, made, segment.shape, self._level, colour)]
        coded = [each.data for each in (*anchors.trees, *inner)]
        data = payload.joined([segment.motion_bytes, anchors.texture_bytes, *(key for key, _ in keys), *coded])
        if self._settings.reconstruct:
            symbols = Symbols(segment.vectors, anchors.textures, [key for _, key in keys], coded)
            self._check(part, linked, data, symbols, inner)
        return data, in_order(ends, made)

    def _check(self, part: Gop, linked: _Linked, data: bytes, symbols: Symbols, inner: list[TreesBetween]) -> None:
        """What is shown is what the bytes say: read them back before believing it. Raises StreamError."""
        segment, before = linked.segment, linked.before
        read = payload.decode(
            self._tables, data, self._level, segment.shape, before and before.texture, segment.moved.copy()
        )
        made = [read_trees(each.begun, each.data, each.guess, self._level) for each in linked.anchors.trees]
        wanted = [each.made for each in linked.anchors.trees]
        for each in inner:
            made += read_trees_between(self._tables, each.data, each.guesses, segment.shape, self._level)
            wanted += each.made
        same = all(a.same_as(b) for a, b in zip(made, wanted, strict=True))
        if not same or not read.same_as(symbols):
            raise StreamError(f"GoP {part.index} does not decode to what was encoded.")
