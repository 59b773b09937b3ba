"""The emitted conversion from the slides' radial functions, executed on symbols."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import sympy as sp

from ..execution import EmittedModule
from ..slides import radial_from_slides
from .proof import residuals

CONVERSION = "radial_1_2_from_slides"


def conversion_residuals(module: EmittedModule) -> tuple[Any, ...]:
    """Emitted minus derived (theorem T7), one for each l_f; the checks of dtypes and shapes are left out."""
    alpha, beta = sp.symbols("alpha beta", real=True)
    emitted = module.run_on_host(
        CONVERSION,
        alpha,
        beta,
        _host=lambda where, **arrays: arrays.values(),
        _float_type=lambda where, **arrays: None,
        _core=lambda *_: None,
        _TABLES={None: module.constants},
        np=SimpleNamespace(
            broadcast_arrays=lambda *arrays: arrays,
            zeros_like=lambda array: sp.S.Zero,
            stack=lambda rows, axis: {-2: rows}[axis],
        ),
    )
    return residuals(emitted, radial_from_slides(alpha, beta))
