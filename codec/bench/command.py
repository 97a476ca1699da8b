"""`seamscope bench` and `seamscope overlap`: their options, and what they print. Light to import: the work is not."""

import argparse
import sys
from pathlib import Path

from codec.api import DEVICES, PRECISIONS
from codec.choosing import add_codec, chosen, several_chosen
from codec.context import WorkContext
from codec.errors import SeamscopeError, SettingError
from codec.metrics.kinds import METRICS

_RIVALS = ("hevc", "vvc", "av1")


def add_bench(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    names = f"of {', '.join(METRICS)}; default: all"
    parser.add_argument("folder", type=Path, help="folder of clips")
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="report and cache; goes on where it was")
    parser.add_argument("--lambdas", type=float, nargs="+", metavar="λ", help="default: six over each codec's range")
    parser.add_argument("--rivals", default=",".join(_RIVALS), help="comma separated; default: all")
    parser.add_argument("--preset", default="medium", help="effort of x265 and VVenC")
    parser.add_argument("--av1-preset", default="", metavar="N", help="effort of SVT-AV1; default: 8")
    parser.add_argument("--clips", nargs="+", default=[], metavar="NAME", help="only these, by name or pattern")
    parser.add_argument("--frames", type=int, metavar="N", help="only the first N frames of each clip")
    parser.add_argument(
        "--metrics", nargs="+", default=list(METRICS), choices=list(METRICS), metavar="METRIC", help=names
    )
    parser.add_argument("--vgg-trunk", type=Path, metavar="FILE", help="VGG16 trunk for LPIPS-VGG and DISTS")
    parser.add_argument("--vgg-every", type=int, default=1, metavar="N", help="these two on every N-th frame only")
    parser.add_argument(
        "--window", type=float, nargs=2, metavar=("LOW", "HIGH"), help="bpp also compared on their own; 0.004 0.03"
    )
    add_codec(parser, several=True)
    _add_common(parser)
    parser.add_argument("--jobs", type=int, default=1, help="clips at once; more than one blurs speeds")
    parser.set_defaults(run=_bench)


def add_overlap(parser: argparse.ArgumentParser) -> None:
    """Options of `overlap`."""
    parser.add_argument("clips", type=Path, nargs="+", metavar="CLIP")
    parser.add_argument("--lambdas", type=float, nargs="+", required=True, metavar="λ", help="three, as in the paper")
    parser.add_argument("--out", type=Path, metavar="DIR", help="write the table into DIR/overlap.csv")
    parser.add_argument("--frames", type=int, metavar="N", help="only the first N frames of each clip")
    add_codec(parser)
    parser.add_argument(
        "--same-rate", action="store_true", help="overlapping GoPs at the λ that takes the disjoint ones' bits"
    )
    _add_common(parser)
    parser.set_defaults(run=_overlap)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--weights", default="", help="name of the codec's weights; default: the ones that ship")
    parser.add_argument("--device", choices=DEVICES, default="auto", help="where networks run, judges' too")
    parser.add_argument("--precision", choices=PRECISIONS, default="auto", help="full: 32-bit networks everywhere")
    parser.add_argument("--threads", type=int, default=0, help="CPU threads of the codecs, 0: all cores (rivals: 2)")


def _bench(arguments: argparse.Namespace, context: WorkContext) -> str:
    from codec.bench.request import DEFAULT_WINDOW, BenchRequest
    from codec.bench.run import run_bench, summary
    from codec.rivals.settings import RivalCodec

    names = [name.strip().lower() for name in arguments.rivals.split(",") if name.strip()]
    for name in names:
        if name not in _RIVALS:
            raise SettingError(f"--rivals: there is no rival {name!r}; choose among {', '.join(_RIVALS)}.")
    window = arguments.window or DEFAULT_WINDOW
    request = BenchRequest(
        lambdas=tuple(arguments.lambdas or ()),
        codecs=several_chosen(arguments),
        rivals=tuple(RivalCodec(name) for name in dict.fromkeys(names)),
        preset=arguments.preset,
        av1_preset=arguments.av1_preset,
        clips=tuple(arguments.clips),
        frames=arguments.frames,
        metrics=tuple(dict.fromkeys(arguments.metrics)),
        vgg_trunk=arguments.vgg_trunk,
        vgg_every=arguments.vgg_every,
        window=(window[0], window[1]),
        device=arguments.device,
        threads=arguments.threads,
        weights=arguments.weights,
        precision=arguments.precision,
        jobs=arguments.jobs,
    )
    report = run_bench(arguments.folder, arguments.out, request, context, _tell)
    lines = [*summary(report, request), *report.absent]
    if report.failures:
        print("\n".join(lines))
        raise SeamscopeError(
            f"{report.page} is written, but {len(report.failures)} things failed: {' '.join(report.failures)}"
        )
    return "\n".join([*lines, f"Report: {report.page}"])


def _overlap(arguments: argparse.Namespace, context: WorkContext) -> str:
    from codec.bench.overlap import TABLE, OverlapRequest, as_text, measure_overlap, write_csv
    from codec.media.place import output_folder
    from codec.output import check_output

    if arguments.out:
        output_folder(arguments.out, SettingError)
    request = OverlapRequest(
        lambdas=tuple(arguments.lambdas),
        frames=arguments.frames,
        weights=arguments.weights,
        device=arguments.device,
        precision=arguments.precision,
        threads=arguments.threads,
        codec=chosen(arguments),
        same_rate=arguments.same_rate,
    )
    if arguments.out:
        check_output(arguments.out / TABLE, arguments.clips)
    rows = measure_overlap(arguments.clips, request, context)
    table = as_text(rows)
    return f"{table}\n\nTable: {write_csv(rows, arguments.out, arguments.clips)}" if arguments.out else table


def _tell(line: str) -> None:
    from tqdm import tqdm

    tqdm.write(line, file=sys.stderr)
