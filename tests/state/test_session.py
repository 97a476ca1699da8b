import math
from pathlib import Path

import numpy as np
import pytest

from app.state.session import Session
from app.state.takes import Encoded, Kind, Rate, Status, Take
from codec.gop import GOP_LENGTH, SeamMode, Slot, Structure
from codec.media import open_clip
from codec.media.picture import Colour, Picture
from codec.media.spool import FrameSpool, SpoolSpec
from codec.pipeline.spooled import SpooledSpec, SpooledTake, slot_number, spool_slots

FRAMES, WIDTH, HEIGHT = 12, 6, 4


def flat(value: int) -> Picture:
    y, half = np.full((HEIGHT, WIDTH), value, np.uint8), np.full((HEIGHT // 2, WIDTH // 2), value, np.uint8)
    return Picture(y, half, half.copy(), Colour())


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return Session(tmp_path / "settings.json")


@pytest.fixture
def neural(session: Session, tmp_path: Path):
    """A neural take of 12 frames whose overlapping GoPs hold the values 100 and 201, and no disjoint GoP yet."""
    specs = {s: SpoolSpec(tmp_path / s.value, WIDTH, HEIGHT, Colour(), spool_slots(FRAMES, s)) for s in Structure}
    spool = FrameSpool(specs[Structure.OVERLAP])
    for offset in range(GOP_LENGTH):
        spool.put(slot_number(Slot(0, offset)), flat(100))
    for offset in range(4):
        spool.put(slot_number(Slot(1, offset)), flat(201))
    spool.close()
    source = SpooledTake(SpooledSpec(specs[Structure.OVERLAP], specs[Structure.DISJOINT], FRAMES))
    take = session.takes.add(Kind.NEURAL, "λ 0.3", lmbda=0.3)
    session.takes.update(take, source=source, disjoint=Encoded())
    yield take
    source.close(remove=True)


def value(take: Take, frame: int, session: Session) -> int:
    return int(take.picture(frame, session.seam_mode).y[0, 0])


def test_the_shared_frame_is_cut_or_blended_without_another_decode(session: Session, neural: Take) -> None:
    assert [value(neural, i, session) for i in (7, 8, 9)] == [100, 151, 201]
    # Blended wide, what stands still changes over both GoPs: 50.5 codes in eight frames, and as many in the last three.
    session.cycle_seam_mode()
    assert session.seam_mode is SeamMode.WIDE
    assert [value(neural, i, session) for i in range(12)] == [
        *(round(100 + 50.5 * j / 8) for j in range(8)), 151, *(round(201 - 50.5 * (1 - j / 3)) for j in (1, 2, 3))
    ]  # fmt: skip
    session.cycle_seam_mode()
    assert session.seam_mode is SeamMode.HARD_CUT
    assert [value(neural, i, session) for i in (7, 8, 9)] == [100, 100, 201]


def test_what_moves_is_not_blended_wide(session: Session, tmp_path: Path) -> None:
    spec = SpoolSpec(tmp_path / "overlap", 64, 32, Colour(), spool_slots(17, Structure.OVERLAP))
    spool, half = FrameSpool(spec), np.full((16, 32), 128, np.uint8)
    for part, level in ((0, 60), (1, 80)):
        for offset in range(GOP_LENGTH):
            y = np.full((32, 64), level, np.uint8)
            # On the right something else in every frame but the shared one.
            y[:, 32:] = 200 if (part, offset) in ((0, 8), (1, 0)) else 140
            spool.put(slot_number(Slot(part, offset)), Picture(y, half, half, Colour()))
    spool.close()
    source = SpooledTake(SpooledSpec(spec, spec, 17), SeamMode.WIDE)
    rows = [source.picture(index).y[16] for index in range(17)]
    source.close()
    wanted = [math.floor(60 + 10 * j / 8 + 0.5) for j in range(8)] + [
        math.floor(70 + 10 * j / 8 + 0.5) for j in range(9)
    ]
    assert [int(row[8]) for row in rows] == wanted
    assert [int(row[56]) for row in rows] == [140] * 8 + [200] + [140] * 8


def test_frames_blended_wide_wait_for_the_gops_beside_theirs(session: Session, neural: Take, tmp_path: Path) -> None:
    spec = SpoolSpec(tmp_path / "half", WIDTH, HEIGHT, Colour(), spool_slots(20, Structure.OVERLAP))
    spool = FrameSpool(spec)
    for offset in range(GOP_LENGTH):
        spool.put(slot_number(Slot(0, offset)), flat(100))
    source = SpooledTake(SpooledSpec(spec, spec, 20))
    assert source.ready(3, SeamMode.BLENDED) and not source.ready(3, SeamMode.WIDE)
    for offset in range(GOP_LENGTH):
        spool.put(slot_number(Slot(1, offset)), flat(201))
    assert source.ready(3, SeamMode.WIDE) and not source.ready(9, SeamMode.WIDE)
    session.takes.update(neural, source=source)
    # A take of a run that is watched has GoPs that nobody asked for yet: it is not waited for them.
    neural.watched = True
    assert neural.ready(9, SeamMode.WIDE)
    source.close()
    spool.close()


def test_theta_weighs_the_earlier_gop(session: Session, neural: Take) -> None:
    before = neural.picture_key(SeamMode.BLENDED)
    told: list[int] = []
    session.seam_changed.connect(lambda: told.append(1))
    session.set_theta(0.75)
    assert value(neural, 8, session) == 125
    assert told == [1]
    assert neural.picture_key(SeamMode.BLENDED) != before
    session.set_theta(7.0)
    assert session.theta == 1.0


def test_disjoint_gops_that_are_not_there_are_not_ready_and_the_label_says_so(session: Session, neural: Take) -> None:
    session.takes.update(neural, status=Status.READY, encoded=Encoded(rate=Rate(1000, 412.0, 0.0142)))
    assert neural.ready(8, session.seam_mode)
    session.set_seam_mode(SeamMode.DISJOINT)
    assert not neural.ready(8, session.seam_mode)
    assert neural.label == "Hybrid λ 0.3 · disjoint GoPs not encoded"
    session.takes.update(neural, message="disjoint GoPs: GoP 1 of 2")
    assert neural.label == "Hybrid λ 0.3 · disjoint GoPs: GoP 1 of 2"


def test_the_label_names_the_measured_rate_of_the_stream_shown(session: Session, neural: Take) -> None:
    session.takes.update(
        neural,
        status=Status.READY,
        encoded=Encoded(rate=Rate(1000, 412.04, 0.01421)),
        disjoint=Encoded(rate=Rate(900, 377.7, 0.013)),
    )
    assert neural.label == "Hybrid λ 0.3 · 412.0 kbps · 0.0142 bpp"
    session.set_seam_mode(SeamMode.DISJOINT)
    assert neural.label == "Hybrid λ 0.3 · 377.7 kbps · 0.0130 bpp"


def test_a_label_never_shows_a_rate_before_it_is_measured(session: Session) -> None:
    take = session.takes.add(Kind.HEVC, "CRF 32")
    assert take.label == "HEVC (x265) CRF 32 · waiting"
    session.takes.update(take, progress=0.4, message="frame 8 of 20")
    assert take.label == "HEVC (x265) CRF 32 · encoding 40%"
    session.takes.update(take, status=Status.FAILED)
    assert take.label == "HEVC (x265) CRF 32 · failed"


def test_boundaries_follow_the_structure_shown(session: Session, small_clip: Path) -> None:
    with open_clip(small_clip) as clip:
        session.set_clip(clip)
        assert session.boundaries == [8, 16]
        session.set_seam_mode(SeamMode.DISJOINT)
        assert session.boundaries == [9, 18]


def test_a_new_clip_replaces_takes_and_is_remembered(session: Session, small_clip: Path, tmp_path: Path) -> None:
    session.takes.add(Kind.VVC, "QP 32")
    with open_clip(small_clip) as clip:
        source = session.set_clip(clip)
        assert [take.kind for take in session.takes] == [Kind.SOURCE]
        assert source.label == "Source · 96x64, 25 fps"
        assert source.ready(19, SeamMode.DISJOINT) and source.picture(3, SeamMode.BLENDED).width == 96
        assert session.playback.frame_count == 20
    assert Session(tmp_path / "settings.json").settings.recent == (str(small_clip),)


def test_one_take_alone_and_all_again(session: Session) -> None:
    first, second = session.takes.add(Kind.SOURCE, "x"), session.takes.add(Kind.HEVC, "y")
    session.set_focus(second)
    assert session.shown == [second]
    session.takes.remove(second)
    assert session.shown == [first]


def test_the_last_pane_stays(session: Session) -> None:
    first, second = session.takes.add(Kind.SOURCE, "x"), session.takes.add(Kind.HEVC, "y")
    session.takes.set_visible(second, False)
    session.takes.set_visible(first, False)
    assert session.takes.shown == [first]


def test_removing_the_last_pane_brings_the_source_back(session: Session) -> None:
    source, other = session.takes.add(Kind.SOURCE, "x"), session.takes.add(Kind.HEVC, "y")
    session.takes.set_visible(source, False)
    session.takes.remove(other)
    assert session.takes.shown == [source]


def test_commands_mean_the_selected_take_else_the_one_alone_else_the_last(session: Session) -> None:
    source, first, second, third = (session.takes.add(k, "x") for k in (Kind.SOURCE, Kind.HEVC, Kind.VVC, Kind.AV1))
    assert session.current is third
    session.set_focus(first)
    assert session.current is first
    session.select(second)
    assert session.current is second
    session.select_next(1)
    assert session.current is third
    session.select_next(1)
    assert session.current is first
    session.select_next(-1)
    assert session.current is third
    session.select(source)
    session.takes.remove(third)
    assert session.current is first
    session.set_focus(None)
    assert session.current is second
