"""An import of a hundred thousand rows, from the file to the stored people, against reading and inserting them plainly.

The page that first shows what the rows would do reads the file, too; its time is a row of its own, because the plain
way has no such page.
A tenth with OUTREACH_BENCH_SMALL=1. Each runs in a process of its own with an empty database; memory is that of the process
and its children together, as the system counts it.
"""

import json
import os
import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

import xlsxwriter

from benchmarks import conditions
from benchmarks.results import Result
from benchmarks.sending import sending
from outreach import create_app
from outreach.extensions import db

ROWS = 100_000
ROUNDS = 3
MOST_S, MOST_MB, MOST_TIMES = 60.0, 300.0, 3.0
LOOK_S = 0.02
HEADINGS = ("NO", "NAMA", "JK", "ALAMAT", "KEC", "KONTAK", "SUREL", "UNSUR")
FIRST = (
    "Siti", "Ani", "Budi", "Dewi", "Rina", "Wati", "Sri", "Nur", "Eko", "Agus", "Tri", "Hadi", "Yuni", "Lina", "Maya", "Ratna",
    "Endang", "Joko", "Bambang", "Yudi",
)  # fmt: skip
LAST = (
    "Rahmawati", "Wijaya", "Santoso", "Lestari", "Saputra", "Handayani", "Hidayat", "Kusuma", "Pratama", "Utami", "Nugroho",
)  # fmt: skip


def measure(folder: Path, say: Callable[[str], None]) -> list[Result]:
    """Return the time of an import as a ratio to the bare one, its part before the people are stored, and its memory."""
    rows = ROWS // 10 if os.environ.get("OUTREACH_BENCH_SMALL") else ROWS
    file = folder / "kader.xlsx"
    say(f"writing a spreadsheet of {rows:,} rows")
    write_spreadsheet(file, rows)
    ours, bare = [], []
    for number in range(ROUNDS):
        for name, found in (("ours", ours), ("bare", bare)):
            found.append(_in_process(name, folder / f"{name}-{number}", file))
            say(f"{name}, round {number + 1}: {found[-1]}")
    if {run_["stored"] for run_ in ours + bare} != {rows}:
        raise RuntimeError("Not every row became a person.")
    took = median(run_["imported_s"] for run_ in ours)
    reference = median(run_["imported_s"] for run_ in bare)
    memory = max(run_["memory_mb"] for run_ in ours)
    checked = median(run_["checked_s"] for run_ in ours)
    cpu, bare_cpu = (median(run_["cpu_s"] for run_ in runs) for runs in (ours, bare))
    named = f"{rows:,} rows"
    said = f"{ours[0]['durability']}, on both sides; the file has {file.stat().st_size / 1e6:.1f} MB"
    return [
        Result(f"import of {named}: read, matched, stored, reported", took, "s", reference, took / reference,
               MOST_TIMES, took / reference <= MOST_TIMES, said),
        Result("the same, the processor's time", cpu, "s", bare_cpu, cpu / bare_cpu, None, None, said),
        Result("before it, the page that shows what the rows do", checked, "s", reference, checked / reference, None, None, said),
        Result(f"import of {named} with that page, against a minute", took + checked, "s", MOST_S, (took + checked) / MOST_S, 1.0,
               took + checked <= MOST_S, said),
        Result(f"memory of an import of {named}", memory, "MB", MOST_MB, memory / MOST_MB, 1.0, memory <= MOST_MB,
               "the process and its children"),
    ]  # fmt: skip


def write_spreadsheet(file: Path, rows: int) -> None:
    """Write a list with titles, capitals, numbers that lost their zero, and a kelurahan below the heading ALAMAT."""
    app = create_app(sending.settings(file.parent))
    from outreach.services.directory import regions

    with app.app_context():
        db.create_all()
        regions.install(db.session, "18.72")
        places = [
            (kelurahan.name, kecamatan.name)
            for kecamatan in regions.kelurahan_tree(db.session)
            for kelurahan in kecamatan.kelurahan
        ]
        db.session.rollback()
    chance = random.Random(1)
    book = xlsxwriter.Workbook(str(file), {"constant_memory": False})
    sheet = book.add_worksheet("Data")
    sheet.write_row(0, 0, HEADINGS)
    for number in range(1, rows + 1):
        kelurahan, kecamatan = chance.choice(places)
        name = f"{chance.choice(FIRST)} {chance.choice(LAST)} {chance.choice(LAST)}"
        phone = f"08{chance.choice('123578')}{chance.randrange(10**8, 10**9)}"
        sheet.write_row(number, 0, (
            number, f"{name.upper()}, S.Pd." if number % 5 == 0 else name, chance.choice("PL"), kelurahan, kecamatan,
            int(phone) if number % 7 == 0 else phone, f"kader{number}@example.com" if number % 2 else "-",
            chance.choice(("PATBM", "PKK", "Posyandu", "Forum Anak")),
        ))  # fmt: skip
    book.close()


