"""The device and the libraries: what a reader needs in order to judge the numbers; no host name, no path."""

import platform
import re
import subprocess
from datetime import UTC, datetime
from importlib import metadata

import torch

LIBRARIES = (
    "pocket-tfn", "numpy", "numba", "numba-cuda", "torch", "triton", "e3nn", "cuequivariance", "cuequivariance-torch",
    "cuequivariance-ops-torch-cu13", "cuequivariance-ops-cu13", "openequivariance",
)  # fmt: skip


def describe(device: str) -> dict[str, object]:
    cuda = device.startswith("cuda")
    return {
        "device": torch.cuda.get_device_name() if cuda else "CPU",
        "driver": _driver() if cuda else "none",
        "cuda": torch.version.cuda,
        "python": platform.python_version(),
        "libraries": {name: _version(name) for name in LIBRARIES},
        "date": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
    }


def slug(device: str) -> str:
    """A device's name as part of a file's: "NVIDIA H100 80GB HBM3" is nvidia-h100-80gb-hbm3."""
    return re.sub(r"[^a-z0-9]+", "-", device.lower()).strip("-")


def _driver() -> str:
    command = ["nvidia-smi", "--query-gpu=driver_version", "--format=csv,noheader"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True).stdout
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return found.strip().splitlines()[0] if found.strip() else "unknown"


def _version(distribution: str) -> str | None:
    try:
        return metadata.version(distribution)
    except metadata.PackageNotFoundError:
        return None
