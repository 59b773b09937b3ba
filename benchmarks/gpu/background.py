"""OpenEquivariance compiles a C++ extension at its first import: in another process, while others are measured."""

import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

from benchmarks.gpu.contestant import Missing

PATIENCE = 75.0
"""Seconds that the first row which needs it waits; the others do not."""
LINES = 15
"""Of the compiler's last words, printed if it failed."""

_BUILD = "import openequivariance as o; assert o.BUILT_EXTENSION, o.BUILT_EXTENSION_ERROR"
_started: subprocess.Popen[bytes] | None = None
_log: Path | None = None
_patience = PATIENCE


def start_openequivariance(patience: float = PATIENCE) -> None:
    """Nothing where it is not installed."""
    global _started, _log, _patience
    _patience = min(patience, PATIENCE)
    if _started is None and find_spec("openequivariance") is not None:
        _log = Path(tempfile.mkdtemp(prefix="pocket-tfn-oeq-")) / "build.txt"
        with _log.open("wb") as file:
            _started = subprocess.Popen([sys.executable, "-W", "ignore", "-c", _BUILD], stdout=file, stderr=file)


def wait_for_openequivariance() -> None:
    """Returns once the extension is there; Missing says why it is not."""
    global _patience
    if find_spec("openequivariance") is None:
        raise Missing("openequivariance is not installed")
    if _started is None:
        start_openequivariance()
    assert _started is not None and _log is not None
    patience, _patience = _patience, 0.0
    try:
        status = _started.wait(patience)
    except subprocess.TimeoutExpired:
        raise Missing("its extension was still compiling") from None
    if status:
        lines = _log.read_text(errors="replace").strip().splitlines()
        if patience:
            print(*lines[-LINES:], sep="\n", flush=True)
        raise Missing(f"its extension did not compile: {lines[-1] if lines else f'status {status}'}")


def stop() -> None:
    """Ends the compilation if it is still going on."""
    if _started is not None and _started.poll() is None:
        _started.kill()
