"""The log of a run: a CSV."""

import csv
from pathlib import Path
from typing import Any

LOG_FIELDS: tuple[str, ...] = (
    "step",
    "stage",
    "seconds",
    "loss",
    "bpp",
    "z_bpp",
    "latent",
    "lpips",
    "pair",
    "seam",
    "flicker",
    "nonzero",
    "learning_rate",
)


class Log:
    """The CSV, appended row by row; rows past the step that a run goes on from are dropped."""

    def __init__(self, path: Path, step: int) -> None:
        self._path = path
        rows = []
        if path.exists():
            with path.open(newline="", encoding="utf-8") as file:
                rows = [row for row in csv.DictReader(file) if int(row["step"]) <= step]
        with path.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, LOG_FIELDS)
            writer.writeheader()
            writer.writerows(rows)

    def write(self, row: dict[str, Any]) -> None:
        kept = {
            key: f"{value:.6g}" if isinstance(value, float) else value
            for key, value in row.items()
            if key in LOG_FIELDS
        }
        with self._path.open("a", newline="", encoding="utf-8") as file:
            csv.DictWriter(file, LOG_FIELDS).writerow(kept)
