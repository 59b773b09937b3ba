"""The package as a newcomer meets it, and what the repository may not hold."""

from __future__ import annotations

import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

import pocket_tfn
import pytest
from pocket_tfn.derive.folder import MARK

ROOT = Path(__file__).resolve().parent.parent


def test_version_and_lazy_modules() -> None:
    """pocket_tfn.cpu works after a plain import, which itself loads neither Numba nor SymPy."""
    assert pocket_tfn.__version__ == metadata.version("pocket-tfn")
    assert {"cpu", "cuda", "__version__"} <= set(dir(pocket_tfn))
    code = (
        "import sys, pocket_tfn; light = not {'numba', 'sympy', 'numpy'} & set(sys.modules);"
        "sys.exit(not (light and callable(pocket_tfn.cpu.kernel_1_1)))"
    )
    assert subprocess.run([sys.executable, "-c", code], timeout=120).returncode == 0
    with pytest.raises(AttributeError, match="gpu"):
        _ = pocket_tfn.gpu


def test_every_generated_file_says_so() -> None:
    """Header with template and source in all of generated/, the empty type marker excepted."""
    files = [f for f in (ROOT / "generated").rglob("*") if f.is_file() and "__pycache__" not in f.parts]
    assert len(files) > 10
    for file in files:
        text = file.read_text(encoding="utf-8")
        assert MARK in "\n".join(text.splitlines()[:2]) or file.name == "py.typed", file


def test_no_machine_paths_are_tracked() -> None:
    """The repository speaks of the software alone."""
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if tracked.returncode:
        pytest.skip("not a git checkout")
    pattern = re.compile(r"(?<![\w.])/(home|root|Users|work)/\w")
    for name in tracked.stdout.split():
        if not name.endswith((".png", "test_package.py")):
            assert not pattern.search((ROOT / name).read_text(encoding="utf-8")), name
