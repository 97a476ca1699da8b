"""The state of a run on disk: parameters, their moving average, optimiser moments, position; in parts a carrier takes.

`state-K-of-N.safetensors` parts of at most PART_LIMIT bytes and `state.json`. Moments are kept as bfloat16: they steer
the next steps, they need no more. Written beside the old state and moved over it, so a stop never leaves half of one.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from safetensors.torch import load_file, save_file
from torch import Tensor

from codec.errors import ModelError
from codec.output import write_text

PART_LIMIT = 15 * 2**20


@dataclass(slots=True)
class State:
    """Tensors by role-prefixed name ("model.", "ema.", "m1.", "m2.") and the run's position."""

    tensors: dict[str, Tensor] = field(default_factory=dict)
    position: dict[str, Any] = field(default_factory=dict)

    def role(self, prefix: str) -> dict[str, Tensor]:
        """The tensors of one role, without the prefix."""
        return {name[len(prefix) :]: value for name, value in self.tensors.items() if name.startswith(prefix)}


def save(folder: Path, state: State) -> None:
    """Write `state` into `folder`, replacing what was there."""
    folder.mkdir(parents=True, exist_ok=True)
    parts: list[dict[str, Tensor]] = [{}]
    used = 0
    for name, tensor in state.tensors.items():
        size = tensor.numel() * tensor.element_size()
        if used and used + size > PART_LIMIT:
            parts.append({})
            used = 0
        parts[-1][name] = tensor.detach().cpu().contiguous()
        used += size
    stale = set(folder.glob("state-*.safetensors"))
    names = [f"state-{i + 1}-of-{len(parts)}.safetensors" for i in range(len(parts))]
    for name, part in zip(names, parts, strict=True):
        save_file(part, folder / f"{name}.tmp")
    for name in names:
        (folder / f"{name}.tmp").replace(folder / name)
        stale.discard(folder / name)
    for old in stale:
        old.unlink()
    write_text(folder / "state.json", json.dumps({"parts": names, "position": state.position}, indent=1))


def load(folder: Path) -> State | None:
    """Read a state, or None where there is none yet. Raises ModelError when it is incomplete."""
    listing = folder / "state.json"
    if not listing.exists():
        return None
    try:
        head = json.loads(listing.read_text(encoding="utf-8"))
        state = State(position=dict(head["position"]))
        for name in head["parts"]:
            if Path(name).name != name:
                raise ValueError(f"part name {name!r}")
            state.tensors.update(load_file(folder / name))
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ModelError(f"{folder}: the training state is damaged ({error}).") from error
    return state
