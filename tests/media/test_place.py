"""Names are names: what leads to no regular file, or on to other files, is refused in one sentence."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from PIL import Image

from codec.errors import Cancelled, MediaError, RivalError
from codec.media import open_clip
from codec.media.picture import Colour
from codec.media.writer import LosslessWriter
from codec.rivals import ConstantQuality, RivalCodec, RivalSettings, RivalSource, encode
from tests.conftest import make_clip

ODD_NAMES = ("take:2.mkv", "-take.mkv", "concat:a|b.mkv", "file:x.mkv", "http:y.mkv", "a%03d.mkv", "quote's $x.mkv")


def seamscope(*arguments: object, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "app", *(str(a) for a in arguments)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


@pytest.fixture
def requests_seen() -> Iterator[tuple[str, list[str]]]:
    """An address on this machine, and what was asked of it."""
    seen: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(self.path)
            self.send_error(404)

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}", seen
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_name_is_never_taken_for_an_address_or_an_option(
    small_clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    shutil.copy(small_clip, tmp_path / name)
    # As a relative path, which Path reduces to the bare name.
    monkeypatch.chdir(tmp_path)
    with open_clip(Path(name)) as clip:
        assert clip.frame_count == 20
        made = encode(
            clip, clip.timing, RivalSettings(RivalCodec.HEVC, ConstantQuality(40), "ultrafast"), Path("r" + name)
        )
        source = RivalSource(made.path, 96, 64, 20, clip.info.colour)
        assert source.picture(3).y.shape == (64, 96)
        source.close()
        with LosslessWriter(Path("w" + name), 96, 64, clip.info.colour, clip.timing) as writer:
            for picture in clip.pictures(0, 20):
                writer.write(picture)
    with open_clip(Path("w" + name)) as again:
        assert again.frame_count == 20
    assert sorted(f.name for f in tmp_path.iterdir()) == sorted([name, "r" + name, "w" + name])


def test_pipes_devices_sockets_and_folders_are_refused_without_being_read(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.mkv")
    os.mkfifo(tmp_path / "pipe.png")
    os.mkfifo(tmp_path / "raw_96x64.yuv")
    (tmp_path / "frames").mkdir()
    os.mkfifo(tmp_path / "frames" / "a.png")
    (tmp_path / "link.mkv").symlink_to("/dev/zero")
    with contextlib.closing(socket.socket(socket.AF_UNIX)) as bound:
        bound.bind(str(tmp_path / "s.mkv"))
        cases = [
            (tmp_path / "pipe.mkv", "this is a named pipe"),
            (tmp_path / "pipe.png", "this is a named pipe"),
            (tmp_path / "raw_96x64.yuv", "this is a named pipe"),
            (tmp_path / "frames", "this is a named pipe"),
            (tmp_path / "link.mkv", "this is a device"),
            (tmp_path / "s.mkv", "this is a socket"),
            (Path("/dev/zero"), "this is a device"),
            (tmp_path / "absent.mkv", "there is no such file"),
            (tmp_path / "link.mkv" / "x.mkv", "there is no such file"),
            (Path("a\0b.mkv"), "cannot be read"),
            (Path("n" * 300), "cannot be read"),
        ]
        for path, reason in cases:
            with pytest.raises(MediaError, match=reason):
                open_clip(path)


def test_addresses_are_refused_and_nothing_is_asked_of_them(
    requests_seen: tuple[str, list[str]], tmp_path: Path
) -> None:
    address, seen = requests_seen
    for name in (f"{address}/a.mp4", "udp://127.0.0.1:9", "pipe:0", "concat:a.mkv|b.mkv", "data:x", "file:a.mkv"):
        with pytest.raises(MediaError, match="addresses and protocols are not opened"):
            open_clip(name)
    playlist = f"#EXTM3U\n#EXT-X-TARGETDURATION:5\n#EXTINF:5,\n{address}/s.ts\n#EXT-X-ENDLIST\n"
    (tmp_path / "l.m3u8").write_text(playlist)
    with pytest.raises(MediaError, match="playlist"):
        open_clip(tmp_path / "l.m3u8")
    assert seen == []


def test_playlists_are_refused_by_what_they_hold_whatever_their_names(small_clip: Path, tmp_path: Path) -> None:
    shutil.copy(small_clip, tmp_path / "a.mp4")
    sdp = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\n"
    mpd = '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011"><Period/></MPD>'
    for name, text, reason in (
        ("l.ffconcat", "ffconcat version 1.0\nfile a.mp4\n", "playlist"),
        ("l.mkv", "ffconcat version 1.0\nfile a.mp4\n", "playlist"),
        ("l.sdp", sdp, "playlist"),
        ("l.mpd", mpd, "not a video file"),
        ("l.txt", "#EXTM3U\n#EXTINF:5,\na.mp4\n", "."),
    ):
        (tmp_path / name).write_text(text)
        with pytest.raises(MediaError, match=reason):
            open_clip(tmp_path / name)


def test_a_single_image_whose_name_looks_like_a_pattern_is_that_image(tmp_path: Path) -> None:
    Image.new("RGB", (64, 48), "red").save(tmp_path / "take_%d.tga")
    Image.new("RGB", (64, 48), "blue").save(tmp_path / "take_1.tga")
    with open_clip(tmp_path / "take_%d.tga") as clip:
        assert clip.frame_count == 1
        assert int(clip.picture(0).v.mean()) > 200


def test_hidden_files_in_a_folder_of_images_are_no_frames(tmp_path: Path) -> None:
    for number in range(3):
        Image.new("RGB", (48, 32), (60 * number, 0, 0)).save(tmp_path / f"f_{number:03d}.png")
        # What macOS leaves beside a file on a disk that is not its own.
        (tmp_path / f"._f_{number:03d}.png").write_bytes(b"\x00\x05\x16\x07" + bytes(60))
    with open_clip(tmp_path) as clip:
        assert clip.frame_count == 3
    with open_clip(tmp_path / "f_%03d.png") as clip:
        assert clip.frame_count == 3


def test_an_image_is_read_as_what_images_are_and_starts_no_program(tmp_path: Path) -> None:
    # Pillow hands Encapsulated PostScript to Ghostscript.
    (tmp_path / "a.png").write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n%%EndComments\nshowpage\n")
    with pytest.raises(MediaError, match="the image cannot be read"):
        open_clip(tmp_path / "a.png")


def test_opening_a_long_file_can_be_cancelled(clips: Path) -> None:
    class Soon:
        asked = 0

        def report(self, fraction: float, message: str = "") -> None:
            del fraction, message

        def check(self) -> None:
            self.asked += 1
            if self.asked == 3:
                raise Cancelled

    long = make_clip(clips / "many.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p", size="32x32", frames=600)
    with pytest.raises(Cancelled):
        open_clip(long, context=Soon())


def test_outputs_go_to_regular_files_only_and_this_is_known_before_the_work(small_clip: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    (tmp_path / "null").symlink_to("/dev/null")
    with open_clip(small_clip) as clip:
        settings = RivalSettings(RivalCodec.HEVC, ConstantQuality(40), "ultrafast")
        for name, reason in (("pipe", "a named pipe"), ("folder", "a folder"), ("null", "a device")):
            with pytest.raises(RivalError, match=reason):
                encode(clip, clip.timing, settings, tmp_path / name)
            with pytest.raises(MediaError, match=reason):
                LosslessWriter(tmp_path / name, 96, 64, Colour(), clip.timing)
    assert sorted(f.name for f in tmp_path.iterdir()) == ["folder", "null", "pipe"]


def test_the_command_line_takes_odd_names_for_all_it_reads_and_writes(small_clip: Path, tmp_path: Path) -> None:
    shutil.copy(small_clip, tmp_path / "-in:1.mp4")
    done = seamscope(
        "encode", "./-in:1.mp4", "--output=-o:%d.gop", "--lambda", "0.1", "--out-point", "2", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    assert sorted(f.name for f in tmp_path.iterdir()) == ["-in:1.mp4", "-o:%d.gop"]
    os.mkfifo(tmp_path / "pipe.gop")
    for name in ("pipe.gop", "/dev/zero"):
        done = seamscope("info", name, folder=tmp_path)
        assert done.returncode == 1 and "only regular files" in done.stderr, done.stderr
