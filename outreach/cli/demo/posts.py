"""Posts of the demo with who holds them when: one changed hands, one has a Plh. on the programme's second day."""

from datetime import date, datetime, timedelta

import sqlalchemy as sa

from outreach.cli.demo.programme import JAKARTA, Cast, DemoPlan
from outreach.domain.kinds import HolderKind, Role
from outreach.extensions import db
from outreach.models import Activity, Organisation
from outreach.services import posts
from outreach.services.directory import people
from outreach.services.directory.people import PersonValues
from outreach.services.invitations import invite as inviting
from outreach.services.posts import HolderValues, PostValues

LONG_AGO = timedelta(days=400)
SOME_DAYS = timedelta(days=2)  # that the Plh. begins before the programme's second day, and ends after it
CAMAT = "Camat Metro Pusat"
KASAT = "Kasat Binmas Polres Metro"


def fill(cast: Cast, plan: DemoPlan, today: date, *, now: datetime) -> None:
    """Enter the posts and their holders, and invite both posts to the second day."""
    second = db.session.get_one(Activity, plan.days[1])
    activity_id, day = second.id, second.starts_at.astimezone(JAKARTA).date()
    since = today - LONG_AGO
    kecamatan = db.session.scalar(sa.select(Organisation.id).where(Organisation.name == "Kantor Kecamatan Metro Pusat"))
    camat = posts.add(PostValues(CAMAT, kecamatan), by=cast.coordinator, now=now)
    hendra = _somebody(cast, "Hendra Wibowo", "Drs.", "M.Si.", kecamatan, "hendra.wibowo@example.com", now)
    endang = _somebody(cast, "Endang Marlina", "", "S.Sos.", kecamatan, "endang.marlina@example.com", now)
    _hold(cast, camat.id, hendra, since, None, HolderKind.DEFINITIVE, now)
    _hold(cast, camat.id, endang, day - SOME_DAYS, day + SOME_DAYS, HolderKind.DAILY_ACTING, now)
    police = cast.offices["polres"]
    kasat = posts.add(PostValues(KASAT, police), by=cast.coordinator, now=now)
    teguh = _somebody(cast, "Teguh Purnomo", "", "S.H.", police, "teguh.purnomo@example.com", now)
    ratna = _somebody(cast, "Ratna Siregar", "", "S.H., M.H.", police, "ratna.siregar@example.com", now)
    _hold(cast, kasat.id, teguh, since, None, HolderKind.DEFINITIVE, now)
    inviting.invite_people(
        [activity_id], [], Role.PARTICIPANT, post_ids=[camat.id, kasat.id], by=cast.coordinator, now=now
    )
    posts.hand_over(kasat.id, ratna, day - timedelta(days=1), by=cast.coordinator, now=now + timedelta(minutes=20))


def _somebody(cast: Cast, name: str, before: str, after: str, office: int | None, email: str, now: datetime) -> int:
    values = PersonValues(
        name=name, title_before=before, title_after=after, organisation_id=office, email=email, namesake=True
    )
    return people.add(values, by=cast.coordinator, now=now).id


def _hold(
    cast: Cast, post_id: int, person_id: int, first: date, last: date | None, kind: HolderKind, now: datetime
) -> None:
    posts.add_holder(post_id, HolderValues(person_id, kind, first, last), by=cast.coordinator, now=now)
