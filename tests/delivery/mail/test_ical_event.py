"""Calendar entries in a mail and from the answer page."""

from datetime import UTC, datetime, timedelta

import pytest
from icalendar import Calendar

from outreach.delivery import tokens
from outreach.delivery.mail.compose import compose
from outreach.delivery.mail.ical_event import publish_ics
from outreach.domain.kinds import Audience, MailKind, Role
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import AgendaItem
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from tests.world import JAKARTA, NOW, at, draft_activity
from tests.world.composed import (
    calendar_parts,
    dewi,
    event_in,
    line,
    mail_of,
    message_of,
    published_invitation,
    reads_a_mailbox,
)


def test_an_invitation_includes_a_calendar_request_if_answers_are_read(app, activity, ani):
    reads_a_mailbox(app)
    mail = mail_of(line(published_invitation(activity, ani), MailKind.INVITATION))
    assert mail.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html", "text/calendar"]
    (part,) = calendar_parts(mail)
    assert part["Content-Type"].params["method"] == "REQUEST"
    event = event_in(part)
    assert event["UID"] == activity.uid
    assert event["SEQUENCE"] == 0
    assert event.start == at(18)
    assert event.end == at(18, 12)
    assert event["DTSTART"].params["TZID"] == "Asia/Jakarta"
    assert event["DTSTAMP"].dt == NOW
    assert event["SUMMARY"] == "Rapat koordinasi lintas sektor"
    assert event["LOCATION"] == "Aula Bappeda, Jl. Jenderal Sudirman, Metro"
    assert event["DESCRIPTION"] == "\n".join(
        ["Registrasi: 07.30 WIB", "Pertanyaan: Bidang PPA, 0812-0000-0001", link_of(ani)]
    )
    assert event["ORGANIZER"] == "mailto:jawaban@example.com"
    assert event["ATTENDEE"] == "mailto:ani@example.com"
    assert dict(event["ATTENDEE"].params) == {
        "CN": "Ani Wijaya", "ROLE": "REQ-PARTICIPANT", "PARTSTAT": "NEEDS-ACTION", "RSVP": "TRUE",
    }  # fmt: skip
    assert part.get_filename() == "undangan.ics"


@pytest.mark.parametrize("kind", [MailKind.INVITATION, MailKind.CHANGE, MailKind.SEAT])
def test_without_a_mailbox_the_event_is_only_shown_so_no_program_offers_yes_and_no(activity, ani, kind):
    """Gmail and Outlook show buttons for a REQUEST, whatever RSVP says. Nobody would read the answer (RFC 5546, 3.2.1)."""
    mail = mail_of(line(published_invitation(activity, ani), kind, detail={"old_starts_at": at(17).isoformat()}))
    (part,) = calendar_parts(mail)
    assert part["Content-Type"].params["method"] == "PUBLISH"
    assert Calendar.from_ical(part.get_payload(decode=True))["METHOD"] == "PUBLISH"
    event = event_in(part)
    assert "ATTENDEE" not in event
    assert (event["UID"], event["ORGANIZER"], event.start) == (activity.uid, "mailto:outreach@example.com", at(18))
    assert (part.get_filename(), part.get_content_disposition()) == ("undangan.ics", "attachment")


def test_without_a_mailbox_a_speakers_event_still_has_their_turn(activity, ani):
    item = AgendaItem(activity=activity, starts_at=at(18, 9), ends_at=at(18, 10), topic="Pelaporan", speakers=[ani])
    db.session.add(item)
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, ani, Role.SPEAKER), MailKind.INVITATION)))
    assert event_in(part)["DESCRIPTION"].startswith("Giliran: 09.00–10.00 WIB")


def test_an_entry_carries_its_time_zone(activity, ani):
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, ani), MailKind.INVITATION)))
    calendar = Calendar.from_ical(part.get_payload(decode=True))
    (zone,) = calendar.walk("VTIMEZONE")
    assert zone["TZID"] == "Asia/Jakarta"
    (standard,) = zone.walk("STANDARD")
    assert standard["TZOFFSETTO"].td == timedelta(hours=7)


def test_the_calendar_part_is_never_base64_and_its_lines_end_as_they_must(activity, hall, ani):
    hall.name = "Gedung “Sessat Agung”, lantai 2"
    message = message_of(line(published_invitation(activity, ani), MailKind.INVITATION))
    data = compose(message, message.lines, now=NOW).data
    assert b"base64" not in data
    assert data.isascii()
    assert all(len(row) <= 998 for row in data.split(b"\r\n"))
    (part,) = calendar_parts(
        mail_of(line(published_invitation(draft_activity(None, hall, 25), ani), MailKind.INVITATION))
    )
    assert event_in(part)["LOCATION"].startswith("Gedung “Sessat Agung”, lantai 2")


def test_a_move_raises_the_sequence_and_requests_an_answer_again(app, activity, ani):
    reads_a_mailbox(app)
    invitation = published_invitation(activity, ani, state=InvitationState.COMING, answered_sequence=0)
    activity.sequence = 1
    db.session.commit()
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.CHANGE, detail={"reason": "x"})))
    event = event_in(part)
    assert part["Content-Type"].params["method"] == "REQUEST"
    assert event["SEQUENCE"] == 1
    assert event["ATTENDEE"].params["PARTSTAT"] == "NEEDS-ACTION"


