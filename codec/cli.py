"""The command line: thin. Every command parses, calls one function of the engine, prints; errors are one line."""

import argparse
import contextlib
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from codec import __version__, registry
from codec.api import DECODERS, DEVICES, PRECISIONS, DecodeSettings
from codec.bench.command import add_bench, add_overlap
from codec.choosing import Choice, add_codec, chosen
from codec.errors import Cancelled, SeamscopeError, SettingError, sentence_of
from codec.gop import DEFAULT_THETA, Structure
from codec.terminal import Ended, drop_output, ending_raises, say_anything
from codec.texts import visible, visible_lines
from codec.training.vae.command import add_import, add_train

if TYPE_CHECKING:
    from codec.media.clip import Clip

EXIT_ERROR = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


class TerminalContext:
    """Progress as a bar on standard error; quiet when that is no terminal."""

    def __init__(self) -> None:
        from tqdm import tqdm

        self._stopped = False
        self._bar = tqdm(total=1000, bar_format="{desc:<34.34} {bar} {percentage:3.0f}% {elapsed}", disable=None)

    def report(self, fraction: float, message: str = "") -> None:
        self._bar.set_description_str(message, refresh=False)
        self._bar.n = round(1000 * min(1.0, max(0.0, fraction)))
        self._bar.refresh()

    def check(self) -> None:
        """A signal raises on the main thread by itself; the others hear of it here."""
        if self._stopped:
            raise Cancelled

    def stop(self) -> None:
        """The program was asked to end."""
        self._stopped = True

    def close(self) -> None:
        self._bar.close()


def build_parser() -> argparse.ArgumentParser:
    """The parser of all headless commands."""
    parser = argparse.ArgumentParser(prog="seamscope", description="Encode, decode and compare without a window.")
    parser.add_argument("--version", action="version", version=f"seamscope {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_encode(commands.add_parser("encode", help="encode a clip into a .gop stream"))
    _add_decode(commands.add_parser("decode", help="decode a .gop stream into lossless video (FFV1 in Matroska)"))
    info = commands.add_parser("info", help="tell what a .gop stream holds, checking every GoP")
    info.add_argument("stream", type=Path)
    info.set_defaults(run=_info)
    weights = commands.add_parser("weights", help="list the codec weights there are; import published checkpoints")
    weights.set_defaults(run=_weights)
    of_weights = weights.add_subparsers(metavar="import")
    add_import(of_weights.add_parser("import", help="make weights of a published checkpoint, to train and code with"))
    _add_compare(
        commands.add_parser("compare", help="compare with HEVC, VVC and others at equal bitrate, write a report")
    )
    add_bench(commands.add_parser("bench", help="rate curves of a folder of clips against HEVC, VVC and AV1"))
    add_overlap(commands.add_parser("overlap", help="what sharing and blending frames between GoPs brings"))
    add_train(commands.add_parser("train", help="train the vae codec; goes on where it was stopped"))
    return parser


def _add_machine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where networks run; hybrid has none")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads, 0: all cores; does not change the result")
    parser.add_argument(
        "--precision",
        choices=PRECISIONS,
        default="auto",
        help="auto: 16-bit networks where the hardware gains; hybrid has none",
    )


