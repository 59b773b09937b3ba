"""What the command line is asked to emit: every form of a request, and one clear line for what cannot be met."""

from __future__ import annotations

import os
import subprocess
from itertools import product
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pocket_tfn.derive import cli
from pocket_tfn.derive.catalogue import Pair, emitted_pairs, pair, wholes
from pocket_tfn.derive.emission import MODULES, catalogue_json, code_files
from pocket_tfn.derive.pipeline import Derivation, Selection
from pocket_tfn.derive.requests import (
    MOST_DEGREE,
    Request,
    RequestError,
    pairs_between,
    parse_degrees,
    parse_modules,
    parse_paths,
    with_parities,
)

DEGREES = range(MOST_DEGREE + 1)


def named(pairs: tuple[Pair, ...]) -> list[tuple[str, list[int]]]:
    """Each pair's suffix and its l_f."""
    return [(p.key, [path.l_f for path in p.paths]) for p in pairs]


# --- what is understood -------------------------------------------------------------------------------------


@pytest.mark.parametrize(("l_in", "l_out"), product(range(4), repeat=2))
def test_every_small_pair(l_in: int, l_out: int) -> None:
    """All paths, each one alone, and those of each parity, which is counted here: (-1)^(l_in + l_f + l_out)."""
    allowed = [l_f for l_f in range(20) if abs(l_in - l_out) <= l_f <= l_in + l_out]
    assert named(parse_paths(f"{l_in}->{l_out}")) == [(f"{l_in}_{l_out}", allowed)]
    assert parse_paths(f"{l_in}->{l_out}") == (pair(l_in, l_out),)
    for l_f in range(20):
        if l_f in allowed:
            assert named(parse_paths(f"{l_in}->{l_out}:{l_f}")) == [(f"{l_in}_{l_out}", [l_f])]
        else:
            with pytest.raises(RequestError, match=f"l_f = {l_f}; the triangle allows "):
                parse_paths(f"{l_in}->{l_out}:{l_f}")
    for odd, parity in enumerate(("polar", "axial")):
        kept = [l_f for l_f in allowed if (l_in + l_f + l_out) % 2 == odd]
        if kept:
            assert named(parse_paths(f"{l_in}->{l_out}:{parity}")) == [(f"{l_in}_{l_out}_{parity}", kept)]
        else:
            with pytest.raises(RequestError, match=f"no {parity} path: its only one has l_f = {allowed[0]}"):
                parse_paths(f"{l_in}->{l_out}:{parity}")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1->1, 2->3:1,2, 2->2:polar", [("1_1", [0, 1, 2]), ("2_3", [1, 2]), ("2_2_polar", [0, 2, 4])]),
        (" 2 → 3 : 2 , 1,1→0", [("2_3", [1, 2]), ("1_0", [1])]),
        ("1->1:0, 1->1:2", [("1_1", [0, 2])]),
        ("1->1:0, 1->1", [("1_1", [0, 1, 2])]),
        ("1->1:0, 1->1:0", [("1_1", [0])]),
        ("1->1:polar, 1->1", [("1_1_polar", [0, 2]), ("1_1", [0, 1, 2])]),
        ("1->1:0,2, 1->1:polar", [("1_1", [0, 2]), ("1_1_polar", [0, 2])]),
    ],
)
def test_paths(text: str, wanted: list[tuple[str, list[int]]]) -> None:
    """Lists that go on, spaces, both arrows, and pairs that are named twice."""
    assert named(parse_paths(text)) == wanted


@st.composite
def requests(draw: st.DrawFn) -> tuple[str, dict[str, set[int]]]:
    """A request in words, and for each suffix the l_f that it names."""
    wanted: dict[str, set[int]] = {}
    items = []
    blank = st.sampled_from(["", " ", "  "])
    for _ in range(draw(st.integers(1, 5))):
        l_in, l_out = draw(st.sampled_from(DEGREES)), draw(st.sampled_from(DEGREES))
        allowed = list(range(abs(l_in - l_out), l_in + l_out + 1))
        some = draw(st.lists(st.sampled_from(allowed), unique=True))
        arrow = draw(blank) + draw(st.sampled_from(["->", "→"])) + draw(blank)
        item = f"{l_in}{arrow}{l_out}"
        items.append(f"{item}{draw(blank)}:{draw(blank)}{','.join(map(str, some))}" if some else item)
        wanted.setdefault(f"{l_in}_{l_out}", set()).update(some or allowed)
    return (draw(blank) + "," + draw(blank)).join(items), wanted


