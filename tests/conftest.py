"""Fixtures that several tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from pocket_tfn import cpu


@pytest.fixture
def keep_threads() -> Iterator[None]:
    """Puts the number of threads back."""
    count = cpu.get_num_threads()
    yield
    cpu.set_num_threads(count)
