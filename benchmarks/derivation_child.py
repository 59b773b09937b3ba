"""One derivation in a process of its own: degrees up to L, on some processes; JSON on stdout.

`python -m benchmarks.derivation_child L PROCESSES`
"""

import json
import sys
import time

from pocket_tfn.derive.pipeline import Derivation
from pocket_tfn.derive.requests import pairs_between
from pocket_tfn.derive.workers import can_fork


def main(highest: int, processes: int) -> None:
    degrees = range(highest + 1)
    pairs = pairs_between(degrees, degrees)
    derivation = Derivation(pairs=pairs, jobs=processes)
    start = time.perf_counter()
    steps = derivation.run()
    next(steps)
    first = time.perf_counter() - start
    for _ in steps:
        pass
    print(
        json.dumps(
            {
                "paths": sum(len(p.paths) for p in pairs),
                "processes": derivation.jobs if can_fork() else 1,
                "bytes": sum(len(text.encode()) for text in derivation.files.values()),
                "theorems": {proof.name: seconds for proof, seconds in derivation.proofs},
                "first": first,
                "seconds": time.perf_counter() - start,
            }
        )
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
