"""Fixtures that several tests share."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest
from pocket_tfn import cpu


@pytest.fixture
def keep_threads() -> Iterator[None]:
    """Puts the number of threads back."""
    count = cpu.get_num_threads()
    yield
    cpu.set_num_threads(count)


@pytest.fixture(scope="session")
def general_cpu(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """cpu.py emitted for every pair up to degree 3, imported from a folder of its own: for slow tests."""
    from tests import general  # with e3nn, which other tests do not need

    return general.imported(general.cpu_text(), "general_cpu", tmp_path_factory.mktemp("general"))
