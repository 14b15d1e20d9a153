"""A person's data is exported completely and erased for good, while counts stay right."""

import json
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.mail import kept
from outreach.delivery.outbox import leases, results
from outreach.delivery.outbox import settle as settling
from outreach.delivery.outbox.prepare import Preparer
from outreach.delivery.smtp.outcomes import Accepted, Permanent, Temporary
from outreach.domain.answers import Choice, Representative
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import (
    AgeGroup,
    AnswerSource,
    Audience,
    IncomingKind,
    IncomingOutcome,
    MailKind,
    Role,
    Sex,
)
from outreach.domain.mail.incoming import Participation
from outreach.domain.planning.parties import AbsenceSource
from outreach.domain.states import ActivityState, InvitationState, MessageState
from outreach.extensions import current_settings, db
from outreach.models import (
    AbsenceCalendar,
    ActingPerson,
    AddressFailure,
    AgendaItem,
    ArchivedLine,
    ArchivedMessage,
    AuditEntry,
    CalendarFile,
    Call,
    CallClaim,
    CallQuestion,
    IncomingMail,
    Invitation,
    Link,
    MailFrame,
    Message,
    MessageLine,
    Person,
    Reminder,
    SentMail,
    WrongNumber,
)  # fmt: skip
from outreach.services import audit
from outreach.services.activities import publish as publishing
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.directory import assistants
from outreach.services.directory.people import PersonErased, PersonMissing
from outreach.services.inbox import retention as inbox_retention
from outreach.services.invitations import links
from outreach.services.privacy import person as privacy
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    an_invitation,
    an_organisation,
    answer,
    at,
    draft_activity,
    invite,
    invite_organisation,
    publish,
    rows_of,
)


def a_cadres_invitation(activity, person, state=InvitationState.COMING, **values):
    return an_invitation(activity, person, Role.CADRE, state=state, **values)


@copied
def published_row(any_app, activity):
    activity.state = ActivityState.PUBLISHED
    db.session.commit()
    return activity


def erase(person):
    return privacy.erase(person.id, by=None, now=NOW)


def test_nothing_identifying_is_left(published_row, ani):
    sent = Message(
        person=ani, kind=MailKind.INVITATION, local_day=date(2027, 1, 4), due_at=NOW, expires_at=at(18),
        state=MessageState.SENT, address="ani@example.com", server_reply="250 ani@example.com ok",
    )  # fmt: skip
    due = Message(person=ani, kind=MailKind.REMINDER, local_day=date(2027, 1, 11), due_at=at(11), expires_at=at(18))
    db.session.add_all([sent, due])
    a_cadres_invitation(published_row, ani, answer_note="Ani Wijaya called", answer_source=AnswerSource.PHONE)
    audit.record(db.session, None, "person.edited", ani, now=NOW, changed=["email"])
    tokens.link_for(db.session, ani, expires_at=at(18, month=2))
    db.session.commit()
    ani.sex, ani.age_group = Sex.FEMALE, AgeGroup.FROM_25
    db.session.commit()
    erase(ani)
    assert (ani.full_name, ani.post, ani.email, ani.phone, ani.note, ani.erased_at) == ("(erased)", "", "", "", "", NOW)
    assert (ani.sex, ani.age_group) == (None, None)
    assert [role.active for role in ani.cadre_roles] == [False]
    assert [(message.state, message.address, message.server_reply) for message in (sent, due)] == [
        (MessageState.SENT, "", ""),
        (MessageState.SKIPPED, "", ""),
    ]
    everything = " ".join(
        str(row)
        for table in (Person, Invitation, Message, AuditEntry)
        for row in db.session.execute(sa.select(*table.__table__.columns)).all()
    ).lower()
    assert "ani wijaya" not in everything
    assert "ani@example.com" not in everything
    assert "81234567890" not in everything


