"""A small activity that is postponed on the day of its publishing: it waits for its new date, and its invitees know that."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta

from outreach.cli.demo.programme import JAKARTA, Cast, local, some_cadres
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind, CadreKind, Role
from outreach.domain.planning.working_days import working_days
from outreach.services.activities import edit as planning
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting

TITLE = "Evaluasi kader Posyandu"
PUBLIC_TITLE = "Pertemuan kader Posyandu"
HALL = "Gedung Sessat Agung Bumi Sai Wawai"
HOURS = time(13, 30), time(15, 30)
DAYS_AHEAD, CADRES = 7, 8
POSTPONED_AFTER = timedelta(hours=5)
REASON = "Gedung dipakai untuk kegiatan Wali Kota"


def plan_postponed(cast: Cast, today: date, holidays: Mapping[date, str], *, now: datetime) -> int:
    """Draft the activity a week ahead and invite its cadres. Return its id."""
    day = working_days(today + timedelta(days=DAYS_AHEAD), 1, holidays)[0]
    activity = planning.create_activity(
        ActivityValues(
            kind=ActivityKind.COORDINATION,
            title=TITLE,
            public_title=PUBLIC_TITLE,
            starts_at=local(day, HOURS[0]),
            ends_at=local(day, HOURS[1]),
            zone=JAKARTA,
            venue_id=cast.halls[HALL],
        ),
        by=cast.coordinator,
        now=now,
    )
    chosen = some_cadres(CadreKind.POSYANDU, CADRES)
    inviting.invite_people([activity.id], chosen, Role.CADRE, by=cast.coordinator, now=now)
    return activity.id


def postpone(cast: Cast, activity_id: int, *, now: datetime) -> None:
    publishing.postpone(activity_id, REASON, by=cast.coordinator, now=now)