@settings(max_examples=200, deadline=None)
@given(requests())
def test_paths_that_are_written_are_read(request: tuple[str, dict[str, set[int]]]) -> None:
    """Whatever the order and the blanks: pairs in the order in which they come, l_f ascending."""
    text, wanted = request
    assert named(parse_paths(text)) == [(key, sorted(degrees)) for key, degrees in wanted.items()]


@settings(max_examples=300, deadline=None)
@given(st.text(alphabet="0123456789->→:,. polarxi\n{}'\"", max_size=20))
def test_any_text_is_read_or_refused_in_one_line(text: str) -> None:
    """No other exception, no line break."""
    for parse in (parse_paths, parse_degrees, parse_modules):
        try:
            assert parse(text)  # type: ignore[operator]
        except RequestError as error:
            assert len(str(error).splitlines()) == 1 and len(str(error)) < 250


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("0..3", (0, 1, 2, 3)), ("2", (2,)), ("3, 0,2", (0, 2, 3)), ("0..1,6", (0, 1, 6)), ("4..4", (4,))],
)
def test_degrees(text: str, wanted: tuple[int, ...]) -> None:
    """Numbers and ranges, ascending."""
    assert parse_degrees(text) == wanted


def test_pairs_between() -> None:
    """All pairs of the product with all their paths, l_out fastest."""
    pairs = pairs_between((0, 2), (1, 2))
    assert [p.key for p in pairs] == ["0_1", "0_2", "2_1", "2_2"]
    assert all(p.complete for p in pairs)


def test_the_default_catalogue_in_words() -> None:
    """It is a request like any other."""
    default = Request.parse(l_in="1", l_out="0..2", parities=True)
    assert default is not None
    assert default.pairs == emitted_pairs() == with_parities(parse_paths("1->0, 1->1, 1->2"))
    assert default.modules == MODULES
    assert Request.parse() is None
    alone = Request.parse(modules="cpu")
    assert alone == Request(emitted_pairs(), ("cpu",))


def test_parities_of_what_is_named() -> None:
    """Of the paths that were asked for, and none where one kind is all there is."""
    assert named(with_parities(parse_paths("2->3:1,2,3, 1->0, 2->2:axial"))) == [
        ("2_3", [1, 2, 3]),
        ("2_3_polar", [1, 3]),
        ("2_3_axial", [2]),
        ("1_0", [1]),
        ("2_2_axial", [1, 3]),
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("cpu", ("cpu",)),
        ("cuda_derivatives", ("cuda", "cuda_derivatives")),
        ("cpu_derivatives.py, cuda", ("cpu", "cpu_derivatives", "cuda")),
        ("cuda,cpu", ("cpu", "cuda")),
    ],
)
def test_modules(text: str, wanted: tuple[str, ...]) -> None:
    """With those that they import from, in one order."""
    assert parse_modules(text) == wanted


# --- what is refused ----------------------------------------------------------------------------------------