def test_calls_to_a_person_are_exported_and_what_was_noted_is_erased(published_row, ani, budi, coordinator):
    budi.phone = "+6281299990000"
    db.session.commit()
    about = [a_cadres_invitation(published_row, ani, InvitationState.INVITED).id]
    ani_, budi_ = CalleeKey("person", ani.id), CalleeKey("person", budi.id)
    question = CallResult(CallOutcome.QUESTION, about, "Boleh membawa anak?")
    recording.record(ani_, question, by=coordinator, now=NOW)
    recording.record(ani_, CallResult(CallOutcome.WRONG_NUMBER, about), by=coordinator, now=NOW)
    recording.record(budi_, CallResult(CallOutcome.WRONG_NUMBER, ()), by=coordinator, now=NOW)
    exported = privacy.export(ani.id, by=None, now=NOW)
    assert [(call["outcome"], call["note"]) for call in exported["calls"]] == [
        ("question", "Boleh membawa anak?"),
        ("wrong_number", ""),
    ]
    assert exported["number_marked_as_wrong"] == NOW.isoformat()
    erase(ani)
    assert [(call.person_id, call.note) for call in rows_of(Call)] == [(ani.id, ""), (ani.id, ""), (budi.id, "")]
    assert [claim.person_id for claim in rows_of(CallClaim)] == [budi.id]
    assert (rows_of(CallQuestion), [row.number for row in rows_of(WrongNumber)]) == ([], ["+6281299990000"])


def test_the_link_stops_working(published_row, ani):
    token = tokens.token(tokens.link_for(db.session, ani, expires_at=at(18, month=2)))
    db.session.commit()
    assert links.open_link(token, now=NOW).person_id == ani.id
    erase(ani)
    with pytest.raises(links.LinkRevoked):
        links.open_link(token, now=NOW)


def test_future_invitations_are_withdrawn_and_past_ones_still_count(published_row, hall, ani):
    past = draft_activity(None, hall, 3, state=ActivityState.HELD)
    was_there, to_come = (
        a_cadres_invitation(past, ani),
        a_cadres_invitation(published_row, ani),
    )
    assert privacy.upcoming(ani.id, now=NOW) == [to_come]
    erase(ani)
    assert (was_there.state, to_come.state) == (InvitationState.COMING, InvitationState.WITHDRAWN)
    assert privacy.upcoming(ani.id, now=NOW) == []


def test_an_activity_counts_as_future_until_it_has_ended(published_row, ani):
    a_cadres_invitation(published_row, ani)
    last_moment = published_row.ends_at.replace(second=0)
    assert len(privacy.upcoming(ani.id, now=last_moment.replace(hour=last_moment.hour - 1))) == 1
    assert len(privacy.upcoming(ani.id, now=last_moment)) == 0


def test_a_postponed_activity_counts_as_future_whatever_its_former_day(published_row, ani):
    a_cadres_invitation(published_row, ani)
    publishing.postpone(published_row.id, "Banjir", by=None, now=NOW)
    late = published_row.ends_at + timedelta(days=30)
    assert [invitation.activity_id for invitation in privacy.upcoming(ani.id, now=late)] == [published_row.id]


def test_the_free_seat_goes_to_the_waiting_list(published_row, ani, budi):
    published_row.capacity = 1
    a_cadres_invitation(published_row, ani)
    waiting = a_cadres_invitation(published_row, budi, state=InvitationState.WAITLISTED, waitlisted_at=NOW)
    erase(ani)
    assert waiting.state is InvitationState.COMING


def test_a_speaker_is_removed_from_future_agendas(published_row, ani):
    item = AgendaItem(
        activity=published_row, starts_at=at(18, 9), ends_at=at(18, 10), topic="Deteksi dini", speakers=[ani]
    )
    db.session.add(item)
    db.session.commit()
    erase(ani)
    db.session.expire_all()
    assert item.speakers == []


