"""One derivation in a process of its own: degrees up to L, on some processes; JSON on stdout.

`python -m benchmarks.derivation_child L PROCESSES`
"""

import json
import sys
import time
from dataclasses import fields
from typing import Any

from pocket_tfn.derive.pipeline import Derivation
from pocket_tfn.derive.requests import pairs_between

JOBS = "jobs"
"""The field of Derivation that says how many processes it may use."""


def main(highest: int, processes: int) -> None:
    degrees = range(highest + 1)
    pairs = pairs_between(degrees, degrees)
    shared: dict[str, Any] = {JOBS: processes} if JOBS in {f.name for f in fields(Derivation)} else {}
    derivation = Derivation(pairs=pairs, **shared)
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
                "processes": processes if shared else 1,
                "bytes": sum(len(text.encode()) for text in derivation.files.values()),
                "theorems": {proof.name: seconds for proof, seconds in derivation.proofs},
                "first": first,
                "seconds": time.perf_counter() - start,
            }
        )
    )


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
