"""Many cadres and their organisations, for the benchmarks of lists, searches and exports of people."""

import sqlalchemy as sa

from benchmarks.databases.demo_sized import KELURAHAN
from outreach.domain.kinds import CadreKind, Sector
from outreach.extensions import db
from outreach.models import Cadre, Organisation, Person

ORGANISATIONS = 500
NAMES = ("Siti", "Dewi", "Sri", "Nur", "Rina", "Ani", "Lestari", "Ratna")
SURNAMES = ("Wulandari", "Rahmawati", "Handayani", "Puspita", "Kusuma", "Anggraini", "Safitri")


def write_cadres(count: int) -> list[int]:
    """Write this many cadres into the database of demo_sized.py, most of them in an organisation. Commit. Return their ids."""
    db.session.execute(
        sa.insert(Organisation),
        [
            {"name": f"Kantor Wilayah {n}", "short_name": f"Kanwil {n}", "sector": Sector.GOVERNMENT,
             "email": f"kanwil{n}@example.com"}
            for n in range(ORGANISATIONS)
        ],
    )  # fmt: skip
    offices = list(db.session.scalars(sa.select(Organisation.id)))
    regions = [f"18.72.01.{1001 + n}" for n in range(KELURAHAN)]
    db.session.execute(
        sa.insert(Person),
        [
            {"name": f"{NAMES[n % 8]} {SURNAMES[n // 8 % 7]} {n}", "post": f"Kader RW {n % 30}",
             "email": f"orang{n}@example.com", "phone": f"+62812{n:08}", "region_code": regions[n % len(regions)],
             "organisation_id": offices[n % len(offices)] if n % 3 else None}
            for n in range(count)
        ],
    )  # fmt: skip
    stored = list(db.session.scalars(sa.select(Person.id).order_by(Person.id)))[-count:]
    db.session.execute(
        sa.insert(Cadre),
        [
            {"person_id": person, "kind": CadreKind.PKK, "region_code": regions[n % len(regions)]}
            for n, person in enumerate(stored)
        ],
    )
    db.session.commit()
    return stored