def test_a_person_named_as_representative_is_erased_there_too(published_row, ani, budi):
    acting = ActingPerson(name="Ani Wijaya", email="ani@example.com", post="Kader")
    represented = a_cadres_invitation(published_row, budi, state=InvitationState.REPRESENTED, acting=acting)
    assert len(privacy.export(ani.id, by=None, now=NOW)["named_as_representative"]) == 1
    erase(ani)
    assert (represented.representative_name, represented.representative_email) == ("(erased)", "")
    assert represented.state is InvitationState.REPRESENTED


def test_an_answer_that_another_device_replaced_names_nobody_who_is_erased(published_row, ani, budi):
    replaced = {"state": "represented", "at": NOW.isoformat(), "who": "Ani Wijaya"}
    acted = ActingPerson(name="Ani Wijaya", email="ani@example.com", acting=False)
    other = a_cadres_invitation(published_row, budi, answer_replaced=replaced)
    own = a_cadres_invitation(published_row, ani, answer_replaced=replaced | {"who": "Citra"})
    acted.invitation_id = other.id
    db.session.add(acted)
    audit.record(db.session, None, "invitation.representative_undone", other, now=NOW, representative="Ani Wijaya")
    db.session.commit()
    assert privacy.export(ani.id, by=None, now=NOW)["invitations"][0]["answer_replaced"]["who"] == "Citra"
    erase(ani)
    db.session.expire_all()
    assert (other.answer_replaced, own.answer_replaced) == (None, None)
    assert [entry for entry in rows_of(AuditEntry) if "Ani Wijaya" in str(entry.detail)] == []


def test_another_person_at_the_same_address_is_left_alone(published_row, ani, budi):
    budi.email = ani.email
    other = a_cadres_invitation(
        published_row,
        budi,
        acting=ActingPerson(name="Citra", email="ani@example.com", phone=""),
    )
    erase(ani)
    assert (budi.name, budi.email, other.representative_name) == ("Budi Santoso", "ani@example.com", "Citra")


def a_letter(uid, **values):
    mail = IncomingMail(
        **{
            "mailbox": "kotak", "uid_validity": 1, "uid": uid, "rfc_message_id": f"<{uid}@mail.example.com>",
            "received_at": NOW, "sender": "ani@example.com", "sender_name": "Ani Wijaya", "subject": "Izin",
            "text": "Saya sakit.", "kind": IncomingKind.LETTER, "outcome": IncomingOutcome.TO_READ, **values,
        }
    )  # fmt: skip
    db.session.add(mail)
    db.session.commit()
    return mail


def words_of(*mails):
    db.session.expire_all()
    return [(mail.sender, mail.sender_name, mail.subject, mail.text, mail.rfc_message_id) for mail in mails]


def test_mails_from_and_about_a_person_are_exported_and_erased(published_row, ani):
    invitation = a_cadres_invitation(published_row, ani)
    hers, loose = a_letter(1, person=ani, invitation=invitation, participation=Participation.DECLINED), a_letter(2)
    secretary = a_letter(3, person=ani, sender="sekretaris@example.com", sender_name="Rina")
    stranger = a_letter(4, sender="x@example.net")
    db.session.add(AddressFailure(address="ani@example.com", blocked_at=NOW, reply="no such user", last_at=NOW))
    db.session.commit()
    found = privacy.export(ani.id, by=None, now=NOW)
    assert [mail.get("text") for mail in found["mails_received"]] == ["Saya sakit.", "Saya sakit.", None]
    assert [mail["answered"] for mail in found["mails_received"]] == ["DECLINED", None, None]
    assert [report["reply"] for report in found["delivery_reports"]] == ["no such user"]
    assert "sekretaris" not in json.dumps(found)
    erase(ani)
    assert words_of(hers, loose, secretary) == [("", "", "", "", "")] * 3
    assert words_of(stranger)[0][:2] == ("x@example.net", "Ani Wijaya")
    assert (hers.outcome, hers.participation) == (IncomingOutcome.TO_READ, None)
    assert db.session.scalars(sa.select(AddressFailure)).all() == []


