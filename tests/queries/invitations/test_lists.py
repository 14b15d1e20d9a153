"""The list of an activity's invitees: filters, counts, and the data of each row."""

import pytest

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, CadreKind, IncomingKind, IncomingOutcome, Role, Sector
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Activity, Message, MessageLine, Reminder
from outreach.queries.activities import lists as browsing
from outreach.queries.door import attendance as attendees
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations import preview as invitation_preview
from outreach.queries.invitations.select import InviteeFilters
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.locking import ActivityMissing
from tests.support.copied import copied
from tests.world import NOW, a_person, at, invitation_of, invite, invite_organisation
from tests.world.incoming import mail


def names(found):
    return [row.invitation.invitee.display_name for row in found.rows]


@copied
def all_prepared(activity, ani, budi, chief, police, coordinator):
    """The chief speaks, the police have two seats, Ani and Budi are invited as cadres."""
    invite(activity, chief, role=Role.SPEAKER, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    invite(activity, ani, budi, by=coordinator)
    return activity


def test_speakers_come_first_and_cadres_last(any_app, all_prepared):
    assert names(invitees.listed(all_prepared.id, InviteeFilters(), now=NOW)) == [
        "Kapolres Metro",
        "Polres Metro",
        "Ani Wijaya",
        "Budi Santoso",
    ]


def test_a_nominee_follows_their_organisation(any_app, all_prepared, police, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    recording.nominate_for(
        invitation_of(all_prepared, police).id, [Nominee("Zainal Abidin", "Kanit PPA")], by=coordinator, now=NOW
    )
    assert names(invitees.listed(all_prepared.id, InviteeFilters(role=Role.PARTICIPANT), now=NOW)) == [
        "Polres Metro",
        "Zainal Abidin",
    ]
    assert names(invitees.listed(all_prepared.id, InviteeFilters(q="polres"), now=NOW)) == [
        "Kapolres Metro",
        "Polres Metro",
        "Zainal Abidin",
    ]


@pytest.mark.parametrize(
    ("filters", "found"),
    [
        (InviteeFilters(q="wijaya"), ["Ani Wijaya"]),
        (InviteeFilters(q="100%"), []),
        (InviteeFilters(role=Role.SPEAKER), ["Kapolres Metro"]),
        (InviteeFilters(region_code="18.72.01"), ["Ani Wijaya"]),
        (InviteeFilters(region_code="18.72.04.1001"), ["Budi Santoso"]),
        (InviteeFilters(sector=Sector.POLICE), ["Kapolres Metro", "Polres Metro"]),
        (InviteeFilters(state=InvitationState.COMING), []),
    ],
)
def test_the_list_is_filtered(any_app, all_prepared, filters, found):
    assert names(invitees.listed(all_prepared.id, filters, now=NOW)) == found


def test_the_counts_stay_complete_while_one_state_is_shown(any_app, all_prepared, ani, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    recording.record_answer(
        invitation_of(all_prepared, ani).id, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=NOW
    )
    found = invitees.listed(all_prepared.id, InviteeFilters(state=InvitationState.COMING), now=NOW)
    assert names(found) == ["Ani Wijaya"]
    assert found.counts[InvitationState.COMING] == 1
    assert found.total == 4
    assert (found.seats.taken, found.seats.total) == (1, 100)


def test_the_chips_count_people_as_the_activity_page_does(any_app, all_prepared, police, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    named = [Nominee("Zainal Abidin"), Nominee("Rina Pratiwi")]
    recording.nominate_for(invitation_of(all_prepared, police).id, named, by=coordinator, now=NOW)
    found = invitees.listed(all_prepared.id, InviteeFilters(state=InvitationState.COMING), now=NOW)
    assert names(found) == ["Rina Pratiwi", "Zainal Abidin"]
    assert dict(found.counts) == {InvitationState.PREPARED: 3, InvitationState.COMING: 2}
    counted = browsing.answers_by(Activity.id, [all_prepared.id])[all_prepared.id]
    assert (found.total, found.seats.taken) == (counted.total, counted.seats_taken) == (5, 2)


def test_withdrawn_people_are_counted_separately(any_app, all_prepared, ani, coordinator):
    withdrawing.withdraw(invitation_of(all_prepared, ani).id, by=coordinator, now=NOW)
    everyone = invitees.listed(all_prepared.id, InviteeFilters(), now=NOW)
    assert "Ani Wijaya" not in names(everyone)
    assert everyone.total == 3
    assert names(invitees.listed(all_prepared.id, InviteeFilters(state=InvitationState.WITHDRAWN), now=NOW)) == [
        "Ani Wijaya"
    ]


def test_each_row_shows_the_latest_mail(any_app, all_prepared, ani, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    invitation = invitation_of(all_prepared, ani)
    for occurrence, state in enumerate(("sent", "failed")):
        reminder = Reminder(
            activity_id=all_prepared.id, key="seven-days-before", occurrence=occurrence, kind="reminder",
            audience="unanswered", due_at=NOW,
        )  # fmt: skip
        db.session.add(reminder)
        message = Message(
            person_id=ani.id, kind="invitation", local_day=NOW.date(), due_at=NOW, expires_at=at(18), state=state
        )
        db.session.add(message)
        db.session.flush()
        db.session.add(
            MessageLine(message_id=message.id, reminder_id=reminder.id, invitation_id=invitation.id, sequence=0)
        )
    db.session.commit()
    assert invitees.one(invitation.id).last_mail.state == "failed"
    message.state = "sent"
    db.session.commit()
    assert not invitees.one(invitation.id).last_mail.returned
    mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED, message_id=message.id)
    assert invitees.one(invitation.id).last_mail.returned
    assert invitees.last_mails([]) == {}


def test_an_unknown_activity_is_reported_as_missing(app, office):
    with pytest.raises(ActivityMissing):
        invitees.listed(99, InviteeFilters(), now=NOW)


def test_a_preview_counts_only_new_mails(any_app, all_prepared, ani, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    citra = a_person("Citra Dewi")
    dian = a_person("Dian Permata", email="")
    found = invitation_preview.of_people([all_prepared.id], [ani.id, citra.id, dian.id], Role.CADRE)
    assert (found.people, found.mails, found.without_address) == (3, 1, 1)
    assert [(activity.new, activity.already) for activity in found.activities] == [(2, 1)]


def test_a_draft_sends_nothing_at_once(any_app, activity, ani):
    found = invitation_preview.of_cadres([activity.id], [CadreKind.PATBM], ["18.72.01.1003"])
    assert (found.people, found.new, found.mails) == (1, 1, 0)


def test_people_who_accepted_come_first_on_the_sheet(any_app, all_prepared, budi, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    recording.record_answer(
        invitation_of(all_prepared, budi).id, Choice.COMING, AnswerSource.PHONE, by=coordinator, now=NOW
    )
    sheet = attendees.sheet(all_prepared.id)
    assert [(row.invitation.invitee.display_name, row.standing.value) for row in sheet.rows][0] == (
        "Budi Santoso",
        "expected",
    )
    assert (sheet.counts.whole.coming, sheet.counts.whole.present) == (1, 0)
    assert [(one.name, one.invited, one.coming, one.present) for one in sheet.counts.by_region if one.coming] == [
        ("Yosodadi", 1, 1, 0)
    ]


def test_on_the_sheet_an_organisation_is_replaced_by_its_nominees(any_app, all_prepared, police, coordinator):
    publishing.publish([all_prepared.id], by=coordinator, now=NOW)
    on_it = [row.invitation.invitee.display_name for row in attendees.sheet(all_prepared.id).rows]
    assert "Polres Metro" in on_it
    recording.nominate_for(invitation_of(all_prepared, police).id, [Nominee("Zainal Abidin")], by=coordinator, now=NOW)
    on_it = [row.invitation.invitee.display_name for row in attendees.sheet(all_prepared.id).rows]
    assert "Polres Metro" not in on_it
    assert on_it[0] == "Zainal Abidin"
