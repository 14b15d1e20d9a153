"""A second programme of drafts, ready for a timetabling search: four meetings, and one activity in each kelurahan.

Three facilitators can be chosen to lead them; nobody leads anything yet. One meeting is drafted last but should come first.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from itertools import groupby

from outreach.cli.demo.calendar import COMMUNITY_DAYS, Half, demo_days, visits
from outreach.cli.demo.programme import JAKARTA, Cast, local
from outreach.domain.activities.values import ActivityValues
from outreach.domain.kinds import ActivityKind
from outreach.domain.planning.working_days import working_days
from outreach.extensions import db
from outreach.models import Activity
from outreach.services.activities import community as community_activities
from outreach.services.directory import regions
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues

FACILITATORS = ("fasilitator.puspaga", "fasilitator.patbm", "fasilitator.anak")
TITLE = "Pembinaan lanjutan di 22 kelurahan"
MEETINGS = (
    (ActivityKind.TRAINING, "Pelatihan fasilitator kelurahan", "Wisma Haji Al-Khairiyah Metro"),
    (ActivityKind.TRAINING, "Penyegaran kader PATBM", "Aula Disdikbud Kota Metro"),
    (ActivityKind.COORDINATION, "Evaluasi dan rencana tindak lanjut", "Gedung Sessat Agung Bumi Sai Wawai"),
    (
        ActivityKind.COORDINATION,
        "Rapat koordinasi pembinaan lanjutan",
        "Aula Bappeda Kota Metro",
    ),  # should come first
)
COMMUNITY_TITLE = "Pembinaan warga di Kelurahan"
BEGINS, ENDS = time(8), time(12)
HOURS = {Half.MORNING: (time(9), time(11)), Half.AFTERNOON: (time(13, 30), time(15, 30))}


@dataclass(frozen=True)
class Drafts:
    """The ids of the drafts. first: the meeting that should come before all others. facilitators: people's ids."""

    programme_id: int
    first: int
    facilitators: tuple[int, ...]

    @property
    def address(self) -> str:
        """Return the address, without host, of the page that is ready to start the search."""
        people = "".join(f"&person={id}" for id in self.facilitators)
        return f"/placements/new?programme={self.programme_id}&first={self.first}{people}"


def days_of(today: date, holidays: Mapping[date, str]) -> list[date]:
    """Return the nine working days after those of the first programme and its community activities."""
    _days, community = demo_days(today, holidays)
    return working_days(community[-1], COMMUNITY_DAYS + 1, holidays)[1:]


def plan_drafts(cast: Cast, days: Sequence[date], *, now: datetime) -> Drafts:
    """Draft the programme, and the community activities within its days."""
    by = cast.coordinator
    meetings = [
        ActivityValues(
            kind=kind,
            title=title,
            public_title=title,
            starts_at=local(day, BEGINS),
            ends_at=local(day, ENDS),
            zone=JAKARTA,
            venue_id=cast.halls[hall],
        )
        for (kind, title, hall), day in zip(MEETINGS, days, strict=False)
    ]
    programme = programmes.create(
        ProgrammeValues(
            title=TITLE,
            public_title="Pertemuan lanjutan",
            purpose="Setiap kelurahan didatangi sekali lagi, bersama fasilitator.",
            starts_on=days[0],
            ends_on=days[-1],
            zone=JAKARTA,
        ),
        meetings,
        by=by,
        now=now,
    )
    tree = {kecamatan.code: [k.code for k in kecamatan.kelurahan] for kecamatan in regions.kelurahan_tree(db.session())}
    for (day, half), group in groupby(visits(tree, days), key=lambda visit: (visit.day, visit.half)):
        begins, ends = HOURS[half]
        values = ActivityValues(
            kind=ActivityKind.GUIDANCE,
            title=COMMUNITY_TITLE,
            public_title="Pertemuan warga di Kelurahan",
            starts_at=local(day, begins),
            ends_at=local(day, ends),
            zone=JAKARTA,
            capacity=30,
        )
        codes = [visit.kelurahan for visit in group]
        community_activities.create(values, codes, programme_id=programme.id, by=by, now=now)
    last = db.session.scalars(db.select(Activity.id).filter_by(programme_id=programme.id, title=MEETINGS[-1][1])).one()
    return Drafts(programme.id, last, tuple(cast.people[key] for key in FACILITATORS))
