"""Takes of HEVC, VVC and AV1: at a quality, at a bitrate, or at the measured bitrate of a neural take."""

import shlex
from typing import Any

from app.jobs import tasks
from app.jobs.job import Lane, Outcome
from app.jobs.sources import clip_spec
from app.jobs.tools import Tools
from app.state.recipes import Recipe
from app.state.takes import KBPS_RANGE, Encoded, Kind, Rate, Status, Take
from codec.errors import SettingError
from codec.rivals import ConstantQuality, RivalCodec, RivalEncode, RivalSettings, RivalSource, TargetBitrate

KIND_OF = {RivalCodec.HEVC: Kind.HEVC, RivalCodec.VVC: Kind.VVC, RivalCodec.AV1: Kind.AV1}


class Rivals:
    """Starts rival encodes of a session's clip and enters what they bring."""

    def __init__(self, tools: Tools) -> None:
        self._session, self._runner, self._store = tools.session, tools.runner, tools.store
        self._jobs, self._scoring = tools.jobs, tools.scoring
        self._waiting: list[tuple[Take, Take]] = []
        """Takes whose bitrate is that of a neural take which is still being encoded, with that take."""
        self._session.takes.take_changed.connect(self._advance)
        self._session.takes.changed.connect(self._advance)

    def encode(self, recipe: Recipe) -> Take | None:
        """A take by a rival's recipe; None, and a message, when it cannot be begun. There must be a clip. Where the
        bitrate to match is not known yet the take waits for it."""
        codec = recipe.codec
        assert codec is not None
        awaited = self._awaited(recipe)
        try:
            if awaited is None:
                asked, quality, kept = self._target(recipe, codec)
            else:
                asked, quality = f"matched to {awaited.asked}", TargetBitrate(1.0)
                kept = Recipe(codec, matched_to=awaited.id, preset=recipe.preset)
            settings = RivalSettings(codec, quality, recipe.preset)
        except SettingError as error:
            self._session.message.emit(str(error))
            return None
        preset = f", preset {recipe.preset}" if recipe.preset else ""
        take = self._session.takes.add(KIND_OF[codec], f"{asked}{preset}")
        take.recipe = kept
        if awaited is None:
            self._submit(take, settings)
        else:
            self._waiting.append((take, awaited))
        return take

    def cancel(self, take: Take) -> None:
        """Take it off those that wait; nothing for one that does not."""
        if self.drop(take):
            self._jobs.ended(take, Outcome.CANCELLED, None)

    def drop(self, take: Take) -> bool:
        """Wait for no bitrate any more; False for a take that does not."""
        waited = [entry for entry in self._waiting if entry[0] is take]
        for entry in waited:
            self._waiting.remove(entry)
        return bool(waited)

    def _awaited(self, recipe: Recipe) -> Take | None:
        """The neural take whose bitrate is to be matched, while it is not known."""
        if recipe.quality is not None or recipe.kbps is not None:
            return None
        takes = self._session.takes
        ours = None if recipe.matched_to is None else takes.by_id(recipe.matched_to)
        if ours is None:
            coming = [t for t in takes if t.kind is Kind.NEURAL and (t.rate is not None or t.status is Status.RUNNING)]
            ours = coming[-1] if coming else None
        unknown = ours is not None and (ours.rate or ours.encoded.rate) is None and ours.status is Status.RUNNING
        return ours if unknown else None

    def _advance(self, _changed: object = None) -> None:
        """Begin what waited for a bitrate that is known now; give up what waits in vain."""
        for take, awaited in tuple(self._waiting):
            rate, there = awaited.rate or awaited.encoded.rate, self._session.takes.by_id(awaited.id) is awaited
            if rate is None and there and awaited.status is Status.RUNNING:
                continue
            self._waiting.remove((take, awaited))
            if self._jobs.is_discarded(take):
                continue
            assert take.recipe is not None and take.recipe.codec is not None
            if rate is None:
                self._session.takes.update(
                    take,
                    status=Status.FAILED,
                    error=f"{awaited.name} was not encoded: there is no bitrate to match.",
                )
            else:
                self._submit(take, RivalSettings(take.recipe.codec, TargetBitrate(rate.kbps), take.recipe.preset))

    def _submit(self, take: Take, settings: RivalSettings) -> None:
        clip = self._session.clip
        assert clip is not None
        output = self._store.folder / f"rival-{self._store.new_number()}.mkv"
        job = self._runner.submit(
            Lane.RIVAL,
            tasks.encode_rival,
            (clip_spec(clip), clip.timing, output, settings),
            on_progress=lambda share, text: self._session.takes.update(take, progress=share, message=text),
            on_done=lambda outcome, value: self._done(take, outcome, value),
        )
        self._jobs.track(take, job)

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
        ours = matched or self._session.takes.newest_neural
        rate = None if ours is None else ours.rate or ours.encoded.rate
        if ours is None or rate is None:
            raise SettingError("Encode with Seamscope's codec first: its bitrate is the one to match.")
        kept = Recipe(codec, matched_to=ours.id, preset=recipe.preset)
        return f"matched to {ours.asked}", TargetBitrate(rate.kbps), kept

    def _done(self, take: Take, outcome: Outcome, value: Any) -> None:
        if outcome is not Outcome.SUCCEEDED:
            self._jobs.ended(take, outcome, value)
            return
        made: RivalEncode
        source: RivalSource
        made, source = value
        if self._jobs.is_discarded(take):
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
        self._scoring.refresh()