def _add_range(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--in", dest="start", type=int, default=0, metavar="FRAME", help="first frame (from 0)")
    parser.add_argument("--out-point", dest="stop", type=int, metavar="FRAME", help="frame after the last one")


def _add_deinterlace(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--deinterlace", action="store_true", help="make each picture's lines of one moment (bwdif)")


def _lambda_help() -> str:
    ranges = ((name, codec.settings.lambda_range) for name, codec in registry.codecs().items())
    return "few bits to many: " + ", ".join(f"{name} {low:g} to {high:g}" for name, (low, high) in ranges)


def _add_encode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument("--lambda", dest="lmbda", type=float, required=True, help=_lambda_help())
    add_codec(parser)
    parser.add_argument("--disjoint", action="store_true", help="GoPs that share no frame")
    parser.add_argument("--weights", default="", metavar="NAME", help="weights to encode with; see seamscope weights")
    _add_range(parser)
    _add_deinterlace(parser)
    _add_machine(parser)
    parser.set_defaults(run=_encode)


def _add_decode(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("stream", type=Path)
    parser.add_argument("-o", "--output", type=Path, required=True)
    parser.add_argument(
        "--theta", type=float, default=DEFAULT_THETA, help="weight of the earlier GoP in a shared frame"
    )
    parser.add_argument(
        "--wide", action="store_true", help="blend what stands still over whole GoPs, not their shared frame alone"
    )
    parser.add_argument(
        "--decoder", choices=DECODERS, default="auto", help="of codecs with two for one stream; auto: fast on a CPU"
    )
    parser.add_argument("--keep-undamaged", action="store_true", help="repeat the nearest picture for damaged GoPs")
    _add_machine(parser)
    parser.set_defaults(run=_decode)


def _add_compare(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("clip", type=Path)
    parser.add_argument("--lambda", dest="lambdas", type=float, nargs="+", required=True)
    parser.add_argument("--against", default="hevc,vvc", help="rivals, comma separated: hevc, vvc, av1, another codec")
    add_codec(parser)
    parser.add_argument("--report", type=Path, required=True, metavar="DIR")
    parser.add_argument("--preset", default="", help="effort of the rivals; default: medium (AV1: 8)")
    _add_range(parser)
    _add_deinterlace(parser)
    _add_machine(parser)
    parser.set_defaults(run=_compare)


def _clip(arguments: argparse.Namespace, context: TerminalContext) -> "Clip":
    from codec.media.clip import open_clip

    return open_clip(
        arguments.clip,
        start=arguments.start,
        stop=arguments.stop,
        deinterlace=arguments.deinterlace,
        context=context,
    )


def _encode(arguments: argparse.Namespace, context: TerminalContext) -> str:
    from codec.output import check_output
    from codec.stream.encoder import encode_clip

    check_output(arguments.output, (arguments.clip, *registry.all_weights()))
    settings = chosen(arguments).settings(
        arguments.lmbda,
        structure=Structure.DISJOINT if arguments.disjoint else Structure.OVERLAP,
        device=arguments.device,
        weights=arguments.weights,
        precision=arguments.precision,
        reconstruct=False,
        threads=arguments.threads,
    )
    with _clip(arguments, context) as clip:
        info = encode_clip(clip, clip.timing, clip.info.sample_aspect, arguments.output, settings, context)
    return f"{arguments.output}: {info.size_bytes} bytes, {info.kbps:.1f} kbps, {info.bpp:.5f} bpp"


def _weights(_arguments: argparse.Namespace, _context: TerminalContext) -> str:
    lines = []
    for codec in registry.codecs().values():
        for number, (name, path) in enumerate(codec.weights().items()):
            default = "" if number else " (default)"
            lines.append(f"{codec.id}: {name}{default}: model {codec.weights_id(path)}, {path}")
    return "\n".join(lines)


def _decode(arguments: argparse.Namespace, context: TerminalContext) -> str:
    from codec.output import check_output
    from codec.stream.export import decode_to_file

    check_output(arguments.output, (arguments.stream, *registry.all_weights()))
    if not 0 <= arguments.theta <= 1:
        raise SettingError(f"θ must lie between 0 and 1, not {arguments.theta}.")
    lost = decode_to_file(
        arguments.stream,
        arguments.output,
        theta=arguments.theta,
        wide=arguments.wide,
        settings=DecodeSettings(arguments.device, arguments.precision, arguments.threads, arguments.decoder),
        keep_undamaged=arguments.keep_undamaged,
        context=context,
    )
    return f"{arguments.output}: written" + (f"; {lost} frames of damaged GoPs are repeats" if lost else "")


def _info(arguments: argparse.Namespace, context: TerminalContext) -> str:
    from codec.container.stream import read_info

    info = read_info(arguments.stream, context)
    lines = [
        f"{info.path}: Seamscope stream, {info.width}x{info.height}, {info.frame_count} frames, "
        f"{float(info.timing.frame_rate):.3f} fps, {info.timing.duration_s:.3f} s",
        f"  codec {info.codec}, λ {info.lmbda:.4g}, model {info.model_id}",
        f"  {info.structure.value} GoPs: {len(info.gop_bytes)} ({len(info.key_gops)} key)",
        f"  {info.size_bytes} bytes, {info.kbps:.1f} kbps, {info.bpp:.5f} bpp",
        f"  {info.colour.matrix.value}, {'full' if info.colour.full_range else 'limited'} range, sample aspect "
        f"{info.sample_aspect}",
    ]
    if info.damaged:
        lines.append(f"  damaged or missing GoPs: {', '.join(map(str, info.damaged))}")
    return "\n".join(lines)


def _compare(arguments: argparse.Namespace, context: TerminalContext) -> str:
    from codec.rivals import RivalCodec

    names = [name.strip().lower() for name in arguments.against.split(",") if name.strip()]
    own = chosen(arguments)
    known: dict[str, RivalCodec | Choice] = {codec.value: codec for codec in RivalCodec}
    known |= {name: Choice(name) for name in registry.usable() if name != own.codec}
    for name in names:
        if name not in known:
            raise SettingError(f"--against: there is no rival {name!r}; choose among {', '.join(known)}.")
    from codec.report.compare import ReportRequest, compare

    request = ReportRequest(
        tuple(arguments.lambdas),
        tuple(known[name] for name in names),
        own,
        arguments.device,
        arguments.precision,
        arguments.threads,
        arguments.preset,
    )
    with _clip(arguments, context) as clip:
        report = compare(clip, request, arguments.report, context)
    if report.failures:
        raise SeamscopeError(f"{report.page} is written, but not all of it: {' '.join(report.failures)}")
    return f"Report: {report.page}"


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code: 0 done, 1 an error that was told, 2 wrong usage, 128 + its number for a
    signal that ended it (130: Ctrl-C)."""
    say_anything()
    try:
        arguments = build_parser().parse_args(argv)
    except SystemExit as stop:
        return int(stop.code or 0)
    context = TerminalContext()
    try:
        with ending_raises(context.stop):
            message = arguments.run(arguments, context)
            context.close()
            return _tell(message)
    except Ended as end:
        return _fail(context, "interrupted", end.exit_code)
    except KeyboardInterrupt:
        return _fail(context, "interrupted", EXIT_INTERRUPTED)
    except Cancelled as error:
        return _fail(context, str(error), EXIT_ERROR)
    except Exception as error:
        sentence = sentence_of(error)
        if sentence is None:
            raise
        return _fail(context, sentence, EXIT_ERROR)


def _tell(message: str) -> int:
    try:
        # A name may hold what a terminal would obey.
        print(visible_lines(message), flush=True)
    except BrokenPipeError:
        # Whoever read it has gone, as `head` does.
        drop_output()
    except OSError:
        drop_output()
        raise
    return 0


def _fail(context: TerminalContext, sentence: str, code: int) -> int:
    context.close()
    with contextlib.suppress(OSError):
        print(f"seamscope: {visible(sentence)}", file=sys.stderr)
    return code


if __name__ == "__main__":
    sys.exit(main())
