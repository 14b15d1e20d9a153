"""What was measured: one value each, beside its reference and its goal; the table and the file of them."""

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from benchmarks.conditions import machine

LATEST = Path(__file__).resolve().parent / "results" / "latest.json"


@dataclass(frozen=True)
class Result:
    """value in `unit`; reference in the same unit; ratio: value / reference; goal: the ratio that is wanted.

    met: None where nothing is wanted. conditions: of a ratio, what each side flushes to disk before it counts as written.
    """

    name: str
    value: float
    unit: str
    reference: float | None = None
    ratio: float | None = None
    goal: float | None = None
    met: bool | None = None
    conditions: str = ""


def under(conditions: str, results: list[Result]) -> list[Result]:
    """Return the results. Ratios without conditions get these."""
    return [
        result if result.ratio is None or result.conditions else replace(result, conditions=conditions)
        for result in results
    ]


def table(results: list[Result]) -> str:
    """Return the results as lines for a terminal; below them the conditions of the ratios, by number."""
    head = ("what", "value", "unit", "reference", "ratio", "goal", "met", "")
    notes = list(dict.fromkeys(result.conditions for result in results if result.conditions))
    rows = [
        (
            result.name,
            f"{result.value:,.0f}",
            result.unit,
            _number(result.reference, 0),
            _number(result.ratio, 2),
            _number(result.goal, 1),
            _met(result.met),
            f"({notes.index(result.conditions) + 1})" if result.conditions else "",
        )
        for result in results
    ]
    widths = [max(len(row[i]) for row in [head, *rows]) for i in range(len(head))]
    lines = [
        "  ".join(
            cell.ljust(width) if i in (0, 2, 6) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in [head, *rows]
    ]
    said = ["", *(f"({number}) {note}" for number, note in enumerate(notes, 1))] if notes else []
    return "\n".join(line.rstrip() for line in [lines[0], "-" * len(lines[0]), *lines[1:], *said])


def write(results: list[Result], path: Path = LATEST) -> None:
    """Write the results as a JSON list; each says on what machine it was measured."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [{**asdict(result), "machine": machine()} for result in results]
    path.write_text(json.dumps(rows, indent=2) + "\n", "utf-8")


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:,.{digits}f}"


def _met(met: bool | None) -> str:
    return "" if met is None else "yes" if met else "no"
