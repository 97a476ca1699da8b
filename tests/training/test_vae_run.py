"""The training run of the `vae` codec by its command."""

import csv
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from codec import registry
from codec.bench.versions import describe
from codec.context import QUIET
from codec.errors import ModelError, SettingError
from codec.resources import full_decoder_of
from codec.training.vae import run as training
from codec.training.vae import settings
from codec.training.vae.importing import import_checkpoint
from codec.training.vae.judges import flicker, tone_error
from codec.training.vae.sources import cut_clip, find_sources
from codec.training.vae.state import prepare
from codec.training.vae.store import Store
from codec.vae.model import VaeCodec
from codec.vae.weights import load_pretrained, load_weights, save_weights
from tests.conftest import make_clip

CHECKPOINT = Path(__file__).parents[1] / "golden" / "backbones" / "leanvae_tiny_state.safetensors"
CONFIG = """
crop = 64
crops = 2
held = 1
held_out = 0.5
log_every = 1
save_every_s = 0
panel_every_s = 1000
panel_crops = 1
panel_qualities = [0, 255]
[[stage]]
name = "pair"
steps = 2
batch = 1
train = ["pair"]
quantise = false
learning_rate = 1e-3
learning_rate_end = 1e-3
warmup = 1
alpha = 4e-4
alex = 1.0
pictures = 2
[[stage]]
name = "latents"
steps = 4
batch = 2
train = ["codec", "temporal"]
learning_rate = 1e-3
learning_rate_end = 1e-3
warmup = 1
latent = 0.6
pictures = 0
[[stage]]
name = "everything"
steps = 2
batch = 1
train = ["pair", "codec", "temporal"]
encode = true
learning_rate = 1e-4
learning_rate_end = 1e-4
latent = 0.1
alpha = 3e-4
alex = 0.5
tone = 1e-3
temporal = 0.01
adversarial = 0.01
full_share = 0.5
pictures = 2
"""


@pytest.fixture(scope="module")
def corpus(tmp_path_factory) -> Path:
    """Clips of two sources, one of them held out."""
    folder = tmp_path_factory.mktemp("corpus")
    # With half of the sources held out, "d" is, and "a" is not.
    for name in ("a_0", "a_1", "d_0"):
        make_clip(folder / f"{name}.mp4", frames=12, size="96x80")
    assert {s.name: s.held_out(0.5) for s in find_sources((folder,))} == {"a": False, "d": True}
    return folder


