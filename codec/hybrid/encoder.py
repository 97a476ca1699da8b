"""Pictures to the hybrid codec's bytes: prediction, networks, quantisation, entropy coding."""

from collections.abc import Iterable, Iterator, Sequence
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
from codec.hybrid import latents, networks, segments
from codec.hybrid.corrections import TreesBetween, encode_trees_between, read_trees, read_trees_between
from codec.hybrid.latents import CodedLatent, LatentSymbols
from codec.hybrid.model import store
from codec.hybrid.model.config import LatentKind
from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionVectors
from codec.hybrid.networks import AnchorState, CodedAnchors, Motion
from codec.hybrid.pictures import Rgb, pictures_of, planes_of, rgb_of, rgb_of_key
from codec.hybrid.references import chosen_references
from codec.hybrid.settings import HybridSettings
from codec.hybrid.shape import GopShape, shape_of
from codec.hybrid.texture.measure import Wanted
from codec.hybrid.trees import coding as tree_coding
from codec.hybrid.trees.coding import Planar
from codec.media.picture import FrameSource, Picture
from codec.nn import device as devices
from codec.pipeline.cuts import find_cut
from codec.pipeline.reading import GopReader
from codec.pipeline.threads import GopThreads, worker_count


def encode(clip: FrameSource, header: Header, settings: HybridSettings, context: WorkContext) -> Iterator[EncodedGop]:
    """Every GoP of the clip, the one numbered `settings.first_gop` first. Falls back to the CPU when an accelerator's
    memory runs out and says so through `context`. Raises MediaError, ModelError, StreamError and Cancelled."""
    device = devices.pick(settings.device)
    placed = devices.Placed(lambda d: store.named_model(settings.weights, d, settings.precision), device, context)
    encoder = _GopEncoder(placed, clip, header, settings, context)
    with GopThreads(worker_count(settings.threads, device)) as threads:
        linked = threads.linked(encoder.prepare, encoder.link, encoder.groups(device))
        for finished in threads.in_order(encoder.finish, _first_ahead(linked, settings.first_gop)):
            yield from finished


@dataclass(frozen=True, slots=True)
class _Segment:
    """Part of a GoP from a reference picture to the next: its shape, pictures (n, H, W, 3), motion, and what texture
    its anchors have."""

    gop: Gop
    shape: GopShape
    rgb: Rgb
    moved: NDArray[np.int32]
    """Contexts of motion as it begins."""
    vectors: MotionVectors
    motion_bytes: bytes
    motion: Motion
    wanted: list[Wanted]
    sources: list[Planar]
    """The pictures that are coded as anchors, but for key pictures."""
    inner: list[Planar]
    """The pictures between anchors."""
    keys: list[tuple[bytes, Planar]]
    """Coded key pictures, and as they decode."""


@dataclass(frozen=True, slots=True)
class _Prepared:
    """A GoP's segments, and the numbers of the reference pictures between them."""

    gop: Gop
    shape: GopShape
    inner: tuple[int, ...]
    segments: list[_Segment]


@dataclass(frozen=True, slots=True)
class _Linked:
    """A prepared segment with its anchors coded, and the state it was chained to."""

    segment: _Segment
    anchors: CodedAnchors
    before: AnchorState | None


_Chain = list[tuple[_Prepared, list[_Linked]]]
"""GoPs with their segments, the anchors of which are coded."""


def _first_ahead(groups: Iterable[_Chain], first: int) -> Iterator[_Chain]:
    """The group of GoP `first` before those that had to be linked ahead of it."""
    held: list[_Chain] = []
    waiting = True
    for group in groups:
        held.append(group)
        if waiting and all(prepared.gop.index != first for prepared, _ in group):
            continue
        if waiting:
            held = [held[-1], *held[:-1]]
        waiting = False
        yield from held
        held = []


