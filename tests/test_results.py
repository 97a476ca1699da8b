"""The pages of figures are what a script makes of measuring commands' output: nobody typed a figure."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.proofs.training_costs import BEGIN, END, MEASURED, costs_of, table, write

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pages")
    command = [sys.executable, "-m", "tests.proofs.results", "--into", str(folder)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.mark.parametrize("page", ["docs/results.md", "README.md"])
def test_a_page_of_figures_is_as_the_script_writes_it(written: Path, page: str) -> None:
    made, kept = written / Path(page).name, ROOT / page
    assert kept.read_text(encoding="utf-8") == made.read_text(encoding="utf-8"), f"run tests.proofs.results for {page}"


def test_the_script_wrote_figures(written: Path) -> None:
    assert (written / "results.md").read_text(encoding="utf-8").count(" %") >= 60
    # Four metrics, two codecs, two rivals.
    readme = (written / "README.md").read_text(encoding="utf-8")
    assert len(re.findall(r"[+-][0-9.]+ %(?: \(\d+ of \d+\))? \|", readme)) == 16


def test_what_training_costs_is_as_the_script_writes_it(tmp_path: Path) -> None:
    page = tmp_path / "training.md"
    kept = (ROOT / "docs" / "training.md").read_text(encoding="utf-8")
    page.write_text(re.sub(f"(?s){BEGIN}.*{END}", f"{BEGIN}{END}", kept), encoding="utf-8")
    write(page, table(costs_of(MEASURED.read_text(encoding="utf-8"))))
    assert page.read_text(encoding="utf-8") == kept, "run tests.proofs.training_costs --page docs/training.md"
    assert kept.count(" GB |") >= 10
