"""Last year's programme: planned, answered, held and with attendance at that time. It can be copied."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from random import Random

from outreach.cli.demo import afterwards, content, door, kla, minutes, names
from outreach.cli.demo.answers import invitations_of, nominees, not_invited
from outreach.cli.demo.programme import JAKARTA, Cast, local, plan_day
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, AttendanceSource, CadreKind
from outreach.domain.planning.working_days import working_days
from outreach.models import User
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.certificates import make as certifying
from outreach.services.door import attendance
from outreach.services.programmes import edit as programmes
from outreach.services.programmes.edit import ProgrammeValues

DAYS = 2
OFFICES = ("polres", "kejari", "kodim", "disdikbud", "dinkes", "gow")
STAND_IN = 4
CADRES = 66  # three of each kelurahan, on both days: enough for a report that shows figures


def last_year(cast: Cast, today: date, holidays: dict[date, str], send: Callable[[datetime], None]) -> None:
    """Play a small programme of about a year ago through the services."""
    days = working_days(today - timedelta(days=364), DAYS, holidays)
    planned_day, answered_day = working_days(days[0] - timedelta(days=14), 2, holidays)
    planned = local(planned_day, time(9, 0))
    by = cast.coordinator
    programme = programmes.create(
        ProgrammeValues(
            title=f"Penguatan perlindungan perempuan dan anak {days[0].year}",
            public_title=f"Rangkaian pertemuan lintas sektor {days[0].year}",
            starts_on=days[0],
            ends_on=days[-1],
            zone=JAKARTA,
        ),
        by=by,
        now=planned,
    )
    whats = [
        replace(what, offices=OFFICES if what.offices else (), cadres=CadreKind.PATBM, cadre_count=CADRES)
        for what in content.DAYS[:DAYS]
    ]
    made = [plan_day(cast, programme.id, what, day, now=planned) for what, day in zip(whats, days, strict=True)]
    publishing.publish(made, by=by, now=planned + timedelta(hours=1))
    send(planned + timedelta(hours=1))
    for number, invitation in enumerate(invitations_of(made)):
        answered_at = local(answered_day, time(8, 10)) + number * timedelta(minutes=7)
        if invitation.organisation:
            people = nominees(invitation.organisation, 1, Random(number))
            recording.nominate_for(invitation.id, people, by=by, now=answered_at)
        else:
            choice = Choice.NOT_COMING if number % 9 == 8 else Choice.COMING
            stand_in = None
            if number % 30 == STAND_IN:  # a few send somebody, who gets a certificate of their own
                choice, name = Choice.REPRESENTED, names.made_up(Random(number))
                stand_in = Representative(name, "Kader PKK", email=f"{names.address_part(name)}.kader@example.com")
            recording.record_answer(invitation.id, choice, AnswerSource.PHONE, stand_in, by=by, now=answered_at)
    for days_before in (7, 3):  # the office's rules, each at its due time
        for day in days:
            send(local(day - timedelta(days=days_before), time(8, 1)))
    for activity_id, day in zip(made, days, strict=True):
        send(local(day - timedelta(days=1), time(8, 1)))
        over = local(day, time(13, 0))
        send(over)
        if activity_id == made[-1]:
            door.held(activity_id, not_invited(activity_id), by=by, opens=local(day, time(7, 30)))
            continue
        shown = [i.id for i in invitations_of([activity_id]) if i.person_id]
        there = [one for number, one in enumerate(shown) if number % 6]
        attendance.tick(activity_id, there, shown, AttendanceSource.PAPER, by=by, now=over)
    certify(made[-1], by, now=local(days[-1], time(15, 0)))
    minutes.write(cast, made[-1], today, send)
    for day in days:
        send(local(day + timedelta(days=1), time(8, 1)))
    afterwards.remember(cast, made[1], now=local(days[1] + timedelta(days=1), time(9, 0)))
    kla.tag_held(cast, made, now=local(days[1] + timedelta(days=1), time(10, 0)))


def certify(activity_id: int, by: User, *, now: datetime) -> None:
    """Make the certificates of an activity. One had a name that was misspelt and is corrected, one is revoked."""
    came = (i for i in invitations_of([activity_id]) if i.person and i.person.name and i.attendance)
    first, *_others = (i for i in came if i.acting is None)
    name = first.invitee.display_name
    misspelt = certifying.make_one(first.id, f"{name[:-1]}", by=by, now=now)
    made = certifying.make_all(activity_id, by=by, now=now + timedelta(minutes=5)).certificates
    later = now + timedelta(minutes=20)
    certifying.correct(misspelt.id, name, by=by, now=later)
    revoked = next(one for one in made if one.acting_id is None)
    certifying.revoke(revoked.id, "Pulang sebelum kegiatan dimulai; daftar hadir keliru dicentang.", by=by, now=later)