REFUSED: list[tuple[list[str], str]] = [
    (["--paths", "2->3:7"], "2->3 has no path with l_f = 7; the triangle allows 1 to 5"),
    (["--paths", "0->2:1"], "0->2 has no path with l_f = 1; the triangle allows only 2"),
    (["--paths", "1->1:-1"], "1->1 has no path with l_f = -1; the triangle allows 0 to 2"),
    (["--paths", "-1->1"], "the degree -1 in '-1->1' is negative"),
    (["--paths", "1->-1"], "the degree -1 in '1->-1' is negative"),
    (["--paths", "7->1"], "the degree 7 in '7->1' is above 6"),
    (["--paths", "1->" + "9" * 5000], "is above 6"),
    (["--paths", "1->1:" + "9" * 5000], "the triangle allows 0 to 2"),
    (["--paths", ""], "the request is empty; name paths, such as 1->1"),
    (["--paths", "1->1,"], "nothing stands before or after a comma in '1->1,'"),
    (["--paths", "1-1"], "'1-1' is not l_in->l_out; write for instance 1->1"),
    (["--paths", "1->2->3"], "'1->2->3' is not l_in->l_out"),
    (["--paths", "one->1"], "'one' in 'one->1' is not a degree"),
    (["--paths", "1.5->1"], "'1.5' in '1.5->1' is not a degree"),
    (["--paths", "polar"], "'polar' is not l_in->l_out"),
    (["--paths", "1->1,2"], "'2' follows '1->1', which has no list of l_f; write 1->1:0,1"),
    (["--paths", "2->2:polar,1"], "'1' follows '2->2:polar', which has no list of l_f"),
    (["--paths", "1->1:even"], "'even' is no l_f of 1->1; write 1->1:0,1 or 1->1:polar or 1->1:axial"),
    (["--paths", "1->1:"], "'' is no l_f of 1->1"),
    (["--paths", "2->3:1,1"], "l_f = 1 is twice in '2->3:1, 1'"),
    (["--paths", "0->0:axial"], "0->0 has no axial path: its only one has l_f = 0"),
    (["--paths", "2->0:axial"], "2->0 has no axial path: its only one has l_f = 2"),
    (["--paths", "1->1\n{x}"], "'1\\n{x}' in '1->1\\n{x}' is not a degree"),
    (["--l-in", "0..3"], "--l-in and --l-out go together"),
    (["--l-out", "0..3"], "--l-in and --l-out go together"),
    (["--l-in", "", "--l-out", "1"], "the request is empty; name degrees"),
    (["--l-in", "3..0", "--l-out", "1"], "the range '3..0' runs backwards; write 0..3"),
    (["--l-in", "0..9", "--l-out", "1"], "the degree 9 in '0..9' is above 6"),
    (["--l-in", "-1..2", "--l-out", "1"], "the degree -1 in '-1..2' is negative"),
    (["--l-in", "0..1..2", "--l-out", "1"], "'0..1..2' is not a range"),
    (["--l-in", "1", "--l-out", "1,1"], "the degree 1 is twice in '1,1'"),
    (["--l-in", "1", "--l-out", "0..", "--parities"], "'' in '0..' is not a degree"),
    (["--paths", "1->1", "--l-in", "1", "--l-out", "1"], "give one or the other"),
    (["--parities"], "--parities goes with --paths"),
    (["--modules", "gpu"], "there is no module 'gpu'; there are cpu, cpu_derivatives, cuda, cuda_derivatives"),
    (["--modules", "cpu,cpu"], "the module cpu is twice"),
    (
        ["--modules", "cpu", "--only", "T14"],
        "T14 is about cpu_derivatives and cuda_derivatives, which were not asked for",
    ),
    (["--paths", "1->1", "--paths", "2->2"], "--paths is given twice"),
    (["--l-in", "1", "--l-out", "1", "--l-out", "2"], "--l-out is given twice"),
]


