"""Exporting 100,000 people from their list, as .xlsx and CSV, on SQLite and on PostgreSQL, and the memory that it takes.

The whole request is timed: rows are read in batches, written, and the file is read by the client. Beside it, in turn: the
same number of cells written by XlsxWriter alone, or by the csv module alone.
"""

import csv
import io
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from typing import Any

import xlsxwriter

from benchmarks import conditions
from benchmarks.databases import demo_sized
from benchmarks.databases.cadres import write_cadres
from benchmarks.databases.postgresql import on_both
from benchmarks.results import Result, under
from outreach.extensions import db

ROWS = 100_000
WITHIN_US = 10_000_000.0
WITHIN_MB = 100.0
ROUNDS = 3


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the results. folder: a scratch folder."""
    return on_both(folder, lambda place, url, name: _of(place, url, name, say))


def _of(folder: Path, url: str, name: str, say: Callable[[str], None]) -> list[Result]:
    say(f"exporting {ROWS:,} people on {name}")
    filled = demo_sized.fill(folder, url)
    results = []
    with demo_sized.signed_in(folder, filled.cookie, url) as client:
        write_cadres(ROWS)
        durability = conditions.durability(db.session.connection())
        db.session.remove()
        for kind, bare in (("xlsx", _bare_xlsx), ("csv", _bare_csv)):
            took = [(_export_s(client, kind), bare()) for _ in range(ROUNDS)]
            exported, alone = median(one for one, _ in took) * 1e6, median(other for _, other in took) * 1e6
            results += [
                Result(f"{name}: {ROWS:,} people as .{kind} (µs)", exported, "µs", WITHIN_US, exported / WITHIN_US, 1.0,
                       exported < WITHIN_US),
                Result("… against its cells written alone", exported, "µs", alone, exported / alone),
            ]  # fmt: skip
    memory = _memory_mb(folder, url, filled.cookie)
    results.append(
        Result(f"{name}: memory that the .xlsx takes", memory, "MB", WITHIN_MB, memory / WITHIN_MB, 1.0,
               memory < WITHIN_MB)
    )  # fmt: skip
    return under(f"only reads; {durability}", results)


def _export_s(client: Any, kind: str) -> float:
    began = time.perf_counter()
    with client.get(f"/people?file={kind}", buffered=False) as answer:
        size = sum(len(part) for part in answer.iter_encoded())
    took = time.perf_counter() - began
    if answer.status_code != 200 or size < ROWS * 10:
        raise RuntimeError(f"No file, but {answer.status_code} and {size} bytes")
    return took


def _row(number: int) -> list[str]:
    return [
        f"Siti Rahmawati {number}", f"Kader RW {number % 30}", "Kantor Wilayah 7", "PKK", "Kelurahan 3", "Metro Pusat",
        "", f"orang{number}@example.com", "0812-3456-7890", "", "",
    ]  # fmt: skip


def _bare_xlsx() -> float:
    began = time.perf_counter()
    with tempfile.TemporaryFile() as file, xlsxwriter.Workbook(file, {"constant_memory": True}) as book:
        sheet = book.add_worksheet()
        for number in range(ROWS):
            for at, text in enumerate(_row(number)):
                if text:
                    sheet.write_string(number, at, text)
    return time.perf_counter() - began


def _bare_csv() -> float:
    began = time.perf_counter()
    with tempfile.TemporaryFile() as file:
        text = io.TextIOWrapper(file, "utf-8", newline="")
        writer = csv.writer(text)
        for number in range(ROWS):
            writer.writerow(_row(number))
        text.flush()
    return time.perf_counter() - began


def _memory_mb(folder: Path, url: str, cookie: str) -> float:
    """Return by how much the largest memory of a process of its own grows while it exports."""
    command = [sys.executable, "-m", "benchmarks.directory.exporting", str(folder), url, cookie]
    return float(subprocess.run(command, capture_output=True, check=True, text=True).stdout.split()[-1])


def _child(folder: str, url: str, cookie: str) -> None:
    with demo_sized.signed_in(Path(folder), cookie, url) as client:
        client.get("/people")
        client.get("/people?file=xlsx&q=tidakada")
        before = _peak_mb()
        _export_s(client, "xlsx")
        print(_peak_mb() - before)


def _peak_mb() -> float:
    """Return the largest memory of this process so far. (The kernel's ru_maxrss begins with that of the parent.)"""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


if __name__ == "__main__":
    _child(*sys.argv[1:])
