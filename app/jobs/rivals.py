"""Takes of HEVC, VVC and AV1: at a quality, at a bitrate, or at the measured bitrate of a neural take."""

import shlex
from typing import TYPE_CHECKING, Any

from app.jobs import tasks
from app.jobs.job import Lane, Outcome
from app.jobs.sources import clip_spec
from app.state.takes import KBPS_RANGE, Encoded, Kind, Rate, Recipe, Status, Take
from codec.errors import SettingError
from codec.gop import Structure
from codec.rivals import ConstantQuality, RivalCodec, RivalEncode, RivalSettings, RivalSource, TargetBitrate

if TYPE_CHECKING:
    from app.jobs.engine import Engine

KIND_OF = {RivalCodec.HEVC: Kind.HEVC, RivalCodec.VVC: Kind.VVC, RivalCodec.AV1: Kind.AV1}


class Rivals:
    """Starts rival encodes of an engine's clip and enters what they bring."""

    def __init__(self, engine: "Engine") -> None:
        self._engine, self._session = engine, engine.session

    def encode(self, recipe: Recipe) -> Take | None:
        """A take by a rival's recipe; None, and a message, when it cannot be begun. There must be a clip."""
        clip, codec = self._session.clip, recipe.codec
        assert clip is not None and codec is not None
        try:
            asked, quality, kept = self._target(recipe, codec)
            settings = RivalSettings(codec, quality, recipe.preset)
        except SettingError as error:
            self._session.message.emit(str(error))
            return None
        preset = f", preset {recipe.preset}" if recipe.preset else ""
        take = self._session.takes.add(KIND_OF[codec], f"{asked}{preset}")
        take.recipe = kept
        output = self._engine.folder / f"rival-{self._engine.new_number()}.mkv"
        job = self._engine.runner.submit(
            Lane.RIVAL,
            tasks.encode_rival,
            (clip_spec(clip), clip.timing, output, settings),
            on_progress=lambda share, text: self._session.takes.update(take, progress=share, message=text),
            on_done=lambda outcome, value: self._done(take, outcome, value),
        )
        self._engine.track(take, job, Structure.OVERLAP)
        return take

    def _target(self, recipe: Recipe, codec: RivalCodec) -> tuple[str, ConstantQuality | TargetBitrate, Recipe]:
        """What is asked for in words and as a setting, and the recipe to keep."""
        if recipe.quality is not None:
            knob = "QP" if codec is RivalCodec.VVC else "CRF"
            kept = Recipe(codec, quality=recipe.quality, preset=recipe.preset)
            return f"{knob} {recipe.quality:g}", ConstantQuality(recipe.quality), kept
        if recipe.kbps is not None:
            low, high = KBPS_RANGE
            if not low <= recipe.kbps <= high:
                raise SettingError(f"{codec.label}: the bitrate must lie between {low:g} and {high:g} kbps.")
            return f"{recipe.kbps:g} kbps", TargetBitrate(recipe.kbps), recipe
        matched = None if recipe.matched_to is None else self._session.takes.by_id(recipe.matched_to)
        ours = matched or self._engine.newest_neural
        rate = None if ours is None else ours.rate or ours.encoded.rate
        if ours is None or rate is None:
            raise SettingError("Encode with the neural codec first: its bitrate is the one to match.")
        kept = Recipe(codec, matched_to=ours.id, preset=recipe.preset)
        return f"matched to {ours.asked}", TargetBitrate(rate.kbps), kept

    def _done(self, take: Take, outcome: Outcome, value: Any) -> None:
        if outcome is not Outcome.SUCCEEDED:
            self._engine.ended(take, outcome, value)
            return
        made: RivalEncode
        source: RivalSource
        made, source = value
        if self._engine.is_discarded(take):
            source.close()
            made.path.unlink(missing_ok=True)
            return
        rate = Rate(made.video_bytes, made.kbps, made.bpp)
        bits = [8.0 * size for size in made.frame_sizes]
        encoded = Encoded(made.path, rate, shlex.join(made.command), bits)
        self._session.takes.update(
            take, status=Status.READY, progress=1.0, message="", source=source, encoded=encoded, note=made.note
        )
        if made.note:
            self._session.message.emit(made.note)
        self._engine.scoring.refresh()
