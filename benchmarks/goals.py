"""The speed that is asked for, as data.

Goals hold for 1→1, or the degrees that they name, at the workload's own sizes, on two threads, in both precisions.
"""

from dataclasses import dataclass

THREADS = 2
L_OUT = 1
FASTEST = "times faster than the fastest"
"""Of a family of contestants."""


@dataclass(frozen=True)
class Goal:
    """A bound on one of the quantities of `quantities.py`; `of` says of what, where there are several."""

    workload: str
    quantity: str
    of: str = ""
    at_least: float | None = None
    at_most: float | None = None
    degrees: tuple[int, int] = (1, L_OUT)

    def met_by(self, measured: float) -> bool:
        """False for NaN, since no comparison with NaN holds."""
        above = self.at_least is None or measured >= self.at_least
        return above and (self.at_most is None or measured <= self.at_most)

    def __str__(self) -> str:
        bound = f"at least {self.at_least:g}" if self.at_least is not None else f"at most {self.at_most:g}"
        where = self.workload + ("" if self.degrees == (1, L_OUT) else " {}→{}".format(*self.degrees))
        return f"{where}: {' '.join(filter(None, (self.quantity, self.of)))}, {bound}"


GOALS: tuple[Goal, ...] = (
    Goal("streamed", "time over the memory floor", at_most=1.4),
    Goal("streamed", "times faster than", "e3nn", at_least=100),
    Goal("streamed", "times faster than", "jax.jit", at_least=12),
    Goal("streamed", "times faster than", "torch.compile", at_least=20),
    Goal("tabulated", "times faster than", "e3nn", at_least=150),
    Goal("tabulated", "times faster than", "pocket-tfn, streamed", at_least=1),
    Goal("mixing", "times faster than", "jax.jit", at_least=20),
    Goal("mixing", "times faster than", "jax.jit, in chunks", at_least=20),
    Goal("mixing", "rate of the product over", "numpy.matmul", at_least=0.7),
    Goal("walkers", "times faster than", "jax.jit", at_least=15),
    Goal("gradients", "time over", "pocket-tfn, forward", at_most=3.5),
    Goal("gradients", "times faster than", "e3nn", at_least=60),
    Goal("forces", "times faster than", "e3nn", at_least=60),
    Goal("laplacian", "times faster than", "folx", at_least=10),
    Goal("laplacian-chained", "times faster than", "folx", at_least=10),
    Goal("scaling", "exponent of time against nodes, distance from 1", at_most=0.05),
    Goal("scaling", "peak memory over inputs and output", at_most=1.1),
    Goal("first-call", "seconds", "cold", at_most=2),
    Goal("first-call", "seconds", "cached", at_most=0.1),
    *(
        goal
        for l in (2, 3)
        for goal in (
            Goal("general", FASTEST, "C loop", at_least=1, degrees=(l, l)),
            Goal("general", "times faster than", "e3nn", at_least=30, degrees=(l, l)),
        )
    ),
)