def run(config: Path, corpus: Path, out: Path, *more: str) -> str:
    command = [
        sys.executable,
        "-W",
        "ignore",
        "-m",
        "app",
        "train",
        str(config),
        "--corpus",
        str(corpus),
        "--out",
        str(out),
    ]
    done = subprocess.run([*command, "--threads", "1", *more], capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_run_stopped_and_resumed_ends_as_one_that_was_not(corpus, tmp_path):
    config = tmp_path / "run.toml"
    config.write_text(CONFIG, encoding="utf-8")
    short = tmp_path / "short.toml"
    short.write_text(CONFIG.replace("steps = 4", "steps = 2"), encoding="utf-8")
    whole, parted = tmp_path / "whole", tmp_path / "parted"
    run(config, corpus, whole)
    parted.mkdir()
    (parted / "crops-64").symlink_to(whole / "crops-64")
    # A constant learning rate: two steps of four are the same steps as two of two.
    run(short, corpus, parted, "--minutes", "0.0001")
    said = run(config, corpus, parted)
    assert "step 8/8" in said
    with (parted / "log.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not row["stage"].startswith("held")]
    assert [int(row["step"]) for row in rows] == list(range(1, 9))
    first, second = load_weights(whole / "weights.safetensors"), load_weights(parted / "weights.safetensors")
    for name, value in first.state_dict().items():
        assert torch.allclose(value.float(), second.state_dict()[name].float(), atol=2e-3), name
    pictures = torch.rand(1, 3, 3, 48, 64) * 2 - 1
    coded = first.encode(pictures, 100)
    assert first.decode(coded).shape == pictures.shape
    assert (parted / "curves.png").exists()
    assert list(parted.glob("panel-*.png"))
    # From exported weights, in half precision where there is some.
    further = tmp_path / "further.toml"
    head, _, stages = CONFIG.partition("[[stage]]")
    further.write_text(
        f'{head}start = "{(whole / "weights.safetensors").as_posix()}"\nprecision = "bf16"\n[[stage]]'
        + stages.split("[[stage]]")[-1],
        encoding="utf-8",
    )
    went = tmp_path / "went"
    went.mkdir()
    (went / "crops-64").symlink_to(whole / "crops-64")
    lines = list(training.start(settings.load(further), tmp_path, went, device=torch.device("cpu")))
    assert any("step 2/2" in line for line in lines)
    assert load_weights(went / "weights.safetensors").encode(pictures, 100)[0].string


def test_a_stage_of_the_entropy_model_lowers_the_rate_and_moves_no_transform(corpus, tmp_path):
    head, _, stages = CONFIG.replace("save_every_s = 0", "save_every_s = 1000").partition("[[stage]]")
    begun, config = tmp_path / "begun.toml", tmp_path / "entropy.toml"
    stage = stages.split("[[stage]]")[1]
    begun.write_text(head + "[[stage]]" + stage.replace("steps = 4", "steps = 1"), encoding="utf-8")
    out, went = tmp_path / "begun", tmp_path / "went"
    cpu = torch.device("cpu")
    assert list(training.start(settings.load(begun), tmp_path, out, corpus=(corpus,), device=cpu))
    start = f'start = "{(out / "weights.safetensors").as_posix()}"\n'
    stage = stage.replace('train = ["codec", "temporal"]', 'train = ["entropy"]').replace("steps = 4", "steps = 60")
    stage = stage.replace("1e-3", "3e-4")
    config.write_text(start + head + "ema = 0.5\n[[stage]]" + stage, encoding="utf-8")
    went.mkdir()
    (went / "crops-64").symlink_to(out / "crops-64")
    assert list(training.start(settings.load(config), tmp_path, went, device=cpu))
    begun_at, ended_at = (load_weights(folder / "weights.safetensors") for folder in (out, went))
    before, after = begun_at.state_dict(), ended_at.state_dict()
    moved = {
        name for name, value in before.items() if value.shape == after[name].shape and not value.equal(after[name])
    }
    assert any(name.startswith("latent.scales.") for name in moved)
    assert not [name for name in moved if name.startswith(("analysis", "synthesis", "backbone", "latent.steps"))]
    pictures = Store(out / "crops-64", "train").batch([0, 1]).pictures
    sizes = [
        sum(len(gop.string) for q in (60, 128, 200) for gop in codec.encode(pictures, q))
        for codec in (begun_at, ended_at)
    ]
    assert sizes[1] < 0.95 * sizes[0], sizes


def test_single_pictures_teach_the_fast_pair_alone(corpus, tmp_path):
    head, _, stages = CONFIG.replace("save_every_s = 0", "save_every_s = 1000").partition("[[stage]]")
    stage = stages.split("[[stage]]")[0].replace("steps = 2", "steps = 40").replace("batch = 1", "batch = 2")
    config, out = tmp_path / "singles.toml", tmp_path / "out"
    config.write_text(f"singles = 3\n{head}ema = 0.5\n[[stage]]\nsingles = true{stage}", encoding="utf-8")
    list(training.start(settings.load(config), tmp_path, out, corpus=(corpus,), device=torch.device("cpu")))
    stored = Store(out / "pictures-64", "train").batch([0, 1, 2])
    assert stored.pictures.shape == (3, 1, 3, 64, 64)
    assert stored.latents.shape == (3, 1, 32, 8, 8)
    with (out / "log.csv").open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if not row["stage"].startswith("held")]
    assert float(rows[-1]["pair"]) < 0.8 * float(rows[0]["pair"])
    # The decoder alone, from there on: neither the encoder nor the codec moves.
    further, went = tmp_path / "further.toml", tmp_path / "went"
    stage = stage.replace('train = ["pair"]', 'train = ["decoder"]').replace("steps = 40", "steps = 2")
    start = f'start = "{(out / "weights.safetensors").as_posix()}"\n'
    further.write_text(f"{start}singles = 3\n{head}[[stage]]\nsingles = true{stage}", encoding="utf-8")
    went.mkdir()
    for kind in ("crops-64", "pictures-64"):
        (went / kind).symlink_to(out / kind)
    list(training.start(settings.load(further), tmp_path, went, device=torch.device("cpu")))
    before, after = (load_weights(folder / "weights.safetensors").state_dict() for folder in (out, went))
    moved = {n for n, value in before.items() if value.shape == after[n].shape and not value.equal(after[n])}
    assert moved
    assert {name for name in moved if not name.startswith("backbone.fast.decoder.")} == set()
    # Streams of either are streams of both.
    assert len({registry.named("vae").weights_id(folder / "weights.safetensors") for folder in (out, went)}) == 1


def test_the_full_decoder_learns_beside_a_codec_that_stays(corpus, tmp_path, monkeypatch):
    head, _, stages = CONFIG.replace("save_every_s = 0", "save_every_s = 1000").partition("[[stage]]")
    begun, out = tmp_path / "begun.toml", tmp_path / "out"
    stage = stages.split("[[stage]]")[1].replace("steps = 4", "steps = 1")
    begun.write_text(f"{head}[[stage]]{stage}", encoding="utf-8")
    cpu = torch.device("cpu")
    list(training.start(settings.load(begun), tmp_path, out, corpus=(corpus,), device=cpu))
    first = out / "weights.safetensors"
    # A decoder that nobody taught is the published one, and needs no file.
    assert not full_decoder_of(first).exists()
    stage = stages.split("[[stage]]")[0].replace("steps = 2", "steps = 40").replace("1e-3", "1e-4")
    stage = stage.replace('train = ["pair"]', 'train = ["full"]').replace("quantise = false", "full_share = 1.0")
    config, went = tmp_path / "full.toml", tmp_path / "went"
    config.write_text(f'start = "{first.as_posix()}"\n{head}ema = 0.5\n[[stage]]{stage}', encoding="utf-8")
    went.mkdir()
    (went / "crops-64").symlink_to(out / "crops-64")
    list(training.start(settings.load(config), tmp_path, went, device=cpu))
    taught = full_decoder_of(went / "weights.safetensors")
    before, after = load_weights(first).state_dict(), load_weights(went / "weights.safetensors").state_dict()
    moved = {n for n, value in before.items() if value.shape == after[n].shape and not value.equal(after[n])}
    assert moved
    assert {name for name in moved if not name.startswith("backbone.full.decoder.")} == set()
    # Beside the weights it began with it is theirs: the same bytes, shown better.
    crop = Store(out / "crops-64", "train").batch([0]).pictures
    streams, errors = [], []
    for present in (False, True):
        if present:
            full_decoder_of(first).write_bytes(taught.read_bytes())
        codec = load_weights(first)
        coded = codec.encode(crop, 200, full=True)
        streams.append(coded[0].string)
        errors.append(float((codec.decode(coded, full=True) - crop).square().mean()))
    assert streams[0] == streams[1]
    assert errors[1] < 0.95 * errors[0], errors
    # Weights that are written on keep what was taught.
    codec = load_weights(first, estimating=True)
    save_weights(codec, tmp_path / "again.safetensors")
    assert full_decoder_of(tmp_path / "again.safetensors").exists()
    # Others that take their place do not: it would show other latents.
    load_pretrained(codec.spatial.full)
    save_weights(codec, tmp_path / "again.safetensors")
    assert not full_decoder_of(tmp_path / "again.safetensors").exists()
    # Installed under a name, no output may replace it, and kept results know it from others.
    installed = tmp_path / "more" / "vae_mine.safetensors"
    installed.parent.mkdir()
    installed.write_bytes(first.read_bytes())
    monkeypatch.setenv("SEAMSCOPE_WEIGHTS", str(installed.parent))
    without = describe(["vae"], "vae_mine", "cpu", "full")["vae"]
    full_decoder_of(installed).write_bytes(taught.read_bytes())
    assert full_decoder_of(installed) in registry.all_weights()
    assert set(registry.named("vae").weights()) == {"vae_spatial", "vae_mine"}
    taught_one = describe(["vae"], "vae_mine", "cpu", "full")["vae"]
    assert {key for key in without if without[key] != taught_one[key]} == {"decoders"}
    full_decoder_of(first).write_bytes(first.read_bytes())
    with pytest.raises(ModelError, match="not a full decoder"):
        load_weights(first)


def test_crops_that_are_held_are_coded_once_and_judged_in_every_step(corpus, tmp_path, monkeypatch):
    head, _, stages = CONFIG.partition("[[stage]]")
    stage = stages.split("[[stage]]")[2].replace("steps = 2", "steps = 4").replace("full_share = 0.5", "hold = 3")
    stage = stage.replace('train = ["pair", "codec", "temporal"]', 'train = ["decoder"]').replace("latent = 0.1\n", "")
    config, short = tmp_path / "hold.toml", tmp_path / "short.toml"
    config.write_text(f"{head}[[stage]]{stage}", encoding="utf-8")
    short.write_text(f"{head}[[stage]]{stage.replace('steps = 4', 'steps = 2')}", encoding="utf-8")
    coded = []
    forward = VaeCodec.forward
    monkeypatch.setattr(VaeCodec, "forward", lambda *values: coded.append(1) or forward(*values))
    cpu = torch.device("cpu")
    monkeypatch.setattr(training, "validate", lambda _: [])
    list(training.start(settings.load(config), tmp_path, tmp_path / "whole", corpus=(corpus,), device=cpu))
    assert len(coded) == 2
    # Stopped between steps that look at the same crops, it codes them again and goes on as if it had not been.
    parted = tmp_path / "parted"
    parted.mkdir()
    (parted / "crops-64").symlink_to(tmp_path / "whole" / "crops-64")
    for part in (short, config):
        list(training.start(settings.load(part), tmp_path, parted, device=cpu))
    assert len(coded) == 2 + 1 + 2
    first, second = (load_weights(tmp_path / name / "weights.safetensors").state_dict() for name in ("whole", "parted"))
    for name, value in first.items():
        assert torch.allclose(value.float(), second[name].float(), atol=2e-3), name
    config.write_text(config.read_text(encoding="utf-8").replace('["decoder"]', '["pair"]'), encoding="utf-8")
    with pytest.raises(SettingError, match="hold must be at least 1"):
        settings.load(config)


def test_single_pictures_are_refused_where_they_teach_nothing(tmp_path):
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(CONFIG.replace('name = "pair"', 'name = "pair"\nsingles = true', 1), encoding="utf-8")
    with pytest.raises(SettingError, match="singles must say how many"):
        settings.load(wrong)


def test_a_batch_of_gops_and_the_same_backwards_lowers_the_step_between_them(corpus, tmp_path):
    head, _, stages = CONFIG.replace("save_every_s = 0", "save_every_s = 1000").partition("[[stage]]")
    stage = stages.split("[[stage]]")[1].replace("steps = 4", "steps = 60").replace("1e-3", "2e-4")
    seams = {}
    for weight in (0.0, 30.0):
        config, out = tmp_path / "seam.toml", tmp_path / f"out-{weight}"
        config.write_text(f"{head}[[stage]]\nseam_share = 1.0\nseam = {weight}{stage}", encoding="utf-8")
        list(training.start(settings.load(config), tmp_path, out, corpus=(corpus,), device=torch.device("cpu")))
        with (out / "log.csv").open(encoding="utf-8") as file:
            rows = [float(row["seam"]) for row in csv.DictReader(file) if row["seam"]]
        seams[weight] = sum(rows[-20:])
    assert 0 < seams[30.0] < 0.9 * seams[0.0], seams
    seamed = f"{head}[[stage]]\nseam_share = 0.5{stage}"
    for wrong in (seamed.replace("batch = 2", "batch = 3"), seamed.replace("latent = 0.6", "quantise = false")):
        config.write_text(wrong, encoding="utf-8")
        with pytest.raises(SettingError, match="for GoPs that are coded, in batches of an even number"):
            settings.load(config)


def test_flicker_counts_most_where_nothing_moves():
    still, moving = torch.zeros(1, 2, 3, 8, 8), torch.zeros(1, 2, 3, 8, 8)
    moving[:, 1] = 0.5
    wrong = torch.zeros(1, 2, 3, 8, 8)
    wrong[:, 1] = 4 / 127.5
    assert float(flicker(still + wrong, still)) == pytest.approx(4.0)
    assert float(flicker(moving + wrong, moving)) == pytest.approx(0.4, rel=1e-3)


def test_tone_is_what_texture_does_not_change():
    grey = torch.zeros(2, 3, 64, 64)
    texture = torch.zeros(2, 3, 64, 64)
    texture[..., ::2], texture[..., 1::2] = 0.5, -0.5
    darker = grey - torch.tensor([0.0, 10 / 127.5]).view(2, 1, 1, 1)
    assert tone_error(texture, grey).tolist() == [0.0, 0.0]
    assert tone_error(darker + texture, grey).tolist() == pytest.approx([0.0, 100.0])


def test_clips_of_photos_stand_still_now_and_then(tmp_path):
    grain = np.random.default_rng(0).integers(0, 255, (160, 200, 3), dtype=np.uint8)
    Image.fromarray(grain).save(tmp_path / "p_0.png")
    (source,) = find_sources((tmp_path,))
    clips = [cut_clip(source, 3, 64, np.random.default_rng(seed)) for seed in range(40)]
    still = [clip is not None and bool((clip[1:] == clip[:1]).all()) for clip in clips]
    assert 8 <= sum(still) <= 24


def test_judges_look_through_a_window_of_a_larger_crop(tmp_path):
    for name in ("a_0", "d_0"):
        make_clip(tmp_path / f"{name}.mp4", frames=12, size="160x144")
    head, _, stages = CONFIG.replace("crop = 64", "crop = 128").partition("[[stage]]")
    stage = stages.split("[[stage]]")[2].replace("steps = 2", "steps = 1")
    config = tmp_path / "window.toml"
    config.write_text(f"{head}[[stage]]\nwindow = 72{stage}", encoding="utf-8")
    run(config, tmp_path, tmp_path / "out")
    with (tmp_path / "out" / "log.csv").open(encoding="utf-8") as file:
        assert 0 < float(next(csv.DictReader(file))["lpips"]) < 2
    for window in ("76", "136", "56"):
        config.write_text(config.read_text().replace("window = 72", f"window = {window}"), encoding="utf-8")
        with pytest.raises(SettingError, match="window must be a multiple of 8, from 64 up to the crop"):
            settings.load(config)
        config.write_text(config.read_text().replace(f"window = {window}", "window = 72"), encoding="utf-8")


def test_configurations_that_ship_are_readable_and_wrong_ones_are_named(tmp_path):
    folder = Path(settings.__file__).parent / "configs"
    shipped = sorted(folder.glob("*.toml"))
    assert shipped
    for path in shipped:
        assert settings.load(path).steps > 0
    wrong = tmp_path / "wrong.toml"
    wrong.write_text(CONFIG.replace("batch", "bach", 1), encoding="utf-8")
    with pytest.raises(SettingError, match="bach"):
        settings.load(wrong)


THREE_STAGES = """
crop = 64
crops = 2
held = 1
held_out = 0.5
log_every = 1
panel_every_s = 1000
panel_crops = 1
panel_qualities = [128]
backbone = "dense"
[sizes]
channels = 24
width = 32
multipliers = [1, 1, 1, 1]
blocks = 1
[[stage]]
name = "autoencoder"
steps = 1
batch = 1
train = ["backbone"]
quantise = false
encode = true
learning_rate = 1e-3
learning_rate_end = 1e-3
alpha = 4e-4
pictures = 3
[[stage]]
name = "codec"
steps = 1
batch = 2
train = ["codec"]
fit = true
encode = true
learning_rate = 1e-3
learning_rate_end = 1e-3
latent = 0.6
pictures = 0
[[stage]]
name = "everything"
steps = 1
batch = 1
train = ["backbone", "codec"]
encode = true
learning_rate = 1e-4
learning_rate_end = 1e-4
alex = 0.5
pictures = 3
"""


def test_three_stages_of_a_dense_net_of_its_own_channels(corpus, tmp_path):
    config = tmp_path / "dense.toml"
    config.write_text(THREE_STAGES, encoding="utf-8")
    said = run(config, corpus, tmp_path / "out")
    assert "codec: fitting the transform" in said and "held out" in said
    made = load_weights(tmp_path / "out" / "weights.safetensors")
    assert (made.backbone.name, made.backbone.channels) == ("dense", 24)
    pictures = torch.rand(1, 6, 3, 40, 52) * 2 - 1
    assert made.decode(made.encode(pictures, 100)).shape == pictures.shape


def test_stages_two_and_three_start_from_an_imported_net(corpus, tmp_path):
    weights = tmp_path / "vae_lean.safetensors"
    import_checkpoint(CHECKPOINT, weights, QUIET)
    text = THREE_STAGES.replace('"dense"', '"lean"')
    text = text[: text.index("[sizes]")] + text[text.index('[[stage]]\nname = "codec"') :]
    # As long as nothing has moved the encoder, its stored latents will do.
    text = text.replace("fit = true\nencode = true", "fit = true")
    config = tmp_path / "lean.toml"
    config.write_text(text, encoding="utf-8")
    said = run(config, corpus, tmp_path / "out", "--start", str(weights))
    assert "step 2/2 everything" in said
    before, after = load_weights(weights), load_weights(tmp_path / "out" / "weights.safetensors")
    assert after.backbone.sizes == before.backbone.sizes
    assert not torch.equal(
        after.backbone.encoder.image_low_proj[1].weight, before.backbone.encoder.image_low_proj[1].weight
    )


def test_configurations_that_do_not_fit_their_backbone_are_named(tmp_path):
    config = tmp_path / "wrong.toml"
    stale = THREE_STAGES.replace("fit = true\nencode = true", "fit = true")
    for text, reason in (
        (THREE_STAGES.replace('"dense"', '"huge"'), "no backbone 'huge'"),
        (THREE_STAGES.replace("width = 32", "width = 33"), "width must lie between"),
        (THREE_STAGES.replace("width = 32", "depth = 3"), "no size 'depth'"),
        ('start = "x.safetensors"\n' + THREE_STAGES, "those of the weights"),
        (stale, "stored latents are of an encoder that is no more"),
    ):
        config.write_text(text, encoding="utf-8")
        with pytest.raises(SettingError, match=reason):
            settings.load(config)
    config.write_text(THREE_STAGES.replace('["backbone"]', '["codec"]'), encoding="utf-8")
    with pytest.raises(SettingError, match="drawn at random: name the weights"):
        list(prepare(settings.load(config), (), None, tmp_path, torch.device("cpu")))
    seams = THREE_STAGES.replace("batch = 2", "batch = 2\nseam_share = 0.5")
    config.write_text(seams, encoding="utf-8")
    with pytest.raises(SettingError, match="seam_share needs latents of single pictures"):
        list(prepare(settings.load(config), (), None, tmp_path, torch.device("cpu")))
    config.write_text(THREE_STAGES.replace('["codec"]', '["temporal"]'), encoding="utf-8")
    with pytest.raises(SettingError, match="has no part 'temporal'"):
        list(prepare(settings.load(config), (), None, tmp_path, torch.device("cpu")))


@pytest.mark.parametrize(("length", "run"), [(9, 3), (9, 6), (9, 9), (9, 1), (1, 1), (3, 9)])
def test_pictures_at_the_ends_of_a_gop_are_judged_about_as_often_as_those_between(length: int, run: int) -> None:
    rng = np.random.default_rng(1)
    weights = np.zeros(length)
    for _ in range(4000):
        rows = range(length)[training.judged_run(length, run, rng)]
        assert min(2, length, run) <= len(rows) <= run
        # Terms of a loss are means over the pictures of a run.
        weights[rows.start : rows.stop] += 1 / len(rows)
    assert weights.min() > 0.6 * weights.max(), weights
