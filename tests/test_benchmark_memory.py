"""The memory of a call: what it returns, and what it needs on the way."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from benchmarks.workloads.memory import added_by

MB = 10**6


@pytest.mark.parametrize("temporary", [0, 64 * MB])
def test_result_and_temporaries_are_counted(temporary: int) -> None:
    """64 MB of result, and as much again that is gone when the call returns."""

    def run() -> Any:
        scratch = np.ones(temporary, np.uint8)
        result = np.ones(64 * MB, np.uint8)
        assert scratch.sum() == temporary
        return result

    added, result = added_by(run)
    if added is None:
        pytest.skip("this system does not tell")
    assert result.nbytes == 64 * MB
    assert added == pytest.approx(64 * MB + temporary, rel=0.1)
