"""What was measured: one value each, beside its reference and its goal; the table and the file of them."""

import json
import platform
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

LATEST = Path(__file__).resolve().parent / "results" / "latest.json"


@dataclass(frozen=True)
class Result:
    """value in `unit`; reference in the same unit; ratio: value / reference; goal: the ratio that is wanted.

    met: None where nothing is wanted.
    """

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    goal: float | None = None
    met: bool | None = None


def table(results: list[Result]) -> str:
    """Return the results as lines for a terminal."""
    head = ("what", "value", "unit", "reference", "ratio", "goal", "met")
    rows = [
        (
            r.name,
            f"{r.value:,.0f}",
            r.unit,
            _number(r.reference, 0),
            _number(r.ratio, 2),
            _number(r.goal, 1),
            _met(r.met),
        )
        for r in results
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if i in (0, 2, 6) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *rows]
    ]
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:]])


def write(results: list[Result], path: Path = LATEST) -> None:
    """Write the results as a JSON list."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps([asdict(r) for r in results], indent=2) + "\n", "utf-8")


def machine() -> str:
    """Return on what it was measured, in a line."""
    import os

    return f"Python {platform.python_version()} on {sys.platform}, {os.cpu_count()} cores"


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _met(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "no"