WRITTEN = {
    "kind": MailKind.INVITATION, "local_day": date(2027, 1, 4), "due_at": NOW, "expires_at": at(18), "state": MessageState.SENT,
}  # fmt: skip


def archived(person, address, invitation, *, to_representative=False):
    activity, kind = invitation.activity, MailKind.INVITATION
    number = db.session.scalar(sa.select(sa.func.count()).select_from(ArchivedMessage)) + 1000
    reminder = Reminder(
        activity=activity, key=str(number), kind=kind, audience=Audience.ONE, due_at=NOW, invitation=invitation
    )
    empty = {"reason": "", "rfc_message_id": "", "subject": "", "server_reply": "", "attempts": 1, "tries": []}
    line = ArchivedLine(
        reminder=reminder, invitation=invitation, to_representative=to_representative, sequence=0, skipped=""
    )
    db.session.add(
        ArchivedMessage(id=number, person=person, address=address, created_at=NOW, lines=[line], **WRITTEN, **empty)
    )
    db.session.commit()


def test_former_addresses_of_a_person_are_erased_too(published_row, ani, budi):
    """The address that a mail to their representative went to is the representative's."""
    invitation = a_cadres_invitation(published_row, ani, state=InvitationState.REPRESENTED)
    for address, of in (("ani.lama@example.com", None), ("budi@example.com", None), ("citra@example.com", invitation)):
        db.session.add(Message(person=ani, address=address, representative_of=of, **WRITTEN))
    archived(ani, "Ani.Dulu@example.com", invitation)
    archived(ani, "dewi@example.com", invitation, to_representative=True)
    names = ("ani.lama", "ani.dulu", "budi", "citra", "dewi")
    for name in names:
        db.session.add(AddressFailure(address=f"{name}@example.com", blocked_at=NOW, last_at=NOW, reply="550"))
    mails = [a_letter(at, sender=f"{name}@example.com") for at, name in enumerate(names)]
    found = privacy.export(ani.id, by=None, now=NOW)
    assert sorted(report["address"] for report in found["delivery_reports"]) == [
        "ani.dulu@example.com",
        "ani.lama@example.com",
    ]
    erase(ani)
    left = db.session.scalars(sa.select(AddressFailure.address).order_by(AddressFailure.address)).all()
    assert left == ["budi@example.com", "citra@example.com", "dewi@example.com"]
    assert [text for _s, _n, _t, text, _i in words_of(*mails)] == ["", ""] + ["Saya sakit."] * 3


def test_an_internationalised_address_is_erased_in_either_form(published_row, ani, budi):
    forms = ("ani@bücher.example", "ani@xn--bcher-kva.example")
    db.session.add(Message(person=ani, address=forms[1], **WRITTEN))  # in its wire form
    for form in forms:
        db.session.add(AddressFailure(address=form, blocked_at=NOW, last_at=NOW, reply="550"))
    budi.email = forms[0]
    db.session.commit()
    found = privacy.export(ani.id, by=None, now=NOW)
    assert found["delivery_reports"] == []  # the address is his now
    budi.email = "budi@example.com"
    db.session.commit()
    erase(ani)
    assert db.session.scalars(sa.select(AddressFailure)).all() == []


def test_unassigned_mails_are_erased_ninety_days_after_arrival(any_app, ani):
    long_ago, lately = NOW - timedelta(days=90, seconds=1), NOW - timedelta(days=90)
    kinds = [{"outcome": IncomingOutcome.IGNORED}, {"outcome": IncomingOutcome.APPLIED}, {"seen_at": NOW}]
    old = [a_letter(uid, received_at=long_ago, **values) for uid, values in enumerate(kinds)]
    waiting = a_letter(10, received_at=long_ago)
    refused = a_letter(11, received_at=long_ago, outcome=IncomingOutcome.REFUSED)
    young = a_letter(12, received_at=lately, seen_at=NOW)
    assert inbox_retention.forget_old(NOW) == 3
    assert words_of(*old) == [("", "", "", "", f"<{uid}@mail.example.com>") for uid in range(3)]
    assert [text for _s, _n, _t, text, _i in words_of(waiting, refused, young)] == ["Saya sakit."] * 3
    assert inbox_retention.forget_old(NOW) == 0


