"""The README does what it says: its Python blocks run, its commands exist and work, its table is the measured one."""

from __future__ import annotations

import ast
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results"
#: Run by the whole of this test suite, or too long to run inside it; here only their existence is checked.
DRY_RUN = {"make test", "make bench", "make derive", "make example"}


def blocks(language: str) -> list[str]:
    """The fenced blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```", README, re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    """Every command of the shell blocks, without its comment."""
    lines = [line.split("#")[0].strip() for block in blocks("sh") for line in block.splitlines()]
    return [line for line in lines if line]


def test_python_blocks_run_and_shapes_are_as_stated() -> None:
    """All Python blocks run in one session, and `name = ...  # (shape)` has that shape."""
    session: dict[str, Any] = {}
    stated = 0
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), session)
        for name, shape in re.findall(r"^(\w+) = .*#\s*(\(\d[\d, ]*\))", block, re.MULTILINE):
            assert isinstance(session[name], np.ndarray)
            assert session[name].shape == ast.literal_eval(shape), name
            assert np.isfinite(session[name]).all(), name
            stated += 1
    assert stated >= 5


def test_gpu_blocks_run_in_the_simulator() -> None:
    """What is marked for a GPU runs as it stands, where numba-cuda is installed; shapes are as stated."""
    pytest.importorskip("numba_cuda")
    (block,) = blocks("python gpu")
    shapes = re.findall(r"^(\w+) = .*#\s*(\(\d[\d, ]*\))", block, re.MULTILINE)
    checks = "\n".join(f"assert {name}.shape == {shape}" for name, shape in shapes)
    environment = os.environ | {"NUMBA_ENABLE_CUDASIM": "1"}
    done = subprocess.run([sys.executable, "-c", f"{block}\n{checks}"], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert shapes


#: `make test` has just done so; and derivations of half a minute.
SLOW = re.compile(r"python -m pocket_tfn.derive --(check|paths)")


@pytest.mark.parametrize(
    "command", [pytest.param(c, marks=[pytest.mark.slow] if SLOW.match(c) else []) for c in commands()]
)
def test_commands_work(command: str, tmp_path: Path) -> None:
    """Every command of the shell blocks succeeds; the long ones are only looked up."""
    words = shlex.split(command)
    if command in DRY_RUN or command.startswith("make derive"):
        words.insert(1, "-n")
    if "--out" in words:
        words[words.index("--out") + 1] = str(tmp_path / "out")
    if words[0] == "python":
        words[0] = sys.executable
    if words[1].startswith("examples/"):
        words[1] = str(ROOT / words[1])
        directory = tmp_path
    else:
        directory = ROOT
    done = subprocess.run(words, cwd=directory, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr


def test_every_make_target_named_exists() -> None:
    """Each `make target` in the text is one of the Makefile's."""
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = set(re.findall(r"`make ([a-z-]+)`", README))
    assert named and named <= targets


def test_every_link_leads_somewhere() -> None:
    """Relative links and pictures point to files of the repository."""
    for target in re.findall(r"\]\(([^)#]+)\)", README):
        assert target.startswith("https://") or (ROOT / target).exists(), target


def test_performance_is_what_the_benchmark_wrote() -> None:
    """Each block of numbers is the committed file that its first line names, not a copy that has drifted."""
    found = re.findall(r"<!-- benchmark: ([\w.-]+\.md)[^>]*-->\n(.*?)<!-- end of benchmark -->", README, re.DOTALL)
    assert found
    for name, block in found:
        assert block.strip() == (RESULTS / name).read_text(encoding="utf-8").strip()
