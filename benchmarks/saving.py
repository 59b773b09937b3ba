"""What `--save` writes: numbers and tables of each workload and precision, a page and pictures over all of them."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

from benchmarks import progress, report, store, summary
from benchmarks.results import Results
from benchmarks.workloads import WORKLOADS

DTYPES = ("float32", "float64")


def save(found: Sequence[Results], folder: Path) -> list[Path]:
    """Writes `found`, then draws and sums up everything that the folder has for the same number of threads.

    So one workload may be measured again without the others. Returns what was written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for results in found:
        stem = name(results.workload, results.dtype, threads_of(results))
        written += [
            _write(folder / f"{stem}.json", store.as_json([results])),
            _write(folder / f"{stem}.md", report.markdown(results)),
        ]
    for threads in dict.fromkeys(map(threads_of, found)):
        everything = list(saved(folder, threads))
        written.append(_write(folder / f"summary-{threads}-threads.md", summary.summary(everything)))
        written += _draw(everything, folder, threads)
    return written


def name(workload: str, dtype: str, threads: int) -> str:
    """The stem of the files of one workload in one precision."""
    return f"{workload}-{dtype}-{threads}-threads"


def saved(folder: Path, threads: int) -> Iterator[Results]:
    """What the folder has, workload by workload."""
    for workload in WORKLOADS:
        for dtype in DTYPES:
            path = folder / f"{name(workload, dtype, threads)}.json"
            if path.exists():
                yield from store.from_json(path.read_text(encoding="utf-8"))


def threads_of(results: Results) -> int:
    return int(results.machine["threads"])


def report_files(folder: Path, stem: str, texts: Mapping[str, str], draw: Callable[[Path], Path]) -> list[Path]:
    """Writes texts by their kind, json or md, and where matplotlib is installed the picture; returns the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = [_write(folder / f"{stem}.{kind}", text) for kind, text in texts.items()]
    return [*written, *_pictures(lambda: [draw(folder / f"{stem}.svg")])]


def _draw(everything: Sequence[Results], folder: Path, threads: int) -> list[Path]:
    def drawn() -> list[Path]:
        from benchmarks import plots

        return plots.draw(everything, folder, f"{threads}-threads")

    return _pictures(drawn)


def _pictures(draw: Callable[[], list[Path]]) -> list[Path]:
    """What was drawn; nothing, said in a line, without matplotlib."""
    try:
        return draw()
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] != "matplotlib":
            raise
        progress.say("no pictures: matplotlib is not installed; pip install 'pocket-tfn[bench]'")
        return []


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