def test_mails_of_another_person_at_the_same_address_are_kept(published_row, ani, budi):
    budi.email = ani.email
    db.session.add(AddressFailure(address="ani@example.com", blocked_at=NOW, last_at=NOW))
    his, hers = a_letter(1, person=budi), a_letter(2, person=ani)
    erase(ani)
    assert [text for _s, _n, _t, text, _i in words_of(his, hers)] == ["Saya sakit.", ""]
    assert db.session.get(AddressFailure, "ani@example.com") is not None


def test_an_erased_person_cannot_be_erased_or_exported_again(any_app, ani):
    erase(ani)
    with pytest.raises(PersonErased):
        erase(ani)
    with pytest.raises(PersonErased):
        privacy.export(ani.id, by=None, now=NOW)
    with pytest.raises(PersonMissing):
        privacy.erase(10_000, by=None, now=NOW)


def test_the_export_is_json_without_the_links_token(published_row, ani):
    a_cadres_invitation(published_row, ani, acting=ActingPerson(name="Citra"))
    link = tokens.link_for(db.session, ani, expires_at=at(18, month=2))
    db.session.commit()
    found = privacy.export(ani.id, by=None, now=NOW)
    text = json.dumps(found)
    assert found["person"]["email"] == "ani@example.com"
    assert [
        (invitation["activity"], invitation["state"], invitation["representative_name"])
        for invitation in found["invitations"]
    ] == [("Rapat koordinasi pencegahan kekerasan", "coming", "Citra")]
    assert link.nonce not in text
    assert db.session.scalars(sa.select(Link)).one().revoked_at is None


def test_the_export_has_a_calendar_file_that_waits_to_be_read(any_app, office, ani):
    content = b"BEGIN:VCALENDAR\r\nEND:VCALENDAR\r\n"
    calendar = AbsenceCalendar(
        person_id=ani.id, name="Dinas", source=AbsenceSource.SELF, next_read_at=NOW, created_at=NOW
    )
    db.session.add(calendar)
    db.session.flush()
    db.session.add(CalendarFile(calendar_id=calendar.id, data=content))
    db.session.commit()
    (held,) = privacy.export(ani.id, by=None, now=NOW)["absence_calendars"]
    assert (held["name"], held["waiting_file"]) == ("Dinas", content.decode())
    json.dumps(held)


def test_kept_mails_to_a_person_and_those_that_name_them_as_representative_are_deleted(published_row, ani, budi):
    told = {"acting": ActingPerson(name="Budi Santoso", email=budi.email)}
    theirs = [
        (budi, a_cadres_invitation(published_row, budi), None),
        (
            ani,
            of_ani := a_cadres_invitation(published_row, ani, state=InvitationState.REPRESENTED, **told),
            None,
        ),
        (ani, of_ani, of_ani),  # to Budi, who comes in her place
        (ani, a_cadres_invitation(draft_activity(None, None, 20), ani), None),
    ]
    for day, (person, invitation, instead_of) in enumerate(theirs, 4):
        reminder = Reminder(
            activity_id=invitation.activity_id, key="reminder", occurrence=day, kind=MailKind.REMINDER,
            audience=Audience.ONE, due_at=NOW,
        )  # fmt: skip
        message = Message(
            person=person, kind=MailKind.REMINDER, local_day=date(2027, 1, day), due_at=NOW, expires_at=at(18),
            state=MessageState.SENT, address=person.email if instead_of is None else budi.email,
            representative_of=instead_of,
        )  # fmt: skip
        db.session.add(
            MessageLine(
                message=message,
                reminder=reminder,
                invitation=invitation,
                to_representative=bool(instead_of),
                sequence=0,
            )
        )
        db.session.flush()
        db.session.add(SentMail(message_id=message.id, data=b"..."))
    db.session.commit()
    erase(budi)
    kept = db.session.execute(sa.select(Message.address, SentMail.message_id).outerjoin(SentMail).order_by(Message.id))
    assert [(address, id is not None) for address, id in kept] == [
        ("", False), (ani.email, False), ("", False), (ani.email, True),
    ]  # fmt: skip


