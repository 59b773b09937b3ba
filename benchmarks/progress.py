"""Progress on stderr: a bar where rich is installed, else plain lines; stdout is for tables."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager


def say(message: str) -> None:
    """One line about what happens next."""
    print(message, file=sys.stderr, flush=True)


@contextmanager
def bar(description: str, steps: int) -> Iterator[Callable[[], None]]:
    """Yields the function that advances the bar by one step."""
    try:
        from rich.console import Console
        from rich.progress import (
            BarColumn,
            MofNCompleteColumn,
            Progress,
            TextColumn,
            TimeRemainingColumn,
        )
    except ModuleNotFoundError:
        say(f"{description}, {steps} steps")
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    # No refresh thread: it would run beside the timings. The bar is drawn between them instead.
    progress = Progress(*columns, console=Console(stderr=True), auto_refresh=False)
    with progress:
        task = progress.add_task(description, total=steps)

        def advance() -> None:
            progress.update(task, advance=1, refresh=True)

        yield advance
