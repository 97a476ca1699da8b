import json
from dataclasses import replace
from pathlib import Path

import pytest

from app.state.project import (
    FILE_LIMIT_BYTES,
    FileRecord,
    Project,
    ProjectError,
    TakeRecord,
    file_record,
    parse,
    read_text,
    to_text,
)
from app.state.takes import Kind
from codec.gop import SeamMode
from codec.rivals.settings import RivalCodec

PATH = Path("/p/x.seamscope")
CLIP = FileRecord("clip.mp4", "/p/clip.mp4", "sha256:00")
FULL = Project(
    clip=CLIP,
    start=3,
    stop=90,
    frame=7,
    in_point=2,
    out_point=80,
    loop=False,
    speed=0.25,
    seam_mode=SeamMode.HARD_CUT,
    theta=0.0,
    gop_marks=False,
    rate_lock=True,
    source_visible=False,
    view={"zoom": 2.0, "centre": [0.25, 0.5], "layout": "split", "differing": False},
    notes='Look at the "seam" near frame 8 – λ is low.\n',
    takes=(
        TakeRecord(
            Kind.NEURAL,
            "λ 0.3",
            lmbda=0.3,
            neural="toy",
            options={"key_interval": 4, "fast": True, "kind": "x"},
            recipe=True,
            file=FileRecord("x.takes/a.gop", "/p/a.gop", "s:1"),
        ),
        TakeRecord(
            Kind.VVC, "matched to λ 0.3", "their best", False, -3, codec=RivalCodec.VVC, matched_to=0, recipe=True
        ),
        TakeRecord(Kind.IMPORTED, "y.mkv (hevc)", stated_kbps=41.5, file=FileRecord("", "/q/y.mkv", "")),
    ),
)


def changed(**values: object) -> str:
    raw = json.loads(to_text(FULL))
    raw.update(values)
    return json.dumps(raw)


def test_a_project_reads_back_as_it_was() -> None:
    assert parse(to_text(FULL), PATH) == FULL


def test_fields_that_are_missing_or_unknown_do_no_harm() -> None:
    text = '{"seamscope": 1, "clip": {"absolute": "/p/c.mp4"}, "from_the_future": {"a": [1]}}'
    assert parse(text, PATH) == Project(FileRecord("", "/p/c.mp4", ""))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not a project file, or it is damaged"),
        ("{", "not a project file, or it is damaged"),
        ("[" * 100_000, "not a project file, or it is damaged"),
        ('{"seamscope": 1, "theta": NaN}', "not a project file, or it is damaged"),
        ("[1]", "not a project file"),
        ('{"name": "x"}', "not a project file"),
        ('{"seamscope": 3}', "version 3; this program reads up to 2"),
        ('{"seamscope": true}', "version number is damaged"),
        ('{"seamscope": 1e9}', "version number is damaged"),
        (f'{{"seamscope": {10**400}}}', "version number is damaged"),
        ('{"seamscope": 1}', "clip is missing"),
        (changed(clip={"absolute": ""}), "clip names no file"),
        (changed(clip={"absolute": "a\0b"}), "absolute is not a text"),
        (changed(clip="x"), "clip is not an object"),
        (changed(start=-1), "start is not a whole number"),
        (changed(start=90), "stop is not a whole number"),
        (changed(frame=1e300), "frame is not a whole number"),
        (changed(theta=1.5), "theta is not a number from 0 to 1"),
        (changed(speed="fast"), "speed is not a number"),
        (changed(loop=1), "loop is not true or false"),
        (changed(seam_mode="glue"), "seam_mode is not one of"),
        (changed(notes="x" * 100_001), "notes is not a text"),
        (changed(takes={}), "takes is not a list"),
        (changed(takes=[{"kind": "HEVC"}] * 201), "takes is not a list of up to 200"),
        (changed(takes=[{}]), "kind is missing"),
        (changed(takes=[{"kind": "SOURCE"}]), "kind is not one of"),
        (changed(takes=[{"kind": "HEVC", "nudge": 1e9}]), "nudge is not a whole number"),
        (changed(takes=[{"kind": "HEVC", "matched_to": -1}]), "matched_to is not a whole number"),
        (changed(takes=[{"kind": "HEVC", "codec": "mpeg1"}]), "codec is not one of"),
        (changed(takes=[{"kind": "NEURAL", "key_interval": 0}]), "key_interval is not a whole number"),
        (changed(takes=[{"kind": "NEURAL", "options": [1]}]), "options is not an object"),
        (changed(takes=[{"kind": "NEURAL", "options": {"a": 2.5}}]), "options is not an object of up to 50 named"),
        (
            changed(takes=[{"kind": "NEURAL", "options": {"a": "x" * 201}}]),
            "options is not an object of up to 50 named",
        ),
        (
            changed(takes=[{"kind": "NEURAL", "options": {f"o{n}": n for n in range(51)}}]),
            "options is not an object of up to 50",
        ),
        (changed(takes=[{"kind": "NEURAL", "neural": "x" * 33}]), "neural is not a text"),
        (changed(takes=[{"kind": "NEURAL", "key_interval": 2.5}]), "key_interval is not a whole number"),
    ],
)
def test_what_is_damaged_or_foreign_is_refused_in_one_sentence(text: str, reason: str) -> None:
    with pytest.raises(ProjectError) as told:
        parse(text, PATH)
    sentence = str(told.value)
    assert sentence.startswith(f"{PATH}: ") and reason in sentence and "\n" not in sentence