def handing_over(now):
    """Let what is due be handed over to the mail server, which has not answered yet."""
    reminding.tick(now)
    batch = Preparer(current_settings()).prepare(leases.claim("w", 100, 60.0, now=now), now=now)
    results.settle(batch.decided, MessageState.LEASED, "w", now=now)
    results.turn([], [ready.lease for ready in batch.ready], "w", lease_s=60.0, now=now)
    return batch.ready


def server_answers(handed, reply, now):
    found = [
        settling.settled(ready, ready.planned.write(), reply(ready.planned.recipient), now=now) for ready in handed
    ]
    results.settle(found, MessageState.HANDING_OVER, "w", now=now)
    db.session.rollback()
    db.session.expire_all()


def places_of(word: str) -> set[str]:
    """Return the tables and columns in which the word stands. Kept mails are read as they were sent."""
    frames = dict(db.session.execute(sa.select(MailFrame.key, MailFrame.data)).all())
    mails = [
        kept.whole_of(mail.data, frames.get(mail.frame_key or "")) for mail in db.session.scalars(sa.select(SentMail))
    ]
    found = {"sent_mail.data" for mail in mails if word.encode() in mail}
    for table in db.metadata.sorted_tables:
        for row in db.session.execute(sa.select(table)).mappings():
            found |= {f"{table.name}.{key}" for key, value in row.items() if word in str(value)}
    return found


REPLIES = {
    "accepted": lambda to: Accepted(250, f"OK for {to}"),
    "temporary": lambda to: Temporary(451, f"later, {to}"),
    "permanent": lambda to: Permanent(550, f"5.1.1 <{to}> User unknown"),
}


@pytest.mark.parametrize("reply", REPLIES)
def test_a_mail_in_transit_stores_no_erased_data_again(any_app, default_rules, programme, hall, ani, budi, reply):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani, budi)
    publish(activity)
    handed = handing_over(NOW)
    assert len(handed) == 2
    erase(budi)
    server_answers(handed, REPLIES[reply], NOW)
    assert places_of("budi@example.com") == places_of("Budi") == set()
    (to_ani, to_budi) = db.session.scalars(sa.select(Message).order_by(Message.id))
    assert (to_ani.state, to_ani.address, to_budi.address, to_budi.server_reply) == (
        to_budi.state, "ani@example.com", "", "",
    )  # fmt: skip


@pytest.mark.parametrize("reply", REPLIES)
def test_a_mail_in_transit_to_a_representative_stores_no_erased_data_again(
    any_app, default_rules, programme, hall, ani, budi, reply
):
    activity = draft_activity(programme, hall, 18)
    invite(activity, ani)
    publish(activity)
    server_answers(handing_over(NOW), REPLIES["accepted"], NOW)
    represented = Representative(budi.full_name, "", budi.phone, budi.email)
    answer(activity, ani, Choice.REPRESENTED, now=NOW, representative=represented)
    day_before = at(17, 8)
    handed = [ready for ready in handing_over(day_before) if ready.planned.recipient != ani.email]
    assert [ready.planned.recipient for ready in handed] == ["budi@example.com"]
    erase(budi)
    server_answers(handed, REPLIES[reply], day_before)
    assert places_of("budi@example.com") == places_of("Budi") == set()


