"""Theorem T11 speaks of the emitted text: each edit of it below must be refused, and stop the command."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest
from pocket_tfn.derive import cli, pipeline
from pocket_tfn.derive.proofs import ProofError
from pocket_tfn.derive.proofs import t11_emitted as t11

from tests.derivation import emitted_modules, pairs_of, patched, refused, replace_form, snapshot, some_at_once
from tests.test_derive_mutation import WRONG_FORMS

# --- the emitted code ---------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Edit:
    """A replacement in the emitted text, in the modules that hold it; ``pair`` is the one whose proof must fail."""

    name: str
    old: str
    new: str
    pair: str = "1_1"

    def __str__(self) -> str:
        return self.name


FORMULAS = [
    Edit("flipped cross product", "w0 = f2 * y - f1 * z", "w0 = f1 * z - f2 * y"),
    Edit("swapped features", "d = f0 * x_3 + f1 * y_3", "d = f1 * x_3 + f0 * y_3"),
    Edit("dropped term", "g = a - c * n", "g = a"),
    Edit("|r̂|² = 1 used", "g = a - c * n", "g = a - c"),
    Edit("sign", "g = a - c * n", "g = a + c * n"),
    Edit("swapped outputs", "b * w0 + f0 * g + t * x", "b * w1 + f0 * g + t * x"),
    Edit("swapped radial functions", "b * w0 + f0 * g", "a * w0 + f0 * g"),
    Edit("swapped parameters", "edge, a, b, c, f0", "edge, b, a, c, f0"),
    Edit("swapped edge values", "return (x, y, z, n, x_3", "return (y, x, z, n, x_3"),
    Edit("transposed kernel", "t_2 * x - b * z", "t_2 * x + b * z"),
    Edit("another constant", "x_3 = k.c3 * x", "x_3 = k.c3_5 * x"),
    Edit("untyped integer", "x_3 = k.c3 * x", "x_3 = 3 * x"),
    Edit("untyped float", "x_3 = k.c3 * x", "x_3 = 3.0 * x"),
    Edit("constant that is not there", "x_3 = k.c3 * x", "x_3 = k.c7 * x"),
    Edit("misspelt name", "t = c * d", "t = c * dd"),
    Edit("dropped term of 1→2", "v0 * y_sqrt2 + v1 * x_sqrt2,", "v0 * y_sqrt2,", "1_2"),
    Edit("sign in 1→2", "v0 * x_sqrt2 - v1 * y_sqrt2", "v0 * x_sqrt2 + v1 * y_sqrt2", "1_2"),
    Edit("constant of 1→2", "z_sqrt8_3 = k.sqrt8_3 * z", "z_sqrt8_3 = k.sqrt2_3 * z", "1_2"),
    Edit("component of 1→0", "d = f0 * x + f1 * y", "d = f0 * x - f1 * y", "1_0"),
]
CONSTANTS = [
    Edit("1/5, one ulp, float32", "0x1.99999ap-3", "0x1.99999cp-3", pair="1_0"),
    Edit("1/5 truncated, float32", "0x1.99999ap-3", "0x1.999998p-3", pair="1_0"),
    Edit("√(2/3), one ulp, float64", "0x1.a20bd700c2c3ep-1", "0x1.a20bd700c2c3fp-1", pair="1_0"),
    Edit("√2 rounded to float32 in float64", "0x1.6a09e667f3bcdp+0", "0x1.6a09e60000000p+0", pair="1_0"),
    Edit("more bits than float32 has", "0x1.6a09e6p+0", "0x1.6a09e667p+0", pair="1_0"),
    Edit("negative", "0x1.800000p+1", "-0x1.800000p+1", pair="1_0"),
    Edit("zero", "zero=np.float32(0)", "zero=np.float32(1)", pair="1_0"),
    Edit("one", "one=np.float64(1)", "one=np.float64(2)", pair="1_0"),
    Edit("tiny", "0x1p-100", "0x1p+100", pair="1_0"),
    Edit("huge", "0x1p+1022", "0x1p+1024", pair="1_0"),
    Edit("the other dtype's number", "c3=np.float32(", "c3=np.float64(", pair="1_0"),
    Edit(
        "tables exchanged",
        "{np.dtype(np.float32): _K32, np.dtype(np.float64): _K64}",
        "{np.dtype(np.float32): _K64, np.dtype(np.float64): _K32}",
        pair="1_0",
    ),
    Edit("one table for both", "np.dtype(np.float32): _K32", "np.dtype(np.float32): _K64", pair="1_0"),
    Edit("decimal literal", 'np.float64(float.fromhex("0x1.8000000000000p+1"))', "np.float64(3.0)", pair="1_0"),
    Edit("no table", "_K32 = _Constants(", "_K16 = _Constants(", pair="1_0"),
]
UNIT = [
    Edit("not normalised", "return x + h * x, y + h * y, z + h * z", "return x / s, y / s, z / s", pair="1_0"),
    Edit("opposite", "return x + h * x, y + h * y, z + h * z", "return -x - h * x, -y - h * y, -z - h * z", pair="1_0"),
    Edit("absolute value", "return x + h * x, y + h * y", "return abs(x + h * x), y + h * y", pair="1_0"),
    Edit("swapped components", "return x + h * x, y + h * y", "return y + h * y, x + h * x", pair="1_0"),
    Edit("no root", "s = k.one / math.sqrt(r2)", "s = k.one / r2", pair="1_0"),
    Edit("Newton step with a wrong sign", "k.one - x * x - y * y - z * z", "k.one + x * x - y * y - z * z", pair="1_0"),
    Edit("Newton step that is none", "h = k.c1_2 * (k.one -", "h = k.c1_2 * (k.zero -", pair="1_0"),
    Edit("untyped half", "h = k.c1_2 * (", "h = 0.5 * (", pair="1_0"),
    Edit("untyped one", "s = k.one / math", "s = 1 / math", pair="1_0"),
    Edit("a component not scaled", "    z = f * z\n", "", pair="1_0"),
    Edit("a component scaled otherwise", "y = f * y", "y = f * x", pair="1_0"),
    Edit("scaled by the square", "x = f * x", "x = f * f * x", pair="1_0"),
    Edit("scaled for another length", "_scale(k, x * x + y * y + z * z)", "_scale(k, x * x + y * y)", pair="1_0"),
    Edit("square", "    r2 = x * x + y * y + z * z", "    r2 = x * x + y * y + y * z", pair="1_0"),
    Edit("above for below", "if r2 < k.tiny:", "if r2 > k.tiny:", pair="1_0"),
    Edit("below for above", "if r2 > k.huge:", "if r2 < k.huge:", pair="1_0"),
    Edit("exchanged bounds", "if r2 < k.tiny:", "if r2 < k.huge:", pair="1_0"),
    Edit("exchanged factors", "return k.up", "return k.down", pair="1_0"),
    Edit("large ones not scaled", "return k.down", "return k.one", pair="1_0"),
    Edit("all scaled", "    return k.one\n", "    return k.up\n", pair="1_0"),
    Edit("one bound only", "    if r2 > k.huge:\n        return k.down\n", "", pair="1_0"),
    Edit("not zero at zero", "return k.zero, k.zero, k.zero", "return k.zero, k.zero, k.one", pair="1_0"),
    Edit("one is zero", "if r2 == k.zero:", "if r2 == k.one:", pair="1_0"),
    Edit("NaN becomes zero", "if r2 == k.zero:", "if not r2 > k.zero:", pair="1_0"),
    Edit("the small become zero", "if r2 == k.zero:", "if r2 < k.tiny:", pair="1_0"),
]
#: In both modules.
ITEMS = [
    Edit("item of another operand", "v = _operand(i, shape, steps[0])", "v = _operand(i, shape, steps[1])"),
    Edit("features' step for radial", "p = _operand(i, shape, steps[1])", "p = _operand(i, shape, steps[2])"),
    Edit("broadcast remainder", "(i % shape[d]) * steps[d]", "(i % shape[0]) * steps[d]"),
    Edit("broadcast quotient", "i //= shape[d]", "i //= shape[0]"),
    Edit("broadcast dimension", "range(len(shape) - 1, 0, -1)", "range(len(shape) - 1, 1, -1)"),
    Edit("broadcast order", "range(len(shape) - 1, 0, -1)", "range(1, len(shape))"),
    Edit("broadcast step", "return place + i * steps[0]", "return place + i"),
    Edit("solid items", "_argument(k, solid, vectors[v, 0]", "_argument(k, not solid, vectors[v, 0]"),
    Edit("r̂ permuted", "edge = _edge_1_1(k, x, y, z)", "edge = _edge_1_1(k, y, x, z)"),
    Edit(
        "indptr and indices exchanged",
        "indptr, indices, vectors, radial, features",
        "indices, indptr, vectors, radial, features",
    ),
    Edit("transposed entries", "out[i, 0, 1] = entries[1]", "out[i, 0, 1] = entries[3]"),
    Edit("entry left out", "        out[i, 2, 2] = entries[8]\n", ""),
]
#: What loops over edges do is edited in test_derive_mutation_sums.py and its neighbours, what kernels do in
#: test_derive_mutation_cuda.py.
CPU_LOOPS = [
    Edit("j = e", "j = indices[e]", "j = e"),
    Edit("components of r", "vectors[e, 0], vectors[e, 1]", "vectors[e, 1], vectors[e, 0]"),
    Edit(
        "r of the sender", "vectors[e, 0], vectors[e, 1], vectors[e, 2]", "vectors[j, 0], vectors[j, 1], vectors[j, 2]"
    ),
    Edit(
        "r not normalised",
        "x, y, z = _argument(k, solid, vectors[e, 0], vectors[e, 1], vectors[e, 2])",
        "x, y, z = vectors[e, 0], vectors[e, 1], vectors[e, 0]",
    ),
    Edit("always the direction", "_argument(k, solid, vectors[e, 0]", "_argument(k, False, vectors[e, 0]"),
    Edit("value left out", "out[i, 2, c] = values[2]", "out[i, 1, c] = values[2]"),
    Edit("weights where there are none", "if weights is None:", "if weights is not None:"),
    Edit("a channel too few", "for c in range(out.shape[2]):", "for c in range(out.shape[2] - 1):"),
    Edit("a channel too many", "for c in range(out.shape[2]):", "for c in range(out.shape[2] + 1):"),
    Edit("not compiled", "@_compiled\ndef _edge_1_1", "def _edge_1_1"),
    Edit("loop not compiled", "@_loop\ndef _convolve_rows_1_1", "def _convolve_rows_1_1"),
    Edit(
        "defined twice",
        "@_loop\ndef _kernel_items_1_1",
        "def _edge_1_1(k, x, y, z):\n    return x\n\n\n@_loop\ndef _kernel_items_1_1",
    ),
    Edit("slides' sign", "alpha + k.c3_5 * beta", "alpha - k.c3_5 * beta", "1_2"),
    Edit("slides' coefficient", "alpha + k.c3_5 * beta", "alpha + k.c1_5 * beta", "1_2"),
    Edit("slides' order", "zero, k.c3 * beta], axis=-2", "k.c3 * beta, zero], axis=-2", "1_2"),
    Edit("slides' axis", "zero, k.c3 * beta], axis=-2", "zero, k.c3 * beta], axis=-1", "1_2"),
]
CASES = [
    *(("cpu.py", e) for e in (*FORMULAS, *CONSTANTS, *UNIT, *ITEMS, *CPU_LOOPS)),
    *(("cuda.py", e) for e in (*FORMULAS, *CONSTANTS, *UNIT, *ITEMS)),
]


@pytest.mark.parametrize("module", ["cpu.py", "cuda.py"])
@pytest.mark.parametrize("key", ["1_0", "1_1", "1_2"])
def test_untouched_text_holds(module: str, key: str) -> None:
    """So that the refusals below are due to the edits."""
    assert t11.prove(pairs_of(key), {module: emitted_modules()[module]}).identities


@pytest.mark.parametrize(("module", "edit"), some_at_once(CASES))
def test_edited_text_is_refused(module: str, edit: Edit) -> None:
    """Each edit changes the text, and T11 for the pair concerned does not survive it."""
    text = emitted_modules()[module]
    assert edit.old in text, f"{module} does not hold {edit.old!r}: the edit is void"
    edited = text.replace(edit.old, edit.new)
    assert edited != text
    refused(lambda: t11.prove(pairs_of(edit.pair), {module: edited}))


def test_text_that_is_not_python() -> None:
    """Refused like the rest, with the line."""
    text = emitted_modules()["cpu.py"].replace("def _unit(k, x, y, z):", "def _unit(k, x, y, z)")
    with pytest.raises(ProofError, match=r"cpu\.py, line \d+"):
        t11.prove(pairs_of("1_0"), {"cpu.py": text})


# --- the whole command ------------------------------------------------------------------------------------


def refused_without_a_trace(folder: Path, capsys: pytest.CaptureFixture[str], theorem: str) -> None:
    """`make derive` into a folder that holds an older derivation: status 1, one line, every byte as it was."""
    folder.mkdir()
    (folder / "cpu.py").write_text("# Generated by `make derive`, long ago\n")
    before = snapshot(folder.parent)
    assert cli.main(["--out", str(folder), "--quiet"]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith(f"refused: {theorem} does not hold: ")
    assert said.err.count("\n") == 1 and said.err.endswith("\n")
    assert snapshot(folder.parent) == before


@pytest.mark.parametrize("degrees", [(1, 2, 1), (1, 3, 2)], ids=str)
def test_command_with_a_wrong_catalogue(
    degrees: tuple[int, int, int], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """A wrong sign in the catalogue stops the command before a file is written."""
    with patched() as patch:
        replace_form(patch, degrees, WRONG_FORMS[degrees])
        refused_without_a_trace(tmp_path / "out", capsys, "T4")


@pytest.mark.parametrize("edit", [FORMULAS[0], CONSTANTS[0], UNIT[-1], CPU_LOOPS[0]], ids=str)
def test_command_with_a_wrong_template(
    edit: Edit, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Text that does not compute what was derived is not written, and the proofs beside it neither."""
    modules = dict(emitted_modules())
    modules["cpu.py"] = modules["cpu.py"].replace(edit.old, edit.new)
    monkeypatch.setattr(pipeline, "code_files", lambda pairs, names: modules)
    monkeypatch.setattr(pipeline, "THEOREMS", {"T11": pipeline.THEOREMS["T11"]})
    refused_without_a_trace(tmp_path / "out", capsys, "T11")
