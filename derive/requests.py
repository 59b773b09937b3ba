"""Requests in words: which paths to emit, and in which modules.

`parse_paths("1->1, 2->3:1,2, 2->2:polar")` and `pairs_between(parse_degrees("0..3"), parse_degrees("0..3"))` give pairs
of the catalogue.  Whatever cannot be met ends in a RequestError of one line, which shows the part that is wrong.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import product
from typing import Any

from .catalogue import PARITIES, Pair, emitted_pairs, filter_degrees, of_parity, pair, variants
from .emission import IMPORTED, MODULES

#: Of l_in and l_out.  There is no theorem against more, but a pair has 2 l + 1 paths, each a matrix of (2 l + 1)²
#: polynomials of degree up to 2 l: code, proofs, and the time to compile them grow steeply.
MOST_DEGREE = 6
PATHS_EXAMPLE = "1->1, 2->3:1,2, 2->2:polar"
DEGREES_EXAMPLE = "0..3 or 0,2,3"

_ARROW = re.compile(r"->|→")
_INTEGER = re.compile(r"-?[0-9]+")


class RequestError(ValueError):
    """What was asked for cannot be emitted; the message says why in one line."""


@dataclass(frozen=True)
class Request:
    """Pairs, each of which gets functions of its own, and the names of the modules that hold them."""

    pairs: tuple[Pair, ...]
    modules: tuple[str, ...]

    @classmethod
    def parse(
        cls,
        paths: str | None = None,
        l_in: str | None = None,
        l_out: str | None = None,
        parities: bool = False,
        modules: str | None = None,
    ) -> Request | None:
        """What the command line's options of these names ask for; None where they ask for nothing.

        Raises RequestError for what cannot be met.
        """
        pairs = _named_pairs(paths, l_in, l_out)
        if pairs and parities:
            pairs = with_parities(pairs)
        elif parities:
            raise RequestError("--parities goes with --paths, or with --l-in and --l-out")
        if not pairs and modules is None:
            return None
        return cls(pairs or emitted_pairs(), MODULES if modules is None else parse_modules(modules))


def _named_pairs(paths: str | None, l_in: str | None, l_out: str | None) -> tuple[Pair, ...]:
    if paths is not None and (l_in is not None or l_out is not None):
        raise RequestError("--paths names pairs, and so do --l-in and --l-out: give one or the other")
    if paths is not None:
        return parse_paths(paths)
    if l_in is None and l_out is None:
        return ()
    if l_in is None or l_out is None:
        raise RequestError("--l-in and --l-out go together")
    return pairs_between(parse_degrees(l_in), parse_degrees(l_out))


def parse_paths(text: str) -> tuple[Pair, ...]:
    """Pairs in the order in which they are first named.

    Items are separated by commas.  An item is `l_in->l_out`, all paths; with `:` and l_f the paths of these degrees, of
    which more may follow after commas; with `:polar` or `:axial` a pair of its own, of the paths of that parity.  Of a
    pair that is named twice all paths that were named are emitted.
    """
    return _united(_item(words) for words in _items(text))


def parse_degrees(text: str) -> tuple[int, ...]:
    """Degrees l, ascending, each once: numbers and ranges such as 0..3, both ends included, separated by commas."""
    found: list[int] = []
    for part in _parts(text, f"degrees, such as {DEGREES_EXAMPLE}"):
        ends = [_degree(end, part, DEGREES_EXAMPLE) for end in part.split("..")]
        if len(ends) > 2:
            raise RequestError(f"{_shown(part)} is not a range; write for instance 0..3")
        if ends[0] > ends[-1]:
            raise RequestError(f"the range {_shown(part)} runs backwards; write {ends[-1]}..{ends[0]}")
        found += range(ends[0], ends[-1] + 1)
    if (twice := _repeated(found)) is not None:
        raise RequestError(f"the degree {twice} is twice in {_shown(text)}")
    return tuple(sorted(found))


def pairs_between(l_in: Iterable[int], l_out: Iterable[int]) -> tuple[Pair, ...]:
    """All paths of all pairs of degrees, l_out running fastest."""
    return tuple(pair(*degrees) for degrees in product(l_in, l_out))


def with_parities(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """After each pair those of its polar and of its axial paths, where it has both."""
    return _united(v for p in pairs for v in ((p,) if p.parity else variants(p)))


def parse_modules(text: str) -> tuple[str, ...]:
    """Names of modules, in the order of MODULES, those that the named ones import from included."""
    known = ", ".join(MODULES)
    named = [part.removesuffix(".py") for part in _parts(text, f"modules out of {known}")]
    for name in named:
        if name not in MODULES:
            raise RequestError(f"there is no module {_shown(name)}; there are {known}")
    if (twice := _repeated(named)) is not None:
        raise RequestError(f"the module {twice} is twice in {_shown(text)}")
    needed = {*named, *(IMPORTED[name] for name in named if name in IMPORTED)}
    return tuple(name for name in MODULES if name in needed)


# --- items ------------------------------------------------------------------------------------------------


def _items(text: str) -> Iterator[list[str]]:
    """The items with what continues them: an item's own text, and each further l_f."""
    words: list[str] = []
    for part in _parts(text, f"paths, such as {PATHS_EXAMPLE}"):
        if _ARROW.search(part) and words:
            yield words
            words = []
        words.append(part)
    yield words