def test_a_mail_in_transit_to_another_representative_keeps_its_address(
    any_app, default_rules, programme, hall, ani, budi
):
    """It was to name the erased one, too, but another person comes instead by now and gets it."""
    morning = draft_activity(programme, hall, 18)
    afternoon = draft_activity(programme, None, 18, starts_at=at(18, 13), ends_at=at(18, 16))
    for activity in (morning, afternoon):
        invite(activity, ani)
        publish(activity)
    server_answers(handing_over(NOW), REPLIES["accepted"], NOW)
    represented = Representative(budi.full_name, "", budi.phone, budi.email)
    for activity in (morning, afternoon):
        answer(activity, ani, Choice.REPRESENTED, now=NOW, representative=represented)
    day_before = at(17, 8)
    reminding.tick(day_before)
    instead = Representative("Citra Dewi", "", "", "citra@example.com")
    answer(morning, ani, Choice.REPRESENTED, now=day_before, representative=instead)
    handed = [ready for ready in handing_over(day_before) if ready.planned.recipient == "citra@example.com"]
    assert handed
    erase(budi)
    server_answers(handed, REPLIES["accepted"], day_before)
    assert places_of("budi@example.com") == places_of("Budi") == set()
    sent = db.session.scalars(sa.select(Message.address).where(Message.representative_of_id.is_not(None))).all()
    assert "citra@example.com" in sent


def test_an_adjutant_is_exported_with_both_and_erased_with_either(any_app, office, ani, budi, chief):
    assistants.write(ani, "Citra Dewi", "", "citra@example.com")
    assistants.write(chief, budi.full_name, "", budi.email)
    db.session.commit()
    assert privacy.export(ani.id, by=None, now=NOW)["adjutant_or_secretary"]["name"] == "Citra Dewi"
    assert [one["of"] for one in privacy.export(budi.id, by=None, now=NOW)["adjutant_or_secretary_of"]] == [
        "Kapolres Metro"
    ]
    erase(ani)
    erase(budi)
    assert (
        places_of("Citra")
        == places_of("citra@example.com")
        == places_of("Budi")
        == places_of("budi@example.com")
        == set()
    )


def test_the_mails_to_another_adjutant_stay_when_one_is_erased(any_app, ani, budi, chief):
    assistants.write(ani, "Citra Dewi", "", "citra@example.com")
    assistants.write(chief, budi.full_name, "", budi.email)
    for asked, address in ((ani, "citra@example.com"), (chief, budi.email)):
        db.session.add(
            Message(
                person_id=asked.id, kind=MailKind.ASSISTANCE, local_day=NOW.date(), due_at=NOW, expires_at=at(9),
                state=MessageState.SENT, address=address, sent_at=NOW,
            )
        )  # fmt: skip
    db.session.commit()
    erase(budi)
    assert sorted(db.session.scalars(sa.select(Message.address))) == ["", "citra@example.com"]


@pytest.mark.parametrize("is_answered", [True, False], ids=["kept already", "in transit"])
def test_a_mail_that_names_an_erased_nominee_to_their_office_is_not_kept(
    any_app, default_rules, programme, hall, is_answered
):
    """Nominees without an address are named in news to their office, which is asked to tell them."""
    activity = draft_activity(programme, hall, 18)
    police = an_organisation("Kepolisian Resor", email="polres@example.com")
    invite_organisation(activity, police)
    publish(activity)
    server_answers(handing_over(NOW), REPLIES["accepted"], NOW)
    dewi = a_person("Dewi Lestari", email="")
    of_the_police = db.session.scalars(sa.select(Invitation)).one()
    an_invitation(activity, dewi, state=InvitationState.COMING, nominated_under=of_the_police)
    db.session.commit()
    publishing.postpone(activity.id, "Aula dipakai", by=None, now=at(5, 8))
    handed = handing_over(at(5, 8))
    assert [ready.planned.recipient for ready in handed] == ["polres@example.com"]
    if is_answered:
        server_answers(handed, REPLIES["accepted"], at(5, 8))
        assert places_of("Dewi") == {"person.name", "sent_mail.data"}
    erase(dewi)
    if not is_answered:
        server_answers(handed, REPLIES["accepted"], at(5, 8))
    assert places_of("Dewi") == set()
