"""The codecs there are. A codec is added by an entry in `_BUILT_IN`, or by an installed package that names one in the
entry point group `seamscope.codecs`; window, command line, study, reports and projects then have it.
"""

from functools import cache
from importlib import metadata
from pathlib import Path

from codec.api import Codec, CodecSettings
from codec.container.stream import Stream
from codec.errors import SettingError, StreamError
from codec.hybrid.codec import Hybrid
from codec.resources import full_decoder_of
from codec.vae.codec import Vae

GROUP = "seamscope.codecs"
DEFAULT = "hybrid"
"""Id of the codec that a new window and the command line begin with."""

_BUILT_IN: tuple[Codec, ...] = (Hybrid(), Vae())


@cache
def codecs() -> dict[str, Codec]:
    """Every codec by its id, those that ship first. One of another package that cannot be loaded is left out."""
    found = {codec.id: codec for codec in _BUILT_IN}
    for entry in metadata.entry_points(group=GROUP):
        try:
            codec: Codec = entry.load()
            found.setdefault(codec.id, codec)
        except (ImportError, AttributeError):
            continue
    return found


def usable() -> dict[str, Codec]:
    """The codecs that can encode here: those without weights, and those whose weights are there."""
    return {name: codec for name, codec in codecs().items() if codec.weights() or not codec.needs_weights}


def named(name: str) -> Codec:
    """A codec by its id. Raises SettingError naming what there is."""
    found = codecs().get(name)
    if found is None:
        raise SettingError(f"There is no codec {name!r}; there are {', '.join(codecs())}.")
    return found


def codec_of(settings: CodecSettings) -> Codec:
    """The codec that settings are for. Raises SettingError when there is none."""
    for codec in codecs().values():
        if codec.settings is type(settings):
            return codec
    raise SettingError(f"There is no codec for settings of the class {type(settings).__name__}.")


def codec_of_stream(stream: Stream) -> Codec:
    """The codec that a stream's header names. Raises StreamError when it is not there."""
    found = codecs().get(stream.header.codec)
    if found is None:
        raise StreamError(
            f"{stream.path}: the stream was made by the codec {stream.header.codec!r}, which is not installed "
            f"(installed: {', '.join(codecs())})."
        )
    return found


def all_weights() -> tuple[Path, ...]:
    """The weights files of all codecs, taught full decoders among them: what no output may replace."""
    found = [path for codec in codecs().values() for path in codec.weights().values()]
    return (*found, *(full for path in found if (full := full_decoder_of(path)).exists()))
