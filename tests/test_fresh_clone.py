"""A newcomer's first command: `make derive` in a fresh clone sets everything up and changes nothing that is
committed."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


@pytest.mark.slow
def test_make_derive_from_nothing(tmp_path: Path) -> None:
    """From a clone without .venv, with generated/ removed: the same files come back."""
    clone = tmp_path / "clone"
    subprocess.run(["git", "clone", "--quiet", str(ROOT), str(clone)], check=True, timeout=60)
    subprocess.run(["git", "rm", "-rq", "--cached", "generated"], cwd=clone, check=True)
    for file in sorted((clone / "generated").rglob("*"), reverse=True):
        file.unlink() if file.is_file() else file.rmdir()
    environment = {
        k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "PYTHONPATH", "VIRTUAL_ENV")
    }
    made = subprocess.run(["make", "derive"], cwd=clone, env=environment, capture_output=True, text=True, timeout=550)
    assert made.returncode == 0, made.stdout + made.stderr
    subprocess.run(["git", "add", "generated"], cwd=clone, check=True)
    changed = subprocess.run(["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True)
    assert changed.stdout == "", changed.stdout
