"""The office's own map of its kelurahan: read from a file, kept once it was looked at, removed.

queries/reports/shapes.py finds it for the page of coverage. How a file is read: domain/city_map.py.
"""

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach import codec
from outreach.domain.city_map import CityMap, OurKelurahan
from outreach.domain.problems import Problem
from outreach.models import KelurahanMap, User
from outreach.services import audit, files, office_defaults
from outreach.services.directory import regions
from outreach.transactions import writing


class MapOdd(Problem):
    message = "The preview could not be read back. Please choose the file again."


def our_kelurahan(session: Session) -> list[OurKelurahan]:
    """Return the kelurahan of the office's area, with the names of their kecamatan."""
    tree = regions.kelurahan_tree(session)
    return [OurKelurahan(one.code, one.name, around.name) for around in tree for one in around.kelurahan]


def current(session: Session) -> KelurahanMap | None:
    """Return the map that is used; None if nobody loaded one."""
    return session.scalar(sa.select(KelurahanMap).order_by(KelurahanMap.id.desc()).limit(1))


def use(city_map: CityMap, filename: str, *, by: User | None, now: datetime) -> KelurahanMap:
    """Use this map from now on. Raise MapOdd if no file can have given it."""
    with writing() as session:
        office_defaults.lock(session)  # two users who load a map wait for each other
        if not city_map.is_sound([one.code for one in our_kelurahan(session)]):
            raise MapOdd
        row = current(session) or KelurahanMap()
        row.values, row.filename = codec.to_json(city_map), files.plain_name(filename)
        row.loaded_at, row.loaded_by_id = now, by.id if by else None
        session.add(row)
        audit.record(session, by, "kelurahan_map.loaded", row, now=now, kelurahan=len(city_map.outlines))
    return row


def remove(*, by: User | None, now: datetime) -> None:
    """Delete the map that was loaded, if there is one."""
    with writing() as session:
        office_defaults.lock(session)
        row = current(session)
        if row is not None:
            audit.record(session, by, "kelurahan_map.deleted", row, now=now)
            session.delete(row)
