"""Where pictures lie in memory. Pieces of 256 KiB and more get memory of their own in the window's process."""

import subprocess
import sys
from pathlib import Path

import pytest

from codec.media import open_clip
from tests.conftest import make_clip

_CHURN = """
import gc, random, sys
from codec.allocator import give_back_pictures
from codec.media import open_clip
from pathlib import Path
give_back_pictures()

def resident():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

draw = random.Random(1)
with open_clip(sys.argv[1]) as clip:
    clip.picture(19)
    before = resident()
    held, small = [], []
    for n in range(1200):
        held.append(clip.picture(n % 20))
        small.append(bytearray(draw.randrange(1000, 100_000)))
        if len(held) > 200:
            held.pop(draw.randrange(200))
        if len(small) > 400:
            small.pop(draw.randrange(400))
    full = resident()
    held.clear()
    gc.collect()
    print(before >> 20, full >> 20, resident() >> 20)
"""


@pytest.fixture(scope="module")
def wide_clip(clips: Path) -> Path:
    return make_clip(clips / "wide.mkv", "-c:v", "libx264", "-pix_fmt", "yuv420p", size="640x360")


def test_a_picture_is_one_piece_of_memory_of_its_own(wide_clip: Path) -> None:
    with open_clip(wide_clip) as clip:
        picture = clip.picture(3)
    assert picture.y.base is picture.u.base is picture.v.base is not None
    assert picture.y.base.nbytes == picture.size_bytes and picture.y.base.base is None


@pytest.mark.skipif(sys.platform != "linux", reason="reads /proc")
def test_memory_of_pictures_comes_back_though_small_pieces_stay(wide_clip: Path) -> None:
    """200 pictures of 345,600 bytes among small pieces that live longer: when they go, their 66 MiB do too."""
    run = subprocess.run([sys.executable, "-c", _CHURN, str(wide_clip)], check=True, capture_output=True, text=True)
    before, full, after = (int(word) for word in run.stdout.split())
    assert full - before > 60
    # What stays are the small pieces, some 20 MiB.
    assert after - before < 40, run.stdout


_CLOSED = """
import gc, sys
from codec.media import open_clip
from pathlib import Path

def resident():
    return 4096 * int(Path("/proc/self/statm").read_text().split()[1])

def closed():
    clip = open_clip(sys.argv[1])
    clip.picture(11)
    clip.close()
    return clip

closed()
gc.collect()
before = resident()
held = [closed() for _ in range(8)]
gc.collect()
print((resident() - before) >> 20)
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="memory is read from Linux's /proc")
def test_a_closed_clip_that_someone_holds_keeps_no_decoder(clips: Path) -> None:
    options = ("-c:v", "libx264", "-pix_fmt", "yuv420p", "-refs", "8")
    path = make_clip(clips / "closed.mp4", *options, size="1280x720", frames=12)
    run = subprocess.run([sys.executable, "-c", _CLOSED, path], capture_output=True, text=True, check=True)
    # Eight decoders would keep 140 MiB.
    assert int(run.stdout) < 40