@pytest.mark.parametrize(
    ("state", "partstat"),
    [
        (InvitationState.INVITED, "NEEDS-ACTION"),
        (InvitationState.COMING, "ACCEPTED"),
        (InvitationState.NOT_COMING, "DECLINED"),
        (InvitationState.REPRESENTED, "DECLINED"),
        (InvitationState.WAITLISTED, "NEEDS-ACTION"),
    ],
)
def test_the_entry_includes_the_answer(app, activity, ani, state, partstat):
    reads_a_mailbox(app)
    invitation = published_invitation(activity, ani, state=state, answered_sequence=0)
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.SEAT)))
    assert event_in(part)["ATTENDEE"].params["PARTSTAT"] == partstat


@pytest.mark.parametrize("kind", [MailKind.CANCELLATION, MailKind.POSTPONEMENT, MailKind.WITHDRAWAL])
def test_a_cancellation_cancels_the_entry(activity, ani, kind):
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, ani, state=InvitationState.COMING), kind)))
    assert part["Content-Type"].params["method"] == "CANCEL"
    event = event_in(part)
    assert event["UID"] == activity.uid
    assert event["STATUS"] == "CANCELLED"
    assert "RSVP" not in event["ATTENDEE"].params
    assert part.get_filename() == "pembatalan.ics"


def test_a_withdrawal_outranks_the_request_and_the_next_request_the_withdrawal(activity, ani, coordinator):
    invitation = published_invitation(activity, ani, state=InvitationState.COMING, invited_at=NOW)
    activity.sequence = 2
    db.session.commit()
    sequences = [sequence_of(invitation, MailKind.INVITATION)]
    withdrawing.withdraw(invitation.id, by=coordinator, now=NOW)
    sequences.append(sequence_of(invitation, MailKind.WITHDRAWAL))
    inviting.invite_people([activity.id], [ani.id], Role.CADRE, by=coordinator, now=NOW)
    sequences.append(sequence_of(invitation, MailKind.INVITATION))
    assert sequences == [2, 3, 4]


def sequence_of(invitation, kind):
    (part,) = calendar_parts(mail_of(line(invitation, kind)))
    return event_in(part)["SEQUENCE"]


def test_answers_are_sent_to_the_mailbox_if_one_is_read(app, activity, ani):
    invitation = published_invitation(activity, ani)
    reads_a_mailbox(app)
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.INVITATION)))
    event = event_in(part)
    assert event["ORGANIZER"] == "mailto:jawaban@example.com"
    assert event["ATTENDEE"].params["RSVP"] == "TRUE"
    invitation.state = InvitationState.COMING
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.SEAT)))
    assert event_in(part)["ATTENDEE"].params["RSVP"] == "FALSE"


def test_a_mailbox_without_its_own_address_uses_the_senders(app, activity, ani):
    invitation = published_invitation(activity, ani)
    reads_a_mailbox(app, imap_address="")
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.INVITATION)))
    assert event_in(part)["ORGANIZER"] == "mailto:outreach@example.com"


def test_a_representative_gets_no_calendar_request(app, activity, ani):
    invitation = published_invitation(
        activity, ani, state=InvitationState.REPRESENTED, acting=dewi(), answered_sequence=0,
    )  # fmt: skip
    activity.sequence = 1
    reads_a_mailbox(app)
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.CHANGE), to_representative=True))
    assert part["Content-Type"].params["method"] == "PUBLISH"  # they cannot answer for the invitee
    assert "ATTENDEE" not in event_in(part)


def test_an_organisation_is_the_attendee_of_its_entry(app, activity, police):
    reads_a_mailbox(app)
    (part,) = calendar_parts(
        mail_of(line(published_invitation(activity, police, Role.PARTICIPANT, quota=2), MailKind.INVITATION))
    )
    attendee = event_in(part)["ATTENDEE"]
    assert (attendee, attendee.params["CN"]) == ("mailto:polres@example.com", "Polres Metro")


def test_a_person_who_still_comes_in_another_role_keeps_the_entry(activity, ani):
    published_invitation(activity, ani, Role.SPEAKER, state=InvitationState.COMING)
    withdrawn = published_invitation(activity, ani, Role.PARTICIPANT, state=InvitationState.WITHDRAWN)
    assert calendar_parts(mail_of(line(withdrawn, MailKind.WITHDRAWAL))) == []


@pytest.mark.parametrize("kind", [MailKind.REMINDER, MailKind.THANKS])
def test_a_reminder_has_no_calendar_entry(activity, ani, kind):
    assert calendar_parts(mail_of(line(published_invitation(activity, ani), kind, Audience.UNANSWERED))) == []


