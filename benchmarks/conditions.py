"""Under which conditions something was measured: the machine, and what is flushed to disk before it counts as written."""

import os
import platform
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

import sqlalchemy as sa

FLUSHES = 200
SYNCHRONOUS = {0: "OFF", 1: "NORMAL", 2: "FULL", 3: "EXTRA"}


def machine() -> str:
    """Return the machine as one line of text."""
    return f"Python {platform.python_version()} on {sys.platform}, {os.cpu_count()} cores ({_processor()})"


def durability(connection: sa.Connection) -> str:
    """Return what this database flushes at a commit, in its own words."""
    if connection.dialect.name == "sqlite":
        journal = connection.exec_driver_sql("PRAGMA journal_mode").scalar()
        level = connection.exec_driver_sql("PRAGMA synchronous").scalar()
        return f"SQLite {connection.dialect.dbapi.sqlite_version}, {journal}, synchronous {SYNCHRONOUS[level]}"
    said = {name: connection.exec_driver_sql(f"SHOW {name}").scalar() for name in ("fsync", "synchronous_commit")}
    version = connection.exec_driver_sql("SHOW server_version").scalar()
    return f"PostgreSQL {version}, fsync {said['fsync']}, synchronous_commit {said['synchronous_commit']}"


def flush_us(folder: Path) -> float:
    """Return how long it takes to write a page of 4 KB to this folder's disk and flush it: the median of two hundred."""
    took = []
    with tempfile.TemporaryFile(dir=folder, buffering=0) as file:
        for _ in range(FLUSHES):
            began = time.perf_counter()
            file.write(b"x" * 4096)
            os.fsync(file.fileno())
            took.append(time.perf_counter() - began)
    return median(took) * 1e6


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8", "replace").splitlines()
    except OSError:
        lines = []
    named = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(named, platform.processor() or platform.machine())
