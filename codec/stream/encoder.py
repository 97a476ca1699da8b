"""Clip to `.gop` file: networks, quantisation, entropy coding; the GoP the user looks at first, the file in order."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from pathlib import Path

import torch
from torch import Tensor

from codec import gop
from codec.context import QUIET, WorkContext
from codec.errors import SettingError, StreamError
from codec.gop import Gop, Structure
from codec.media import place
from codec.media.picture import FrameSource, Picture, Timing
from codec.model import device as devices
from codec.model import store
from codec.model.config import LatentKind
from codec.model.scales import LEVEL_FRACTION
from codec.model.weights import CodecModel
from codec.motion import coding
from codec.motion.cuts import find_cut
from codec.motion.layout import MotionVectors
from codec.output import WholeFile, check_output, read_by
from codec.stream import latents, networks
from codec.stream.format import (
    MAX_FRAMES,
    MAX_PIXELS,
    MAX_SIDE,
    Header,
    StreamInfo,
    read_info,
    write_header,
    write_record,
)
from codec.stream.latents import CodedLatent
from codec.stream.networks import AnchorState, CodedAnchors, Motion, Rgb, TreesBetween
from codec.stream.parallel import GopThreads, worker_count
from codec.stream.reading import GopReader
from codec.stream.settings import DecodedGop, EncodeSettings, GopCoding, level_code
from codec.stream.shape import GopShape
from codec.texture.measure import Wanted
from codec.trees import coding as tree_coding
from codec.trees.coding import Planar


def encode_clip(
    clip: FrameSource,
    timing: Timing,
    sample_aspect: Fraction,
    output: Path,
    settings: EncodeSettings,
    context: WorkContext = QUIET,
    on_gop: Callable[[DecodedGop], None] | None = None,
) -> StreamInfo:
    """Encode `clip` into `output`, which appears whole or not at all.

    `on_gop` gets every GoP as decoded from its bytes, the one numbered `settings.first_gop` first (its pictures are
    empty when `settings.reconstruct` is off). Falls back to the CPU when an accelerator's memory runs out and says so
    through `context`. Raises SettingError, MediaError, ModelError, OutputError (the output is the clip), StreamError
    (it cannot be written) and Cancelled.
    """
    _check_clip(clip, output)
    header_colour = clip.picture(0).colour
    count = gop.count(clip.frame_count, settings.structure)
    if settings.first_gop >= count:
        raise SettingError(f"The first GoP must be below {count}, not {settings.first_gop}.")
    context.report(0.0, "loading the model")
    device = devices.pick(settings.device)
    placed = devices.Placed(lambda d: store.named_model(settings.weights, d, settings.precision), device, context)
    header = Header(
        placed.run(lambda model: model.model_id), clip.width, clip.height, settings.structure,
        level_code(settings.lmbda), header_colour, sample_aspect, timing,
    )  # fmt: skip
    head = write_header(header)
    encoder = _GopEncoder(placed, clip, header, int.from_bytes(head[-4:], "little"), settings, context)
    records: dict[int, bytes] = {}
    with GopThreads(worker_count(settings.threads, device)) as threads:
        linked = threads.linked(encoder.prepare, encoder.link, encoder.groups(device))
        for finished in threads.in_order(encoder.finish, _first_ahead(linked, settings.first_gop)):
            for record, decoded in finished:
                records[decoded.gop.index] = record
                if on_gop is not None:
                    on_gop(decoded)
            context.report(len(records) / count, f"GoP {len(records)} of {count}")
            context.check()
    _write(output, head, [records[i] for i in range(count)], read_by(clip))
    return read_info(output)


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
        checksum: int,
        settings: EncodeSettings,
        context: WorkContext,
    ) -> None:
        self._placed, self._reader, self._header, self._checksum = placed, GopReader(clip), header, checksum
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
            shape = self._header.shape(part, chained=chained, cut=find_cut(luma[earlier:]))
            level = self._header.level_code / LEVEL_FRACTION
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
            self._header.level_code, before, keys, colour,
        )  # fmt: skip

    def finish(self, linked: _Linked) -> list[tuple[bytes, DecodedGop]]:
        """Records and decoded pictures, the GoP asked for first."""
        self._context.check()
        records, between = self._placed.run(lambda model: self._between(model, linked))
        done = []
        for k, (record, part) in enumerate(zip(records, linked.gops, strict=True)):
            pictures: list[Picture] = []
            if self._settings.reconstruct:
                tensors = networks.in_order(linked.anchors[k].pictures, None if between is None else between[k])
                pictures = networks.pictures_of(tensors, self._header.width, self._header.height, self._header.colour)
            shape = linked.prepared.shapes[k]
            done.append((record, DecodedGop(part, pictures, len(record), GopCoding(shape.chained, shape.cut))))
        return sorted(done, key=lambda pair: pair[1].gop.index != self._settings.first_gop)

    def _between(self, model: CodecModel, linked: _Linked) -> tuple[list[bytes], Tensor | None]:
        """The GoPs' records, and the decoded pictures (n, m, 3, H, W) between their anchors, if any and asked for."""
        prepared, level_code = linked.prepared, self._header.level_code
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
        records = [self._record(model, linked, k, coded, trees[k : k + 1]) for k in range(len(linked.gops))]
        return records, decoded

    def _record(
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
            read = latents.decode(model, payload, self._header.level_code, shape, before and before.past)
            level_code = self._header.level_code
            made = [networks.read_trees(model, each.data, each.guess, level_code) for each in anchors.trees]
            wanted = [each.made for each in anchors.trees]
            for each in inner:
                made += networks.read_trees_between(model, each.data, each.guesses, level_code)
                wanted += each.made
            same = all(a.same_as(b) for a, b in zip(made, wanted, strict=True))
            if not same or not read.same_as(symbols):
                raise StreamError(f"GoP {linked.gops[k].index} does not decode to what was encoded.")
        return write_record(linked.gops[k].index, payload, self._checksum, chained=shape.chained, cut=shape.cut)


def _check_clip(clip: FrameSource, output: Path) -> None:
    if clip.width > MAX_SIDE or clip.height > MAX_SIDE or clip.width * clip.height > MAX_PIXELS:
        raise SettingError(f"Pictures of {clip.width}x{clip.height} are larger than the stream format allows.")
    if clip.frame_count > MAX_FRAMES:
        raise SettingError(f"A stream holds at most {MAX_FRAMES} frames; set in and out points.")
    place.output_file(output, StreamError, "stream")
    check_output(output, read_by(clip))


def _write(output: Path, head: bytes, records: list[bytes], inputs: tuple[Path, ...]) -> None:
    try:
        with WholeFile(output, inputs) as part, part.open("wb") as file:
            file.write(head)
            file.writelines(records)
    except OSError as error:
        raise StreamError(f"{output}: the stream cannot be written ({error.strerror or error}).") from error
