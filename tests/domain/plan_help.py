"""A small plan of Kota Metro in January 2027 for tests: its people, its halls, and activities by the hour."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from outreach.domain.kinds import ActivityKind, Role
from outreach.domain.planning.parties import Engagement, Party, Place
from outreach.domain.planning.plan import Plan, PlannedActivity, ProgrammeDays

JAKARTA = ZoneInfo("Asia/Jakarta")
NOW = datetime(2027, 1, 4, 8, 0, tzinfo=JAKARTA)  # a Monday, a fortnight before the programme
BAPPEDA = Place(1, "Aula Bappeda", 120, "18.72.01.1001", -5.1130, 105.3070)
GANJAR_AGUNG = Place(2, "Balai Kelurahan Ganjar Agung", 40, "18.72.02.1001", -5.1130, 105.2860)  # 2.3 km west of it
YOSODADI = Place(3, "Balai Kelurahan Yosodadi", 30, "18.72.03.1001")
PROGRAMME = ProgrammeDays(1, "Empat hari perlindungan anak", date(2027, 1, 18), date(2027, 1, 21), JAKARTA)
SITI, BUDI, ANI = Party.person(1, "Siti Rahmawati"), Party.person(2, "Budi Santoso"), Party.person(3, "Ani Lestari")
POLRES = Party.organisation(1, "Polres Metro")


def at(hour: float, day: int = 18, month: int = 1) -> datetime:
    """Return an instant in January 2027: at(9.5) is 09.30 on Monday the 18th."""
    return datetime(2027, month, day, int(hour), round(hour % 1 * 60), tzinfo=JAKARTA)


def activity(
    id: int,
    starts: float,
    ends: float,
    *,
    day: int = 18,
    kind: ActivityKind = ActivityKind.COORDINATION,
    **more: object,
) -> PlannedActivity:
    return PlannedActivity(
        id,
        f"Kegiatan {id}",
        kind,
        at(starts, day),
        at(ends, day),
        JAKARTA,
        **{"coordinator": "Dewi", **more},  # type: ignore[arg-type]
    )


def speaks(party: Party) -> Engagement:
    return Engagement(party, Role.SPEAKER)


def takes_part(party: Party) -> Engagement:
    return Engagement(party, Role.PARTICIPANT)


def volunteers(party: Party) -> Engagement:
    return Engagement(party, Role.CADRE)


def plan(*activities: PlannedActivity, **more: object) -> Plan:
    known = {"now": NOW, "places": (BAPPEDA, GANJAR_AGUNG, YOSODADI), "programmes": (PROGRAMME,)}
    return Plan(activities=activities, **{**known, **more})  # type: ignore[arg-type]


def session(id, starts, ends, region="18.72.02.1001", **more):
    return activity(id, starts, ends, **{"kind": ActivityKind.OUTREACH, "region_code": region, **more})
