"""The peers, one module each, imported when asked for: what is missing is named, not silent.

Each has `kit(inputs) -> Kit`, or raises Missing.
"""

import importlib

from benchmarks.gpu import layered
from benchmarks.gpu.contestant import Contestant, Missing
from benchmarks.gpu.inputs import Inputs
from benchmarks.gpu.names import PEERS


def build(name: str, inputs: Inputs) -> Contestant:
    """The named peer, its inputs ready."""
    try:
        module = importlib.import_module(f"benchmarks.gpu.peers.{PEERS[name].module}")
    except ModuleNotFoundError as error:
        package = (error.name or "").partition(".")[0]
        if package in ("benchmarks", "pocket_tfn", ""):
            raise
        raise Missing(f"{package} is not installed") from error
    return layered.contestant(module.kit(inputs), inputs)
