"""The entropy coder: the extension module `ans` of CompressAI (Clear BSD), without the rest of that package, whose
import takes seconds that a first picture would wait for.
"""

import sys
from functools import cache
from importlib.machinery import ExtensionFileLoader, PathFinder
from importlib.util import find_spec, module_from_spec, spec_from_loader
from types import ModuleType

from codec.errors import ModelError

_NAME = "compressai.ans"


@cache
def coder() -> ModuleType:
    """The module, with BufferedRansEncoder and RansDecoder. Raises ModelError when CompressAI is not installed."""
    if _NAME in sys.modules:
        return sys.modules[_NAME]
    package = find_spec("compressai")
    places = None if package is None else package.submodule_search_locations
    found = PathFinder.find_spec("ans", list(places)) if places else None
    if found is None or found.origin is None:
        raise ModelError("The vae codec needs the package compressai, which is not installed.")
    # Under its own name: an extension cannot be loaded twice, and the package may be imported later.
    spec = spec_from_loader(_NAME, ExtensionFileLoader(_NAME, found.origin))
    assert spec is not None and spec.loader is not None
    module = module_from_spec(spec)
    sys.modules[_NAME] = module
    spec.loader.exec_module(module)
    return module
