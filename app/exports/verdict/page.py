"""The verdict as one HTML page that needs nothing else: no network, no other file, no script but its own.

What the page may do is in its Content-Security-Policy: pictures and the video out of the page itself, the one script
and the one style sheet by their hashes.
"""

import base64
import hashlib
from pathlib import Path

from app.exports.verdict.content import content_of_verdict
from app.exports.verdict.loop import data_uri, loop_of
from app.exports.verdict.request import VerdictRequest
from codec.context import WorkContext
from codec.errors import MediaError
from codec.media import place
from codec.output import check_output, write_text
from codec.pages import page_of
from codec.resources import resource_folder


def export_page(context: WorkContext, request: VerdictRequest, target: Path, inputs: tuple[Path, ...] = ()) -> Path:
    """Write the page, whole or not at all. `inputs`: files in use. Raises OutputError, SettingError, RivalError,
    MediaError, Cancelled."""
    check_output(target, inputs)
    content = content_of_verdict(context, request, "svg")
    loop = loop_of(context, request)
    style, script = _own("verdict.css"), _own("verdict.js")
    text = page_of(
        "verdict.html",
        **content.values,
        video=loop,
        stills=[still.uri for still in content.stills],
        rates="" if content.rates is None else data_uri("image/svg+xml", content.rates),
        answers=[data_uri("image/svg+xml", drawing) for drawing in content.answers],
        viewers="" if content.viewers is None else data_uri("image/svg+xml", content.viewers),
        style=style,
        script=script,
        policy=policy_of(style, script),
    )
    context.check()
    place.output_file(target, what="verdict")
    try:
        write_text(target, text, inputs)
    except OSError as error:
        raise MediaError(f"{target}: the verdict cannot be written ({error.strerror or error}).") from error
    return target


def policy_of(style: str, script: str) -> str:
    """What browsers let the page do."""
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src '{_hash(style)}'; "
        f"script-src '{_hash(script)}'; base-uri 'none'; form-action 'none'"
    )


def _hash(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _own(name: str) -> str:
    """A style sheet or script between the tags of its element."""
    return "\n" + (resource_folder() / "templates" / name).read_text(encoding="utf-8")
