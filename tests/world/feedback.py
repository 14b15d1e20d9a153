"""People who were at an activity, and what they say about it afterwards."""

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa

from outreach.domain.feedback import FeedbackAnswer
from outreach.domain.kinds import AttendanceSource, CadreKind
from outreach.extensions import db
from outreach.models import Activity, Attendance, Person
from outreach.services.feedback import give as giving
from tests.world.actions import invite, publish
from tests.world.days import at
from tests.world.records import a_cadre
from tests.world.stored import invitation_of, token_of

DAY_AFTER = at(19, 9)
NAMES = ["Ani", "Budi", "Citra", "Dewi", "Eka", "Fitri", "Gita", "Hani", "Indah", "Joko", "Kartika", "Lestari"]


def people(number: int) -> list[Person]:
    return [a_cadre(f"{name} Wijaya", CadreKind.PATBM, "18.72.01.1003") for name in NAMES[:number]]


def were_there(activity: Activity, *came: Person) -> None:
    """Invite people, publish the activity, and record that they were there."""
    invite(activity, *came)
    publish(activity)
    for person in came:
        was_there(activity, person)


def was_there(activity: Activity, person: Person) -> None:
    row = Attendance(
        invitation_id=invitation_of(activity, person).id,
        present=True,
        source=AttendanceSource.HAND,
        recorded_at=at(18, 12),
    )
    db.session.add(row)
    db.session.commit()


def say(
    activity: Activity, person: Person, values: Sequence[int] = (4, 4, 4), remark: str = "", now: datetime = DAY_AFTER
) -> None:
    """Give a person's feedback by their link."""
    giving.give(token_of(person), activity.id, FeedbackAnswer(tuple(values), remark), now=now)


def raw(table: str) -> list[tuple]:
    """Return a table's rows in the order in which the database holds them."""
    return [tuple(row) for row in db.session.execute(sa.text(f"SELECT * FROM {table}"))]  # noqa: S608  names of ours
