"""Pictures to the hybrid codec's bytes: prediction, networks, quantisation, entropy coding."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from codec import gop
from codec.api import EncodedGop, GopCoding
from codec.container.header import Header
from codec.context import WorkContext
from codec.errors import StreamError
from codec.gop import Gop, Structure
from codec.hybrid import latents, networks
from codec.hybrid.latents import CodedLatent
from codec.hybrid.model import store
from codec.hybrid.model.config import LatentKind
from codec.hybrid.model.scales import LEVEL_FRACTION
from codec.hybrid.model.weights import CodecModel
from codec.hybrid.motion import coding
from codec.hybrid.motion.layout import MotionVectors
from codec.hybrid.networks import AnchorState, CodedAnchors, Motion, Rgb, TreesBetween
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
class _Prepared:
    """GoPs with their shapes, pictures (n, H, W, 3), motion, and what texture their anchors have."""

    gops: list[Gop]
    shapes: list[GopShape]
    rgb: list[Rgb]
    vectors: list[MotionVectors]
    motion_bytes: list[bytes]
    motion: list[Motion]
    wanted: list[list[Wanted]]
    sources: list[list[Planar]]
    """The pictures that are coded as anchors, but for key pictures."""
    inner: list[list[Planar]]
    """The pictures between anchors."""
    keys: list[list[tuple[bytes, Planar]]]
    """Coded key pictures, and as they decode."""


@dataclass(frozen=True, slots=True)
class _Linked:
    """Prepared GoPs with their anchors coded, and the state each was chained to."""

    prepared: _Prepared
    anchors: list[CodedAnchors]
    before: list[AnchorState | None]

    @property
    def gops(self) -> list[Gop]:
        return self.prepared.gops


def _first_ahead(groups: Iterable[_Linked], first: int) -> Iterator[_Linked]:
    """The group of GoP `first` before those that had to be linked ahead of it."""
    held: list[_Linked] = []
    waiting = True
    for group in groups:
        held.append(group)
        if waiting and all(part.index != first for part in group.gops):
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

    def prepare(self, gops: list[Gop]) -> _Prepared:
        """Pictures and their motion."""
        prepared = _Prepared(gops, [], [], [], [], [], [], [], [], [])
        for part in gops:
            self._context.check()
            chained = part.index % self._settings.key_interval != 0
            earlier = int(chained and self._header.structure is Structure.DISJOINT)
            pictures = self._reader.read(part.start - earlier, part.stop)
            luma = [picture.y for picture in pictures]
            if earlier and find_cut(luma) == 1:
                chained, earlier, pictures, luma = False, 0, pictures[1:], luma[1:]
            shape = shape_of(self._header, part, chained=chained, cut=find_cut(luma[earlier:]))
            level = self._header.lambda_code / LEVEL_FRACTION
            coded, vectors = coding.encode(luma[earlier:], luma[0] if earlier else None, shape.motion, level)
            prepared.shapes.append(shape)
            prepared.rgb.append(networks.rgb_of(pictures[earlier:]))
            prepared.vectors.append(vectors)
            prepared.motion_bytes.append(coded)
            prepared.motion.append(networks.decoded_motion(vectors, shape))
            rgb = prepared.rgb[-1]
            wanted = self._placed.run(lambda m, r=rgb, s=shape: networks.wanted_textures(r, s, m.device))
            prepared.wanted.append(wanted)
            coded_pictures = [pictures[earlier + number] for number in networks.anchor_numbers(shape)]
            sources = [networks.planes_of(picture) for picture in coded_pictures]
            kinds = list(zip(sources, shape.pictures, strict=True))
            prepared.sources.append([source for source, kind in kinds if kind is LatentKind.ANCHOR])
            prepared.inner.append([networks.planes_of(picture) for picture in pictures[earlier:][1:-1]])
            prepared.keys.append([self._key(source, level) for source, kind in kinds if kind is LatentKind.KEY])
        return prepared

    def _key(self, picture: Planar, level: float) -> tuple[bytes, Planar]:
        starts = self._placed.run(lambda model: model.tree_starts)
        return tree_coding.encode(picture, level, tree_coding.new_models(starts[0]))

    def link(self, prepared: _Prepared) -> _Linked:
        """Code the anchors of GoP after GoP, each chained to the one before unless it is a key GoP."""
        linked = _Linked(prepared, [], [])
        for k, shape in enumerate(prepared.shapes):
            self._context.check()
            before = self._last if shape.chained else None
            linked.anchors.append(self._placed.run(partial(self._anchors, prepared=prepared, k=k, before=before)))
            linked.before.append(before)
            self._last = linked.anchors[-1].state
        return linked

    def _anchors(self, model: CodecModel, prepared: _Prepared, k: int, before: AnchorState | None) -> CodedAnchors:
        """The anchors of GoP `k` of the group, chained to what one left `before` or not."""
        colour = self._header.colour
        keys = [networks.rgb_of_key(key, colour) for _, key in prepared.keys[k]]
        return networks.encode_anchors(
            model, prepared.rgb[k], prepared.sources[k], prepared.wanted[k], prepared.motion[k], prepared.shapes[k],
            self._header.lambda_code, before, keys, colour,
        )  # fmt: skip

    def finish(self, linked: _Linked) -> list[EncodedGop]:
        """Coded bytes and decoded pictures, the GoP asked for first."""
        self._context.check()
        payloads, between = self._placed.run(lambda model: self._between(model, linked))
        done = []
        for k, (payload, part) in enumerate(zip(payloads, linked.gops, strict=True)):
            pictures: list[Picture] = []
            if self._settings.reconstruct:
                tensors = networks.in_order(linked.anchors[k].pictures, None if between is None else between[k])
                pictures = networks.pictures_of(tensors, self._header.width, self._header.height, self._header.colour)
            shape = linked.prepared.shapes[k]
            done.append(EncodedGop(part, payload, GopCoding(shape.chained, shape.cut), pictures))
        return sorted(done, key=lambda made: made.gop.index != self._settings.first_gop)

    def _between(self, model: CodecModel, linked: _Linked) -> tuple[list[bytes], Tensor | None]:
        """The GoPs' coded bytes, and the decoded pictures (n, m, 3, H, W) between their anchors, if asked for."""
        prepared, level_code = linked.prepared, self._header.lambda_code
        shape = prepared.shapes[0]
        coded: list[CodedLatent] = []
        decoded: Tensor | None = None
        trees: list[TreesBetween] = []
        if shape.length > 2:
            ends = [torch.cat([each.pictures[i].to(model.device) for each in linked.anchors]) for i in (0, -1)]
            known = networks.known_between(model, ends[0], ends[1], prepared.motion)
            for sources, each in zip(prepared.inner, known, strict=True):
                trees.append(networks.encode_trees_between(model, sources, each, level_code, self._header.colour))
            memory = latents.joined([each.state.memory for each in linked.anchors], model.device)
            inner = [rgb[1:-1] for rgb in prepared.rgb]
            coded = networks.encode_between(model, inner, known, shape, level_code, memory)
            if self._settings.reconstruct:
                decoded = networks.decode_between(model, [each.memory.y_hat for each in coded], known, level_code)
        payloads = [self._payload(model, linked, k, coded, trees[k : k + 1]) for k in range(len(linked.gops))]
        return payloads, decoded

    def _payload(
        self, model: CodecModel, linked: _Linked, k: int, between: list[CodedLatent], inner: list[TreesBetween]
    ) -> bytes:
        before, shape, anchors = linked.before[k], linked.prepared.shapes[k], linked.anchors[k]
        parts = [latents.symbols_of(each, i) for each, i in ((anchors.latents, 0), (between, k)) if each]
        keys = linked.prepared.keys[k]
        vectors, decoded = linked.prepared.vectors[k], [key for _, key in keys]
        trees = [each.data for each in (*anchors.trees, *inner)]
        symbols, indices = latents.assembled(vectors, anchors.textures, decoded, trees, parts, shape, model)
        ahead = [linked.prepared.motion_bytes[k], anchors.texture_bytes, *(coded for coded, _ in keys), *trees]
        payload = latents.encode(symbols, ahead, indices, shape, model)
        if self._settings.reconstruct:
            # What is shown is what the bytes say: read them back before believing the encoder's own y_hat.
            read = latents.decode(model, payload, self._header.lambda_code, shape, before and before.past)
            level_code = self._header.lambda_code
            made = [networks.read_trees(model, each.data, each.guess, level_code) for each in anchors.trees]
            wanted = [each.made for each in anchors.trees]
            for each in inner:
                made += networks.read_trees_between(model, each.data, each.guesses, level_code)
                wanted += each.made
            same = all(a.same_as(b) for a, b in zip(made, wanted, strict=True))
            if not same or not read.same_as(symbols):
                raise StreamError(f"GoP {linked.gops[k].index} does not decode to what was encoded.")
        return payload
