"""What the comparison with Tensor Field Networks says: every sentence is made of what was counted and measured."""

from benchmarks.confronto_columns import DAGGER, TIMED, Column, counted, grown, number, power, ratio, timed
from benchmarks.confronto_results import NOISY, POCKET, SLIDES_POCKET, Confronto, growth, slides_count, slides_law

ALIKE = 0.1
"""Two growths that differ by less than this share of them are called the same."""


def notes_of(found: Confronto) -> list[str]:
    """What the columns are, what became of the slides' law, what was left out, and the machine."""
    sizes, machine = found.settings, found.machine
    return [
        "As emitted: of the programs that derive/lowering.py tries, the one with the fewest operations and edge values "
        "to load for a channel, operations alone counted here; one matrix: Σ_J φ_J K^J(r̂), then its product with f; "
        "nonzero CG: three for each nonzero coefficient; as defined: the polynomials multiplied out, nothing shared. "
        "What depends on the edge alone has a column of its own.",
        *_verdicts(found),
        "Not measured: a mixing of channels (each has radial values of its own, so that C stands for the slides' "
        "C_in C_out), and a layer with all l ≤ l_max together, which is what l_max in the slides' law means: here it "
        "is one l→l at a time.",
        f"Streamed, {sizes['nodes']} nodes, {sizes['neighbours']} neighbours, {sizes['channels']} channels. "
        f"C, hoisted: the fastest of up to {len(TIMED['C, hoisted'])} forms. Medians of interleaved rounds, "
        "every answer checked before; in brackets the spread, interquartile range over median. "
        f"{DAGGER}: it exceeds {100 * NOISY:.0f} % there, or in a time that the number is made of, so that the number "
        "is noise rather than a finding.",
        f"{machine['cpu']}, {machine['threads']} threads, {machine['system']}, Python {machine['python']}, "
        f"{machine['date']}.",
    ]


def _verdicts(found: Confronto) -> list[str]:
    degrees = [c.l for c in found.counts]
    said = [_at_the_pocket(found)] if POCKET in degrees else []
    if len([l for l in degrees if l >= POCKET]) > 1:
        said += [_growth(found), _paths(found), _chain(found)]
    return said


def _at_the_pocket(found: Confronto) -> str:
    """The slides' own comparison, 9 against 3."""
    emitted, _, nonzero, defined = counted(found)
    operations = [f"{number(c.of(POCKET))} ({c.title})" for c in (nonzero, defined)]
    times = " or ".join(ratio(c, emitted, POCKET) for c in (nonzero, defined))
    clocks = [
        f"{ratio(column, columns[0], POCKET)} times as long in {dtype}"
        for dtype in found.dtypes
        if (columns := timed(found, dtype)) and columns[0].title == "ours"
        for column in columns[1:]
        if column.title == "C, nonzero CG"
    ]
    return (
        f"9 against 3? The slides count (2 l_max + 1)² = {number(slides_count(POCKET))} for l_max = 1 and "
        f"{SLIDES_POCKET} for the pocket kernel, {number(slides_count(POCKET) / SLIDES_POCKET)} times; here the same "
        f"layer 1→1 takes {' or '.join(operations)} operations for an edge and channel against "
        f"{number(emitted.of(POCKET))}: {times} times."
        + (f" The C loop over the nonzero CG takes {' and '.join(clocks)}." if clocks else "")
    )


def _growth(found: Confronto) -> str:
    degrees = [c.l for c in found.counts]
    highest, emitted = degrees[-1], counted(found)[0]
    clocks = [
        f"time {_against(columns[0], highest)} in {dtype}" for dtype in found.dtypes if (columns := timed(found, dtype))
    ]
    return (
        f"Does the cost grow as (2l+1)²? From 1→1 to {highest}→{highest} that is {number(slides_law(highest))} times; "
        f"here operations as emitted grow {_against(emitted, highest)}"
        + "".join(f", {clock}" for clock in clocks)
        + f". As a power of 2l+1 over these l, operations grow with the exponent {power(emitted, degrees)}."
    )


def _against(column: Column, l: int) -> str:
    """How much it grows, and whether the slides' law says more."""
    found = growth(column.of, l)
    if found is None:
        return "(not measured)"
    if column.is_noisy(l, POCKET):
        return f"{grown(column, l)} times (too noisy to compare)"
    share = found / slides_law(l)
    which = "as much" if abs(share - 1) <= ALIKE else "more" if share > 1 else "less"
    return f"{grown(column, l)} times ({which})"


def _paths(found: Confronto) -> str:
    degrees = [c.l for c in found.counts]
    _, matrix, nonzero, defined = counted(found)
    return (
        "(2l+1)² counts the entries of one matrix, and 2l+1 paths fill it, (2l+1)³ in all where no entry is zero: "
        f"counted over these l, the exponent is {power(matrix, degrees)} for one matrix in each channel, "
        f"{power(nonzero, degrees)} for the nonzero coefficients, {power(defined, degrees)} for the definition."
    )


def _chain(found: Confronto) -> str:
    law, pocket = found.chain, counted(found)[0].of(POCKET)
    if law is None or not pocket:
        return "No law of the chain's operations (derive/chain_form.py) in l was established."
    follows = [c.l for c in found.counts if POCKET <= c.l <= law.highest and law(c.l) == c.chosen]
    exceptions = [c.l for c in found.counts if c.l >= POCKET and c.l not in follows]
    emitted = "what is emitted above is that chain" if not exceptions else f"not what is emitted for l = {exceptions}"
    return (
        f"The chain's operations (derive/chain_form.py), counted for l = 1 to {law.highest}, are {law}: three counts "
        f"determine it, and the other {law.highest - 3} fit exactly; {emitted}. If it goes on so, the cost is "
        f"quadratic in l, as (2l+1)² is, and for large l {number(law.a / 4 / (pocket / slides_count(POCKET)))} times "
        "the law drawn through our 1→1."
    )
