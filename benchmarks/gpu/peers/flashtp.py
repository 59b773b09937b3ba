"""FlashTP: said to be there, not measured."""

from benchmarks.gpu.contestant import Missing
from benchmarks.gpu.inputs import Inputs
from benchmarks.gpu.kit import Kit


def kit(inputs: Inputs) -> Kit:
    raise Missing("not built: needs a long compilation")
