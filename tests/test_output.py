"""No output replaces what is read, under whatever name; every file is there whole or as it was."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from codec.cli import main
from codec.errors import OutputError
from codec.output import WholeFile, check_folder, check_output, read_by, same_file, short_name, write_text
from tests.conftest import make_clip

Alias = Callable[[Path], Path]


def _itself(clip: Path) -> Path:
    return clip


def _hard_link(clip: Path) -> Path:
    link = clip.parent / "hard.gop"
    os.link(clip, link)
    return link


def _link(clip: Path) -> Path:
    link = clip.parent / "soft.gop"
    link.symlink_to(clip)
    return link


def _through_a_linked_folder(clip: Path) -> Path:
    (clip.parent / "there").symlink_to(clip.parent, target_is_directory=True)
    return clip.parent / "there" / clip.name


def _roundabout(clip: Path) -> Path:
    (clip.parent / "sub").mkdir()
    return clip.parent / "sub" / ".." / clip.name


SPELLINGS = (_itself, _hard_link, _link, _through_a_linked_folder, _roundabout)


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_file_is_known_under_every_name(tmp_path: Path, spelling: Alias) -> None:
    clip = tmp_path / "v.mkv"
    clip.write_bytes(b"clip")
    other = spelling(clip)
    assert same_file(other, clip) and same_file(clip, other)
    with pytest.raises(OutputError, match="is being read; choose another output"):
        check_output(other, [tmp_path / "else", clip])
    with pytest.raises(OutputError):
        WholeFile(other, [clip])
    assert clip.read_bytes() == b"clip"
    check_output(tmp_path / "w.mkv", [clip])


def test_a_name_in_other_letters_is_the_file_where_the_disk_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip, upper = tmp_path / "v.mkv", tmp_path / "V.MKV"
    clip.write_bytes(b"clip")
    check_output(upper, [clip])
    stat = Path.stat
    # A disk that does not tell letters apart answers for either name.
    monkeypatch.setattr(Path, "stat", lambda self, **k: stat(clip if self == upper else self, **k))
    with pytest.raises(OutputError):
        check_output(upper, [clip])


def test_a_file_that_comes_to_be_an_input_meanwhile_is_not_replaced(tmp_path: Path) -> None:
    clip, target = tmp_path / "v.mkv", tmp_path / "out.mkv"
    clip.write_bytes(b"clip")
    with pytest.raises(OutputError), WholeFile(target, [clip]) as part:
        part.write_bytes(b"new")
        os.link(clip, target)
    assert target.read_bytes() == b"clip" and sorted(p.name for p in tmp_path.iterdir()) == ["out.mkv", "v.mkv"]


def test_pictures_of_a_sequence_are_neither_replaced_nor_added(tmp_path: Path) -> None:
    images = tmp_path / "images"
    images.mkdir()
    for number in range(3):
        (images / f"p_{number:03d}.png").write_bytes(b"x")
    os.link(images / "p_001.png", tmp_path / "elsewhere.png")
    for source in (images, images / "p_%03d.png"):
        for target in (images / "p_001.png", images / "p_077.png", tmp_path / "elsewhere.png"):
            with pytest.raises(OutputError, match="picture of"):
                check_output(target, [source])
        check_output(images / "notes.csv", [source])
        check_output(tmp_path / "p_001.png", [source])
    check_output(images / "other.png", [images / "p_%03d.png"])
    with pytest.raises(OutputError):
        check_output(images / "other.png", [images])


def test_a_folder_of_results_is_none_that_is_read_from(tmp_path: Path) -> None:
    clip = tmp_path / "report" / "takes" / "v.mkv"
    clip.parent.mkdir(parents=True)
    clip.write_bytes(b"clip")
    (tmp_path / "same").symlink_to(tmp_path / "report")
    for folder in (clip.parent, tmp_path / "report", tmp_path / "same"):
        with pytest.raises(OutputError, match="is read from this folder"):
            check_folder(folder, [clip])
    check_folder(tmp_path / "report" / "takes" / "new", [clip])


def test_a_file_is_replaced_whole_or_not_at_all(tmp_path: Path) -> None:
    path = tmp_path / "t.csv"
    write_text(path, "one")
    write_text(path, "two")
    assert path.read_text() == "two"
    (tmp_path / "d").mkdir()
    with pytest.raises(OSError, match="directory"):
        write_text(tmp_path / "d", "x")
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(OSError, match="no regular file"):
        write_text(tmp_path / "pipe", "x")
    with pytest.raises(ZeroDivisionError), WholeFile(path, ()) as part:
        part.write_text("three")
        raise ZeroDivisionError
    assert path.read_text() == "two" and sorted(p.name for p in tmp_path.iterdir()) == ["d", "pipe", "t.csv"]


def test_names_as_long_as_can_be_are_written(tmp_path: Path) -> None:
    name = short_name("ä" * 200, "_compare.mp4")
    assert len(os.fsencode(name)) in (254, 255) and name.endswith("ä_compare.mp4")
    write_text(tmp_path / name, "x")
    assert (tmp_path / name).read_text() == "x"


def test_what_has_no_file_reads_none() -> None:
    assert read_by(object()) == ()


def test_no_command_replaces_what_it_reads(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    def seamscope(*arguments: object) -> tuple[int, str]:
        code = main([str(a) for a in arguments])
        return code, capsys.readouterr().err

    folder = tmp_path / "takes"
    folder.mkdir()
    (tmp_path / "summary.json").write_text("{}")
    (tmp_path / "cache").mkdir()
    clip = make_clip(folder / "v.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", frames=2)
    stream = folder / "x.gop"
    assert seamscope("encode", clip, "-o", stream, "--lambda", "0.3")[0] == 0
    table = tmp_path / "overlap.csv"
    os.link(clip, table)
    before = {path: path.read_bytes() for path in (clip, stream, table)}
    (tmp_path / "link").symlink_to(folder)
    (tmp_path / "clip").symlink_to(clip)
    os.link(stream, tmp_path / "hard.mkv")
    for arguments in (
        ("encode", clip, "-o", clip, "--lambda", "0.3"),
        ("encode", clip, "-o", tmp_path / "link" / "v.mkv", "--lambda", "0.3"),
        ("encode", tmp_path / "clip", "-o", clip, "--lambda", "0.3"),
        ("decode", stream, "-o", stream),
        ("decode", stream, "-o", tmp_path / "hard.mkv"),
        ("compare", clip, "--lambda", "0.3", "--against", "hevc", "--report", tmp_path),
        ("bench", folder, "--out", tmp_path),
        ("overlap", clip, "--lambdas", "0.3", "--out", tmp_path),
    ):
        code, told = seamscope(*arguments)
        assert code == 1, arguments
        assert "choose another" in told and told.strip().count("\n") == 0, (arguments, told)
        assert {path: path.read_bytes() for path in before} == before, arguments
    assert sorted(p.name for p in folder.iterdir()) == ["v.mkv", "x.gop"]


def test_streams_and_rivals_are_not_written_over_the_clip(tmp_path: Path, small_clip: Path) -> None:
    from codec.hybrid.settings import HybridSettings
    from codec.media import open_clip
    from codec.rivals import ConstantQuality, RivalCodec, RivalSettings
    from codec.rivals import encode as encode_rival
    from codec.stream.encoder import encode_clip

    clip = tmp_path / "v.mkv"
    shutil.copy(small_clip, clip)
    before = clip.read_bytes()
    with open_clip(clip) as source:
        with pytest.raises(OutputError):
            encode_clip(source, source.timing, source.info.sample_aspect, clip, HybridSettings(0.3))
        with pytest.raises(OutputError):
            encode_rival(source, source.timing, RivalSettings(RivalCodec.HEVC, ConstantQuality(40.0)), clip)
    assert clip.read_bytes() == before and list(tmp_path.iterdir()) == [clip]
