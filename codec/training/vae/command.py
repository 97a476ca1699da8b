"""`seamscope train`: its options, and what it prints. Light to import: the work is not."""

import argparse
from pathlib import Path

from codec.api import DEVICES
from codec.context import WorkContext
from codec.errors import SettingError


def add_train(parser: argparse.ArgumentParser) -> None:
    """Options of `train`."""
    parser.add_argument("config", type=Path, help="the run, a TOML file; some ship in codec/training/vae/configs")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="state, log, panels; goes on from there")
    parser.add_argument(
        "--corpus",
        type=Path,
        nargs="+",
        default=[],
        metavar="PLACE",
        help="folders of videos and photos, or tar archives",
    )
    parser.add_argument(
        "--start", type=Path, metavar="FILE", help="weights to start from, as seamscope weights import makes them"
    )
    parser.add_argument("--vgg-trunk", type=Path, metavar="FILE", help="VGG16 trunk for LPIPS-VGG as a judge")
    parser.add_argument("--minutes", type=float, metavar="N", help="stop after N minutes, the state kept")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0: all cores")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where to train")
    parser.set_defaults(run=_train)


def add_import(parser: argparse.ArgumentParser) -> None:
    """Options of `weights import`."""
    parser.add_argument(
        "checkpoint", type=Path, help="CV-VAE or LeanVAE: safetensors, or what PyTorch 1.6 or newer saves"
    )
    parser.add_argument(
        "--out",
        type=Path,
        metavar="FILE",
        help="weights to write, vae_NAME.safetensors; default: of the checkpoint's name, in the folder "
        "SEAMSCOPE_WEIGHTS where that is set, else here",
    )
    parser.add_argument(
        "--channels", type=int, metavar="N", help="of CV-VAE: widen its latent to N channels, to be trained on"
    )
    parser.set_defaults(run=_import)


def _import(arguments: argparse.Namespace, context: WorkContext) -> str:
    from codec.training.vae.importing import import_checkpoint

    return import_checkpoint(arguments.checkpoint, arguments.out, context, channels=arguments.channels)


def _train(arguments: argparse.Namespace, context: WorkContext) -> str:
    import torch

    from codec.nn.device import pick
    from codec.training.vae import run, settings

    if arguments.minutes is not None and not arguments.minutes > 0:
        raise SettingError(f"--minutes must be above 0, not {arguments.minutes}.")
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    chosen = settings.load(arguments.config)
    lines = run.start(
        chosen,
        arguments.config.parent,
        arguments.out,
        corpus=tuple(arguments.corpus),
        trunk=arguments.vgg_trunk,
        weights=arguments.start,
        minutes=arguments.minutes,
        device=pick(arguments.device),
    )
    for line in lines:
        context.check()
        print(line, flush=True)
    return f"{arguments.out}: state and weights are written"