@pytest.mark.parametrize(("old", "options"), [({}, {}), ({"key_interval": 3}, {"key_interval": 3})])
def test_a_take_of_version_1_is_of_the_first_codec(old: dict[str, object], options: dict[str, object]) -> None:
    raw = json.loads(to_text(FULL))
    raw["seamscope"] = 1
    for name in ("neural", "options"):
        del raw["takes"][0][name]
    raw["takes"][0].update(old)
    take = parse(json.dumps(raw), PATH).takes[0]
    assert (take.neural, take.options) == ("hybrid", options)


def test_a_view_keeps_plain_values_only() -> None:
    view = {"zoom": 2, "deep": {"a": 1}, "long": [0] * 9, "text": "x" * 201, "fine": "split", "bad": [None]}
    view |= {"large": 10**400, "also": [10**400], "true": True}
    assert parse(changed(view=view), PATH).view == {"zoom": 2, "fine": "split", "true": True}


def test_files_that_are_missing_too_large_or_no_text_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="there is no such project file"):
        read_text(tmp_path / "none.seamscope")
    with pytest.raises(ProjectError, match="cannot be read"):
        read_text(tmp_path)
    big = tmp_path / "big.seamscope"
    with big.open("wb") as file:
        file.truncate(FILE_LIMIT_BYTES + 1)
    with pytest.raises(ProjectError, match="too large"):
        read_text(big)
    big.write_bytes(b"\xff\xfe{}")
    with pytest.raises(ProjectError, match="not a project file"):
        read_text(big)


def test_a_file_is_found_beside_the_project_before_where_it_was(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for folder in (first, second):
        (folder / "clips").mkdir(parents=True)
        (folder / "clips" / "a.mp4").write_text(folder.name)
    record = file_record(first / "clips" / "a.mp4", first, "sha256:1")
    assert record.relative == "clips/a.mp4"
    assert record.find(second) == second / "clips" / "a.mp4"
    (first / "deep" / "er").mkdir(parents=True)
    up = file_record(first / "clips" / "a.mp4", first / "deep" / "er", "")
    assert up.relative == "../../clips/a.mp4"
    found = up.find(first / "deep" / "er")
    (first / "deep" / "er").rmdir()
    assert found == first / "clips" / "a.mp4" and found.exists()
    assert replace(record, relative="gone/a.mp4").find(second) == first / "clips" / "a.mp4"


@pytest.mark.parametrize(
    ("project", "reason"),
    [
        (replace(FULL, takes=FULL.takes[:1] * 201), "takes is not a list of up to 200"),
        (replace(FULL, takes=(replace(FULL.takes[2], stated_kbps=1e-9),)), "stated_kbps is not a number"),
        (replace(FULL, takes=(replace(FULL.takes[1], kbps=1e9),)), "kbps is not a number"),
        (replace(FULL, takes=(replace(FULL.takes[1], name="x" * 121),)), "name is not a text"),
        (replace(FULL, takes=(replace(FULL.takes[1], nudge=10_001),)), "nudge is not a whole number"),
        (replace(FULL, takes=(replace(FULL.takes[0], lmbda=float("nan")),)), "lmbda is not a number"),
        (replace(FULL, takes=(replace(FULL.takes[0], command="x" * 40_000),)), "command is not a text"),
        (replace(FULL, takes=FULL.takes[:1] * 200, notes="\0"), "notes is not a text"),
        (replace(FULL, speed=1e9), "speed is not a number"),
        (replace(FULL, stop=2**40), "stop is not a whole number"),
        (replace(FULL, view={"zoom": float("inf"), "deep": [[1]]}), "does not come back"),
        (replace(FULL, view={"zoom": float("inf")}), "JSON compliant"),
        (
            replace(FULL, takes=tuple(replace(FULL.takes[0], command="x" * 32_000) for _ in range(200))),
            "larger than 4 MiB",
        ),
    ],
)
def test_what_could_not_be_read_back_is_not_written(project: Project, reason: str) -> None:
    with pytest.raises(ProjectError) as told:
        to_text(project, PATH)
    sentence = str(told.value)
    assert sentence.startswith(f"{PATH}: the project cannot be saved (") and reason in sentence
    assert "\n" not in sentence


def test_a_project_is_written_to_its_very_bounds() -> None:
    take = replace(FULL.takes[2], stated_kbps=1e-6, nudge=-10_000, name="é" * 120)
    full = replace(FULL, takes=(take,) * 200, notes="ü" * 100_000, view={"zoom": 4096.0}, speed=0.01)
    assert parse(to_text(full), PATH) == full
