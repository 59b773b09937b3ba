"""Laplacian of a layer after the first: its features have a Jacobian and a Laplacian of their own."""

from benchmarks.results import Measured
from benchmarks.session import Session
from benchmarks.workloads import laplacian


def measure(session: Session) -> Measured:
    return laplacian.compared("laplacian-chained", session)