def _item(words: Sequence[str]) -> Pair:
    """Such as ["2->3:1", "2"]."""
    head, *more = words
    degrees, colon, first = head.partition(":")
    ends = _ARROW.split(degrees)
    if len(ends) != 2:
        raise RequestError(f"{_shown(head)} is not l_in->l_out; write for instance {PATHS_EXAMPLE}")
    whole = pair(*(_degree(end, head, PATHS_EXAMPLE) for end in ends))
    if more and (not colon or first.strip() in PARITIES):
        raise RequestError(f"{_shown(more[0])} follows {_shown(head)}, which has no list of l_f; write {_forms(whole)}")
    if not colon:
        return whole
    if first.strip() in PARITIES:
        return _with_parity(whole, first.strip())
    wanted = [_filter_degree(word, whole) for word in (first, *more)]
    if (twice := _repeated(wanted)) is not None:
        raise RequestError(f"l_f = {twice} is twice in {_shown(', '.join(words))}")
    return replace(whole, paths=tuple(p for p in whole.paths if p.l_f in wanted))


def _with_parity(whole: Pair, parity: str) -> Pair:
    some = of_parity(whole, parity)
    if not some.paths:
        raise RequestError(f"{_name(whole)} has no {parity} path: its only one has l_f = {whole.paths[0].l_f}")
    return some


def _filter_degree(text: str, whole: Pair) -> int:
    word = text.strip()
    if not _INTEGER.fullmatch(word):
        raise RequestError(f"{_shown(text)} is no l_f of {_name(whole)}; write {_forms(whole)}")
    allowed = filter_degrees(whole.l_in, whole.l_out)
    if len(word) > 4 or int(word) not in allowed:
        some = f"only {allowed[0]}" if len(allowed) == 1 else f"{allowed[0]} to {allowed[-1]}"
        raise RequestError(f"{_name(whole)} has no path with l_f = {_shorter(word)}; the triangle allows {some}")
    return int(word)


def _name(whole: Pair) -> str:
    return f"{whole.l_in}->{whole.l_out}"


def _forms(whole: Pair) -> str:
    """How paths of a pair can be named."""
    some = ",".join(str(l_f) for l_f in filter_degrees(whole.l_in, whole.l_out)[:2])
    parities = [parity for parity in PARITIES if of_parity(whole, parity).paths]
    return " or ".join(f"{_name(whole)}:{word}" for word in (some, *parities))


def _united(pairs: Iterable[Pair]) -> tuple[Pair, ...]:
    """Each pair once, with all paths that any of the same name has."""
    found: dict[str, Pair] = {}
    for p in pairs:
        known = found.setdefault(p.key, p)
        paths = {one.l_f: one for one in (*known.paths, *p.paths)}
        found[p.key] = replace(known, paths=tuple(paths[l_f] for l_f in sorted(paths)))
    return tuple(found.values())


# --- words ------------------------------------------------------------------------------------------------


def _parts(text: str, what: str) -> list[str]:
    """What stands between commas, none of it empty."""
    if not text.strip():
        raise RequestError(f"the request is empty; name {what}")
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise RequestError(f"nothing stands before or after a comma in {_shown(text)}; name {what}")
    return parts


def _degree(text: str, where: str, example: str) -> int:
    """An l_in or l_out."""
    word = text.strip()
    if not _INTEGER.fullmatch(word):
        raise RequestError(f"{_shown(text)} in {_shown(where)} is not a degree; write for instance {example}")
    if word.startswith("-"):
        raise RequestError(f"the degree {_shorter(word)} in {_shown(where)} is negative; degrees are 0, 1, 2, ...")
    if len(word) > 4 or int(word) > MOST_DEGREE:
        raise RequestError(
            f"the degree {_shorter(word)} in {_shown(where)} is above {MOST_DEGREE}, the most for l_in and l_out: "
            "code and the time to prove and compile it grow steeply with the degree"
        )
    return int(word)


def _repeated(values: Sequence[Any]) -> Any | None:
    """The first value that was there before, if there is one."""
    return next((value for n, value in enumerate(values) if value in values[:n]), None)


def _shown(text: str) -> str:
    """In quotes, on one line, and not too long."""
    return repr(_shorter(text))


def _shorter(text: str) -> str:
    return text if len(text) <= 40 else f"{text[:37]}..."