def test_several_activities_give_as_many_attachments_with_one_uid_each(app, programme, hall, ani):
    reads_a_mailbox(app)
    activities = [draft_activity(programme, hall, 18 + n, title=f"Hari {n}") for n in range(3)]
    mail = mail_of(*[line(published_invitation(activity, ani), MailKind.INVITATION) for activity in activities])
    assert mail.get_content_type() == "multipart/mixed"
    parts = calendar_parts(mail)
    assert [part.get_filename() for part in parts] == ["undangan-1.ics", "undangan-2.ics", "undangan-3.ics"]
    assert [event_in(part)["UID"] for part in parts] == [activity.uid for activity in activities]
    assert {part["Content-Type"].params["method"] for part in parts} == {"REQUEST"}


def test_the_answer_page_offers_the_entry_without_a_request(activity):
    calendar = Calendar.from_ical(publish_ics(activity, url="https://example.com/j/x", now=NOW))
    assert calendar["METHOD"] == "PUBLISH"
    (event,) = calendar.walk("VEVENT")
    assert event["DTSTART"].dt == datetime(2027, 1, 18, 8, tzinfo=JAKARTA)
    assert event["DESCRIPTION"].splitlines()[-1] == "https://example.com/j/x"
    assert event["DTSTAMP"].dt == NOW.astimezone(UTC)
    assert "ATTENDEE" not in event
    assert event["STATUS"] == "CONFIRMED"


def test_only_a_speakers_entry_has_the_time_of_their_slot_and_it_has_no_topic(activity, ani, chief):
    chief.locale = "en"
    activity.agenda = [
        AgendaItem(starts_at=at(18, 8, 30), ends_at=at(18, 9, 15), topic="Penuntutan", speakers=[chief]),
        AgendaItem(starts_at=at(18, 10), ends_at=at(18, 11), topic="Pencegahan", speakers=[chief]),
        AgendaItem(starts_at=at(18, 9, 15), ends_at=at(18, 10), topic="Pelaporan", speakers=[]),
    ]
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, chief, Role.SPEAKER), MailKind.INVITATION)))
    event = event_in(part)
    assert event["DESCRIPTION"].splitlines() == [
        "Your turn: 08:30–09:15 WIB; 10:00–11:00 WIB", "Registration: 07:30 WIB", "Questions: Bidang PPA, 0812-0000-0001",
        link_of(chief),
    ]  # fmt: skip
    assert event["SUMMARY"] == "Rapat koordinasi lintas sektor"
    assert "Penuntutan" not in str(event)
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, ani), MailKind.INVITATION)))
    assert "Your turn" not in event_in(part)["DESCRIPTION"]
    assert "Giliran" not in event_in(part)["DESCRIPTION"]


def test_an_entry_says_when_registration_opens_what_to_bring_and_who_answers_questions(activity, ani):
    activity.things_to_bring = "Buku\r\nATTENDEE:mailto:x@example.com"
    invitation = published_invitation(activity, ani)
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.INVITATION)))
    said = [
        "Registrasi: 07.30 WIB", "Harap membawa: Buku ATTENDEE:mailto:x@example.com",
        "Pertanyaan: Bidang PPA, 0812-0000-0001",
    ]  # fmt: skip
    assert event_in(part)["DESCRIPTION"].splitlines() == [*said, link_of(ani)]
    assert "ATTENDEE" not in event_in(part)
    file = Calendar.from_ical(publish_ics(activity, url="https://example.com/j/x", now=NOW))
    (event,) = file.walk("VEVENT")
    assert len(event["DESCRIPTION"].splitlines()) == 4
    invitation.state = InvitationState.WITHDRAWN
    (part,) = calendar_parts(mail_of(line(invitation, MailKind.WITHDRAWAL)))
    assert event_in(part)["DESCRIPTION"] == link_of(ani)


def link_of(person):
    return tokens.answer_url(tokens.link_for(db.session, person))


def test_a_cancelled_speakers_entry_has_no_slot(activity, chief):
    chief.locale = "en"
    activity.agenda = [AgendaItem(starts_at=at(18, 9), ends_at=at(18, 10), topic="Penuntutan", speakers=[chief])]
    (part,) = calendar_parts(mail_of(line(published_invitation(activity, chief, Role.SPEAKER), MailKind.CANCELLATION)))
    assert "Your turn" not in str(event_in(part)["DESCRIPTION"])


def test_the_entry_of_a_cancelled_activity_is_cancelled(activity):
    activity.state = ActivityState.CANCELLED
    (event,) = Calendar.from_ical(publish_ics(activity, url="", now=NOW)).walk("VEVENT")
    assert event["STATUS"] == "CANCELLED"


def test_a_title_with_line_breaks_adds_nothing_to_the_calendar(activity):
    activity.public_title = "Rapat\r\nATTENDEE:mailto:x@example.com"
    calendar = Calendar.from_ical(publish_ics(activity, url="", now=NOW))
    (event,) = calendar.walk("VEVENT")
    assert event["SUMMARY"] == "Rapat ATTENDEE:mailto:x@example.com"
    assert "ATTENDEE" not in event


def test_the_own_file_of_a_postponed_activity_is_cancelled(activity):
    activity.state = ActivityState.POSTPONED
    (event,) = Calendar.from_ical(publish_ics(activity, url="", now=NOW)).walk("VEVENT")
    assert event["STATUS"] == "CANCELLED"
