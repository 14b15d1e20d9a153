"""What all benchmarks fill a database with, on either kind: the office, a place, and many rows by one statement each."""

from datetime import time
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from outreach.extensions import db
from outreach.models import Office, Region, Venue

ZONE = ZoneInfo("Asia/Jakarta")
DESCRIPTION = "Dari pencegahan sampai penanganan: peran kader di kelurahan, alur rujukan dan pencatatan. " * 3


def write_office() -> None:
    """Write the office and its region, in the caller's transaction."""
    db.session.add_all([Region(code="18", name="Lampung", level=1), Region(code="18.72", name="Kota Metro", level=2)])
    db.session.flush()
    db.session.add(
        Office(name="Dinas Contoh Kota Metro", short_name="Dinas Contoh", region_code="18.72", zone=ZONE,
               email="dinas@example.com", contact_name="Bidang PPA", contact_phone="+6281200000001",
               mails_from=time(0), mails_until=time(0))
    )  # fmt: skip
    db.session.flush()


def write_venue() -> None:
    """Write a place with the id 1, in the caller's transaction."""
    db.session.add(Venue(id=1, name="Balai Kelurahan Yosodadi", address="Jl. Contoh 1, Metro Timur", capacity=20000))
    db.session.flush()


def numbers(first: int, last: int) -> sa.ColumnElement[int]:
    """Return a column that is each number from `first` to `last`: a statement over it makes that many rows."""
    counted = sa.select(sa.literal(first).label("i")).cte("counted", recursive=True)
    counted = counted.union_all(sa.select(counted.c.i + 1).where(counted.c.i < last))
    return counted.c.i


def insert(model: Any, values: dict[str, Any], source: sa.Select[Any] | None = None) -> None:
    """Insert a row for each of the source's; columns that are not named get their defaults."""
    columns = model.__table__.c
    written = {
        name: value if isinstance(value, (sa.ColumnElement, sa.orm.InstrumentedAttribute))
        else sa.literal(value, columns[name].type)
        for name, value in values.items()
    }  # fmt: skip
    rows = sa.select(*written.values()) if source is None else source.with_only_columns(*written.values())
    db.session.execute(sa.insert(model.__table__).from_select(list(written), rows))


def settle_down() -> None:
    """Run the database's maintenance now, which it would otherwise run later."""
    with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        if db.engine.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")
        else:
            connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