def _in_process(name: str, folder: Path, file: Path) -> dict[str, float]:
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.directory.importing", name, str(folder), str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def _ours(file: Path) -> dict[str, float]:
    """Import a file, with its report; before it, read it for the page on which somebody checks it."""
    from outreach import codec
    from outreach.services.directory import import_people, import_report
    from outreach.services.directory.workbook import Workbook, open_workbook

    data = file.read_bytes()
    began, cpu_began = time.perf_counter(), _cpu_s()
    book = open_workbook(data, file.name)
    opened, cpu = time.perf_counter(), _cpu_s()
    shown = json.dumps(codec.to_json(import_report.report_of(import_people.read(book, file.name))))
    checked, cpu_checked = time.perf_counter(), _cpu_s()
    reading = import_people.store(Workbook(file.name, book.packed), file.name, by=None, now=datetime.now(UTC))
    shown += json.dumps(codec.to_json(import_report.report_of(reading)))
    stored_s = time.perf_counter() - checked
    return {
        "imported_s": opened - began + stored_s, "checked_s": checked - opened, "stored": len(reading.new),
        "cpu_s": cpu - cpu_began + _cpu_s() - cpu_checked,
    }  # fmt: skip


def _bare(file: Path) -> dict[str, float]:
    """Read the file, and insert its cells as they are, in one transaction."""
    import sqlalchemy as sa
    from python_calamine import CalamineWorkbook

    from outreach.models import Cadre, Person

    code = db.session.scalar(sa.text("SELECT code FROM region WHERE level = 4"))
    db.session.rollback()
    began, cpu = time.perf_counter(), _cpu_s()
    rows = CalamineWorkbook.from_path(str(file)).get_sheet_by_index(0).to_python()[1:]
    empty = {"title_before": "", "title_after": "", "post": "", "locale": "id", "note": "", "region_code": code}
    with db.engine.begin() as connection:
        for start in range(0, len(rows), 2000):
            some = list(enumerate(rows[start : start + 2000], start=start + 1))
            connection.execute(
                sa.insert(Person),
                [{"id": n, "name": row[1], "email": row[6], "phone": str(row[5])[:20], **empty} for n, row in some],
            )
            connection.execute(
                sa.insert(Cadre),
                [{"person_id": n, "kind": "pkk", "region_code": code, "active": True} for n, _ in some],
            )
    return {"imported_s": time.perf_counter() - began, "checked_s": 0.0, "stored": len(rows), "cpu_s": _cpu_s() - cpu}


def _cpu_s() -> float:
    """Return the CPU time of this process and its ended children. On a busy machine it says more than the clock."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class _Memory(threading.Thread):
    """Looks at the memory of this process and its children until it is stopped."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.most_mb = 0.0
        self.over = threading.Event()

    def run(self) -> None:
        while not self.over.wait(LOOK_S):
            self.most_mb = max(self.most_mb, sum(map(_resident_mb, self._processes())))

    def _processes(self) -> list[int]:
        mine = os.getpid()
        children = Path(f"/proc/{mine}/task/{mine}/children").read_text().split()
        return [mine, *map(int, children)]


def _resident_mb(pid: int) -> float:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0.0
    return next((int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:")), 0.0)


def main(name: str, folder: Path, file: Path) -> None:
    from outreach.services.directory import regions

    app = create_app(sending.settings(folder))
    with app.app_context():
        db.create_all()
        regions.install(db.session, "18.72")
        db.session.commit()
        with db.engine.connect() as connection:
            durability = conditions.durability(connection)
        memory = _Memory()
        memory.start()
        found = _ours(file) if name == "ours" else _bare(file)
        memory.over.set()
        memory.join()
    print(json.dumps({**found, "memory_mb": memory.most_mb, "durability": durability}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), Path(sys.argv[3]))
