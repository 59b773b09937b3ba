"""Derivatives do not depend on the number of threads, and may be called from several Python threads at once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from pocket_tfn import cpu, cpu_derivatives

from tests import inputs
from tests.derivative_cases import FULL, convolve_case
from tests.subprocesses import run_script
from tests.tolerances import Array, assert_same_bits


def check_threads(compute: Callable[[], dict[str, Array]]) -> None:
    """One, two and five threads, calls repeated: the same bits; and the work was in fact divided."""
    want, counts = compute(), []
    spread, before = cpu._spread, cpu.get_num_threads()

    def recording(loop: Any, bounds: Any, args: Any) -> None:
        counts.append(len(bounds) - 1)
        spread(loop, bounds, args)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpu, "_INLINE_WORK", 0)
        patch.setattr(cpu_derivatives, "_spread", recording)
        try:
            for threads in (1, 2, 5):
                cpu.set_num_threads(threads)
                for _ in range(2):
                    for name, array in compute().items():
                        assert_same_bits(array, want[name])
        finally:
            cpu.set_num_threads(before)
    assert min(counts) == 1 and max(counts) > 5


@pytest.mark.parametrize("key", FULL)
@pytest.mark.parametrize("dtype", inputs.DTYPES)
@pytest.mark.parametrize("normalize", [True, False])
def test_number_of_threads(key: str, dtype: Any, normalize: bool) -> None:
    """VJP, JVP and second order; senders with nothing, with one edge and with many."""
    degrees = (9, 0, 40, 1, 13) * 6
    case = convolve_case(key, dtype, degrees, normalize=normalize, zero_vectors=True, seed=1)
    check_threads(case.every)


@pytest.mark.parametrize("degrees", [(), (0,), (7,), (1, 0, 2)])
def test_more_threads_than_nodes(degrees: tuple[int, ...], keep_threads: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Parts without rows, rows without edges."""
    case = convolve_case("1_1", np.float64, degrees, seed=2)
    want = case.every()
    monkeypatch.setattr(cpu, "_INLINE_WORK", 0)
    cpu.set_num_threads(7)
    for name, array in case.every().items():
        assert_same_bits(array, want[name])


def test_position_cotangents(keep_threads: None) -> None:
    """The sum over the edges of a node likewise."""
    case = convolve_case("1_1", np.float64, (9, 0, 40, 1, 13) * 6, seed=3)
    args = (*case.fixed.values(), case.inputs["vectors"])
    check_threads(lambda: {"positions": cpu_derivatives.position_cotangents(*args)})


def test_several_python_threads() -> None:
    """Six threads, all orders, their first calls at once: the same to the last bit, and what the oracle gives."""
    run_script(
        """
        import threading
        from pocket_tfn import cpu
        from tests.derivative_cases import convolve_case
        from tests.tolerances import assert_same_bits

        cpu.set_num_threads(3)
        cases = [convolve_case(key, degrees=(9, 0, 40, 1, 13) * 12, seed=4) for key in ("1_0", "1_1")]
        for case in cases:
            assert len(case.fixed["indices"]) * case.channels * 3 > cpu._INLINE_WORK / 10
        cpu._INLINE_WORK = 0
        gate, faults, expected = threading.Barrier(6), [], {}

        def work():
            try:
                gate.wait()
                for _ in range(5):
                    for case in cases:
                        for name, array in case.every().items():
                            assert_same_bits(array, expected.setdefault((case.key, name), array))
            except BaseException as error:
                faults.append(error)

        threads = [threading.Thread(target=work) for _ in range(6)]
        [t.start() for t in threads]
        [t.join() for t in threads]
        assert not faults, faults
        for case in cases:
            case.check({name: array for (key, name), array in expected.items() if key == case.key})
        """,
        timeout=240,
        preamble="",
    )
