"""An activity that was held, with who came, who was represented, who excused themselves and who stayed away; its minutes."""

from dataclasses import replace

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AttendanceSource, LinkPurpose, Role
from outreach.extensions import db
from outreach.models import Activity, AgendaItem, Minutes, Person, User
from outreach.services.answers import decline
from outreach.services.door import attendance
from outreach.services.minutes import approval, edit, reading
from outreach.services.reminders import tick as reminding
from tests.world.actions import answer, invite, publish
from tests.world.days import NOW, at
from tests.world.mails import send
from tests.world.records import a_person
from tests.world.stored import fresh, invitation_of, token_of


def hold(activity: Activity, chief: Person, ani: Person, budi: Person, *, by: User) -> Activity:
    """Hold a draft: the chief speaks and is represented by Rini, Ani came, Budi excused himself, Citra was silent, and Dodi,
    who has no address, came.
    """
    activity.agenda = [AgendaItem(starts_at=at(18, 8), ends_at=at(18, 9), topic="Alur rujukan", speakers=[chief])]
    citra, dodi = a_person("Citra Lestari"), a_person("Dodi Pranata", email="")
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, ani, budi, citra, dodi)
    publish(activity)
    stand_in = Representative("Rini Astuti", post="Kanit PPA", email="rini@example.com")
    answer(activity, chief, Choice.REPRESENTED, representative=stand_in)
    answer(activity, ani, Choice.COMING)
    answer(activity, budi, Choice.NOT_COMING)
    decline.explain(token_of(budi), activity.id, "Tugas luar kota", now=NOW)
    came = [invitation_of(activity, one).id for one in (chief, ani, dodi)]
    attendance.tick(activity.id, came, came, AttendanceSource.HAND, by=by, now=at(18, 9))
    reminding.tick(at(18, 13))
    send(at(18, 13))
    return activity


def write(held: Activity, chief: Person, *, by: User) -> Minutes:
    """Save its minutes once; the chief led the meeting."""
    text = replace(reading.prefilled(db.session, held, by), further="Rapat berikutnya bulan depan.")
    item = replace(
        text.items[0], discussion="Rujukan lambat.\n\n- puskesmas\n- polisi", decisions="1. Satu nomor telepon"
    )
    return edit.save(held.id, replace(text, items=(item,)), chief.id, 0, by=by, now=at(18, 14))


def approve(written: Minutes, *, by: User) -> Minutes:
    """Send the minutes for approval; the chair agrees by the link."""
    approval.ask(written.activity_id, written.version, by=by, now=at(18, 15))
    send(at(18, 15))
    return approval.reply(chairs_token(written), True, "", now=at(18, 16))


def chairs_token(minutes: Minutes) -> str:
    return tokens.tokens_by_nonce(LinkPurpose.MINUTES)(fresh(minutes).nonce)