class _GopEncoder:
    """The three steps of a group of GoPs: `prepare` and `finish` run side by side, `link` in chain order."""

    def __init__(
        self,
        placed: devices.Placed[CodecModel],
        clip: FrameSource,
        header: Header,
        settings: HybridSettings,
        context: WorkContext,
    ) -> None:
        self._placed, self._reader, self._header = placed, GopReader(clip), header
        self._settings, self._context = settings, context
        self._last: AnchorState | None = None

    def groups(self, device: torch.device) -> Iterator[list[Gop]]:
        """All GoPs in coding order: the chain the user looks at first, then the others."""
        gops = gop.split(self._header.frame_count, self._header.structure)
        interval = self._settings.key_interval
        chains = [gops[i : i + interval] for i in range(0, len(gops), interval)]
        first = self._settings.first_gop // interval
        for chain in (chains[first], *chains[:first], *chains[first + 1 :]):
            # A key GoP has another shape than those chained to it.
            for run in (chain[:1], chain[1:]):
                yield from networks.groups(run, device, self._header.width, self._header.height)

    def prepare(self, gops: list[Gop]) -> list[_Prepared]:
        """Pictures, what they are predicted from, and their motion."""
        return [self._prepare(part) for part in gops]

    def _prepare(self, part: Gop) -> _Prepared:
        self._context.check()
        chained = part.index % self._settings.key_interval != 0
        earlier = int(chained and self._header.structure is Structure.DISJOINT)
        pictures = self._reader.read(part.start - earlier, part.stop)
        luma = [picture.y for picture in pictures]
        if earlier and find_cut(luma) == 1:
            chained, earlier, pictures, luma = False, 0, pictures[1:], luma[1:]
        shape = shape_of(self._header, part, chained=chained, cut=find_cut(luma[earlier:]))
        before, pictures = (pictures[0] if earlier else None), pictures[earlier:]
        inner = chosen_references(luma[earlier:], shape)
        made, start, moved = [], 0, coding.new_models()
        for each in segments.shapes_of(shape, inner):
            some = pictures[start : start + each.length]
            made.append(self._segment(part, each, some, before if start == 0 else None, moved))
            start += each.length - 1
        return _Prepared(part, shape, inner, made)

    def _segment(
        self, part: Gop, shape: GopShape, pictures: list[Picture], before: Picture | None, moved: NDArray[np.int32]
    ) -> _Segment:
        luma, begun = [picture.y for picture in pictures], moved.copy()
        coded, vectors = coding.encode(luma, before.y if before else None, shape.motion, self._level, moved)
        rgb = rgb_of(pictures)
        wanted = self._placed.run(lambda m: networks.wanted_textures(rgb, shape, m.device))
        sources = [planes_of(pictures[number]) for number in networks.anchor_numbers(shape)]
        kinds = list(zip(sources, shape.pictures, strict=True))
        return _Segment(
            part, shape, rgb, begun, vectors, coded, networks.decoded_motion(vectors, shape), wanted,
            sources=[source for source, kind in kinds if kind is LatentKind.ANCHOR],
            inner=[planes_of(picture) for picture in pictures[1:-1]],
            keys=[self._key(source) for source, kind in kinds if kind is LatentKind.KEY],
        )  # fmt: skip

    @property
    def _level(self) -> float:
        return self._header.lambda_code / LEVEL_FRACTION

    def _key(self, picture: Planar) -> tuple[bytes, Planar]:
        starts = self._placed.run(lambda model: model.tree_starts)
        return tree_coding.encode(picture, self._level, tree_coding.new_contexts(starts[0]))

    def link(self, group: list[_Prepared]) -> _Chain:
        """Code the anchors of segment after segment, each chained to the one before unless a key GoP begins with it."""
        return [(prepared, [self._link(segment) for segment in prepared.segments]) for prepared in group]

    def _link(self, segment: _Segment) -> _Linked:
        self._context.check()
        before = self._last if segment.shape.chained else None
        anchors = self._placed.run(lambda model: self._anchors(model, segment, before))
        self._last = anchors.state
        return _Linked(segment, anchors, before)

    def _anchors(self, model: CodecModel, segment: _Segment, before: AnchorState | None) -> CodedAnchors:
        """The anchors of a segment, chained to what one left `before` or not."""
        colour = self._header.colour
        keys = [rgb_of_key(key, colour) for _, key in segment.keys]
        return networks.encode_anchors(
            model, segment.rgb, segment.sources, segment.wanted, segment.motion, segment.shape,
            self._header.lambda_code, before, keys, colour,
        )  # fmt: skip

    def finish(self, group: _Chain) -> list[EncodedGop]:
        """Coded bytes and decoded pictures, the GoP asked for first."""
        self._context.check()
        parts = [linked for _, several in group for linked in several]
        coded: list[tuple[bytes, Tensor | None]] = []
        # One length has one shape of tensors; an accelerator takes some at a time.
        for run in networks.runs(parts, lambda linked: linked.segment.shape.length):
            coded += self._placed.run(lambda model, some=run: self._between(model, some))
        done, rest = [], iter(coded)
        for prepared, several in group:
            made = [next(rest) for _ in several]
            pictures: list[Picture] = []
            if self._settings.reconstruct:
                for linked, (_, between) in zip(several, made, strict=True):
                    # The first picture of all segments but the first is the last of the one before.
                    tensors = networks.in_order(linked.anchors.pictures, between)[min(1, len(pictures)) :]
                    size = self._header.width, self._header.height
                    pictures += pictures_of(tensors, *size, self._header.colour)
            payload = segments.joined(prepared.inner, [data for data, _ in made])
            coding = GopCoding(prepared.shape.chained, prepared.shape.cut)
            done.append(EncodedGop(prepared.gop, payload, coding, pictures))
        return sorted(done, key=lambda each: each.gop.index != self._settings.first_gop)

    def _between(self, model: CodecModel, several: list[_Linked]) -> list[tuple[bytes, Tensor | None]]:
        """The coded bytes of segments of one length, and the decoded pictures (m, 3, H, W) between the anchors of each,
        where there are some and they are asked for."""
        level_code, shape = self._header.lambda_code, several[0].segment.shape
        coded: list[CodedLatent] = []
        decoded: Sequence[Tensor | None] = [None] * len(several)
        trees: list[TreesBetween] = []
        if shape.length > 2:
            ends = [torch.cat([each.anchors.pictures[i].to(model.device) for each in several]) for i in (0, -1)]
            known = networks.known_between(model, ends[0], ends[1], [each.segment.motion for each in several])
            for linked, each in zip(several, known, strict=True):
                sources, colour = linked.segment.inner, self._header.colour
                trees.append(encode_trees_between(model, sources, each, level_code, colour))
            memory = latents.joined([each.anchors.state.memory for each in several], model.device)
            inner = [each.segment.rgb[1:-1] for each in several]
            coded = networks.encode_between(model, inner, known, shape, level_code, memory)
            if self._settings.reconstruct:
                y_hat = [each.memory.y_hat for each in coded]
                decoded = list(networks.decode_between(model, y_hat, known, level_code))
        made = []
        for k, linked in enumerate(several):
            symbols = latents.symbols_of(coded, k) if coded else None
            made.append((self._payload(model, linked, symbols, trees[k : k + 1]), decoded[k]))
        return made

    def _payload(
        self, model: CodecModel, linked: _Linked, between: LatentSymbols | None, inner: list[TreesBetween]
    ) -> bytes:
        segment, anchors, before = linked.segment, linked.anchors, linked.before
        parts = [latents.symbols_of(anchors.latents, 0)] if anchors.latents else []
        parts += [between] if between else []
        keys = segment.keys
        trees = [each.data for each in (*anchors.trees, *inner)]
        symbols, indices = latents.assembled(
            segment.vectors, anchors.textures, [key for _, key in keys], trees, parts, segment.shape, model
        )
        ahead = [segment.motion_bytes, anchors.texture_bytes, *(coded for coded, _ in keys), *trees]
        payload = latents.encode(symbols, ahead, indices, segment.shape, model)
        if self._settings.reconstruct:
            # What is shown is what the bytes say: read them back before believing the encoder's own y_hat.
            level_code = self._header.lambda_code
            read = latents.decode(
                model, payload, level_code, segment.shape, before and before.past, segment.moved.copy()
            )
            made = [read_trees(each.begun, each.data, each.guess, level_code) for each in anchors.trees]
            wanted = [each.made for each in anchors.trees]
            for each in inner:
                made += read_trees_between(model, each.data, each.guesses, level_code)
                wanted += each.made
            same = all(a.same_as(b) for a, b in zip(made, wanted, strict=True))
            if not same or not read.same_as(symbols):
                raise StreamError(f"GoP {segment.gop.index} does not decode to what was encoded.")
        return payload