@pytest.mark.parametrize(("words", "message"), REFUSED, ids=[f"{i}" for i in range(len(REFUSED))])
def test_refused(words: list[str], message: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Status 2, one line, and nothing is written."""
    assert cli.main([*words, "--out", str(tmp_path / "out")]) == 2
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err.startswith("error: ") and message in said.err
    assert said.err.count("\n") == 1 and len(said.err) < 250
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("words", [["--paths", "1->1"], ["--l-in", "1", "--l-out", "1"], ["--modules", "cpu"]], ids=str)
@pytest.mark.parametrize("out", [[], ["--out", str(cli.default_folder())]], ids=["no folder", "generated"])
def test_generated_is_for_the_default(
    words: list[str], out: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A request never goes where the default catalogue is, --check or not."""
    monkeypatch.setattr(cli, "replace", lambda *_: pytest.fail("generated/ would be written"))
    for more in ([], ["--check"]):
        assert cli.main([*words, *out, *more]) == 2
        said = capsys.readouterr()
        assert said.err.count("\n") == 1 and "holds the default catalogue" in said.err and "--out" in said.err


# --- what follows from a request ----------------------------------------------------------------------------


def test_wholes() -> None:
    """Each path once, whatever pairs it belongs to."""
    pairs = parse_paths("2->2:1, 1->0, 2->2:polar")
    assert named(wholes(pairs)) == [("2_2", [0, 1, 2, 4]), ("1_0", [1])]
    assert named(wholes(emitted_pairs())) == [("1_0", [1]), ("1_1", [0, 1, 2]), ("1_2", [1, 2, 3])]


def test_places_in_radial() -> None:
    """catalogue.json has each path once, with its place in `radial` of the functions that take it."""
    text = catalogue_json(parse_paths("1->1:1, 1->1:polar"))
    assert text.count('"path": ') == 3
    for path, place in (("1x0->1", '"1_1_polar": 0'), ("1x1->1", '"1_1": 0'), ("1x2->1", '"1_1_polar": 1')):
        record = text[text.index(f'"path": "{path}"') :].partition("}")[0]
        assert place in record and record.count('"1_1') == 1


def test_modules_that_are_left_out() -> None:
    """The others are the same to the byte; the package lists what it has; no theorem is about what is not there."""
    pairs = parse_paths("0->0")
    every, some = code_files(pairs), code_files(pairs, ("cpu",))
    assert set(every) - set(some) == {"cpu_derivatives.py", "cuda.py", "cuda_derivatives.py"}
    assert {name for name in some if some[name] != every[name]} == {"__init__.py"}
    assert '__all__ = ["conventions", "cpu"]' in some["__init__.py"] and "cuda" not in some["__init__.py"]
    assert "T14" not in Derivation(Selection(), pairs, ("cpu",)).proved
    assert "T14" in Derivation(Selection(), pairs, ("cuda", "cuda_derivatives")).proved


def test_slides_for_the_whole_pair_alone() -> None:
    """Their conversion gives the three radial functions of 1→2, which a function of some paths does not take."""
    for text, there in (("1->2", True), ("1->2:1,2,3", True), ("1->2:1,3", False), ("1->2:polar", False)):
        assert ("radial_1_2_from_slides" in code_files(parse_paths(text), ("cpu",))["cpu.py"]) == there, text


def test_modules_say_what_they_hold() -> None:
    """Pairs, the l_f of those that lack some, and parities."""
    some = code_files(parse_paths("0->0, 1->1:1, 1->0:polar"), ("cpu",))["cpu.py"]
    assert "for each pair (l_in, l_out) = 0→0, 1→1 (l_f = 1), 1→0 (polar paths):" in some
    assert "paths of one parity alone" not in some and "l > 2" not in some
    both = code_files(with_parities(parse_paths("1->1")), ("cpu",))["cpu.py"]
    assert "for each pair (l_in, l_out) = 1→1:" in both and "paths of one parity alone" in both
    assert "l > 2 are coefficients" in " ".join(code_files(parse_paths("0->3"), ("cpu",))["cpu.py"].split())


# --- what make passes on ------------------------------------------------------------------------------------


def made(*words: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """What `make` would do in the checkout, with these words on its command line and these variables around it."""
    clean = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKEOVERRIDES", "MAKELEVEL")}
    return subprocess.run(
        ["make", *words],
        cwd=Path(__file__).resolve().parent.parent,
        env={**clean, **environment},
        capture_output=True,
        text=True,
        check=False,
    )


def options(*words: str, **environment: str) -> list[str]:
    """The options that `make derive` would give to the program, their values as the shell's variables."""
    done = made("-n", "derive", *words, **environment)
    assert done.returncode == 0, done.stderr
    return next(line for line in done.stdout.splitlines() if "pocket_tfn.derive" in line).split()[3:]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        ([], []),
        (["PATHS=1->1"], ['--paths="$PATHS"', "--out=build/tfn"]),
        (["L_IN=0..1", "L_OUT=1", "OUT=few"], ['--l-in="$L_IN"', '--l-out="$L_OUT"', '--out="$OUT"']),
        (["OUT=few"], ['--out="$OUT"']),
        (["MODULES=cpu", "OUT=few"], ['--modules="$MODULES"', '--out="$OUT"']),
        *((["PATHS=1->1", f"PARITIES={p}"], ['--paths="$PATHS"', "--parities", "--out=build/tfn"]) for p in (1, "yes")),
        *((["PATHS=1->1", f"PARITIES={p}"], ['--paths="$PATHS"', "--out=build/tfn"]) for p in (0, "no", "false", "")),
    ],
    ids=str,
)
def test_make_passes_on_its_command_line(words: list[str], wanted: list[str]) -> None:
    """All that was given, and a folder of its own for whatever is not the default catalogue."""
    assert options(*words) == wanted


def test_make_does_not_look_around() -> None:
    """Variables of these names in the environment mean something else, such as a place for results."""
    names = ("PATHS", "L_IN", "L_OUT", "MODULES", "OUT", "PARITIES")
    assert options(**dict.fromkeys(names, "1")) == []
    assert options("PATHS=1->1", "OUT=few", PARITIES="1", MODULES="cpu") == ['--paths="$PATHS"', '--out="$OUT"']


def test_make_refuses_and_explains() -> None:
    """PARITIES is yes or no; `make help` names every variable."""
    done = made("-n", "derive", "PATHS=1->1", "PARITIES=polar")
    assert done.returncode == 2 and "PARITIES is 1 or 0, yes or no, true or false; got polar" in done.stderr
    assert made("help", PARITIES="polar").returncode == 0
    said = made("help").stdout
    for name in ("PATHS", "L_IN", "L_OUT", "PARITIES", "MODULES", "OUT"):
        assert name in said
