"""A coordinator handles a received mail: reads what it answers, records it, marks it as handled, and undoes that."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice
from outreach.domain.kinds import AnswerSource, IncomingKind, IncomingOutcome
from outreach.domain.mail.incoming import IncomingReason, Participation
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import ActingPerson, AuditEntry, IncomingMail, Invitation
from outreach.queries import inbox
from outreach.queries.office import audit_log
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from outreach.services.answers.nominees import Nominee
from outreach.services.answers.record import NotRecordable
from outreach.services.inbox import handled, record_from_mail
from outreach.services.inbox import waiting as inbox_waiting
from outreach.services.inbox.waiting import IncomingMissing
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import withdraw as withdrawing
from tests.support.copied import copied
from tests.world import JAKARTA, NOW, at, invitation_of
from tests.world.incoming import mail

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def anis_invitation(published, ani) -> Invitation:
    return invitation_of(published, ani)


def record(invitation, coordinator, mail_id, choice=Choice.COMING, now=NOW):
    return record_from_mail.record(
        mail_id, recording.record_answer, invitation.id, choice, AnswerSource.MAIL, by=coordinator, now=now
    )


def log() -> list[tuple[str, dict[str, object]]]:
    return [(row.action, row.detail) for row in db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id))]


def test_recording_an_answer_from_a_letter_marks_the_letter_as_handled(anis_invitation, ani, coordinator):
    letter = mail(person_id=ani.id, invitation_id=anis_invitation.id, guessed=True)
    other = mail(person_id=ani.id, invitation_id=anis_invitation.id)
    record(anis_invitation, coordinator, letter.id)
    assert (anis_invitation.state, anis_invitation.answer_source) == (InvitationState.COMING, AnswerSource.MAIL)
    assert (letter.seen_at, letter.seen_by_id, letter.guessed) == (NOW, coordinator.id, False)
    assert (other.seen_at, inbox_waiting.recent_count(now=NOW)) == (None, 1)
    (recorded, detail), (marked, _none) = log()[-2:]
    assert (recorded, detail["incoming_mail"], marked) == (
        "invitation.answer_recorded", letter.id, "incoming_mail.dealt_with",
    )  # fmt: skip


def test_a_refused_answer_leaves_the_letter_waiting(activity, anis_invitation, coordinator):
    letter = mail()
    withdrawing.withdraw(anis_invitation.id, by=coordinator, now=NOW)
    with pytest.raises(NotRecordable):
        record(anis_invitation, coordinator, letter.id)
    assert db.session.get(IncomingMail, letter.id, populate_existing=True).seen_at is None


def test_a_deleted_letter_leaves_the_answer_unrecorded(anis_invitation, coordinator):
    with pytest.raises(IncomingMissing):
        record(anis_invitation, coordinator, 999)
    db.session.expire_all()
    assert (anis_invitation.state, log()[-1][0] == "invitation.answer_recorded") == (InvitationState.PREPARED, False)


def test_saving_the_names_from_an_offices_letter_marks_it_as_handled(activity, police, coordinator):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=coordinator, now=NOW)
    publishing.publish([activity.id], by=coordinator, now=NOW)
    theirs = db.session.scalars(sa.select(Invitation)).one()
    letter = mail(organisation_id=police.id, invitation_id=theirs.id)
    record_from_mail.record(
        letter.id, recording.nominate_for, theirs.id, [Nominee("Dewi Sartika")],
        by=coordinator, now=NOW, source=AnswerSource.MAIL,
    )  # fmt: skip
    assert (letter.seen_at, log()[-2][1]["incoming_mail"]) == (NOW, letter.id)


def test_one_action_is_undone_as_a_whole_and_nothing_else_with_it(coordinator, administrator):
    before = mail(sender="banyak@example.net").id
    handled.handle(before, by=coordinator, now=at(4, 7))
    three = [mail(sender="banyak@example.net").id for _number in range(3)]
    other = mail(sender="ani@example.com").id
    handled.handle_all_of_sender(three[1], by=coordinator, now=NOW)
    handled.handle(other, by=administrator, now=NOW)
    marked = inbox.just_marked(three[1], by=coordinator, now=NOW)
    assert (marked.mail.id, marked.count) == (three[1], 3)
    handled.reopen(three[1], by=coordinator, now=NOW, together=True)
    waiting = db.session.scalars(sa.select(IncomingMail.id).where(IncomingMail.seen_at.is_(None))).all()
    assert sorted(waiting) == three
    assert inbox.just_marked(three[1], by=coordinator, now=NOW) is None


def test_one_mail_of_an_action_is_undone_alone(coordinator):
    three = [mail(sender="banyak@example.net").id for _number in range(3)]
    handled.handle_all_of_sender(three[1], by=coordinator, now=NOW)
    handled.reopen(three[0], by=coordinator, now=NOW)
    waiting = db.session.scalars(sa.select(IncomingMail.id).where(IncomingMail.seen_at.is_(None))).all()
    assert waiting == [three[0]]


def test_undo_is_offered_for_half_an_hour_to_the_person_who_acted(coordinator, administrator):
    letter = mail().id
    handled.handle(letter, by=coordinator, now=NOW)
    just, late = NOW + timedelta(minutes=30), NOW + timedelta(minutes=30, seconds=1)
    assert inbox.just_marked(letter, by=coordinator, now=just).count == 1
    assert inbox.just_marked(letter, by=coordinator, now=late) is None
    assert inbox.just_marked(letter, by=administrator, now=NOW) is None
    assert inbox.just_marked(999, by=coordinator, now=NOW) is None


@pytest.mark.parametrize(
    ("participation", "reason", "answer"),
    [
        (Participation.ACCEPTED, IncomingReason.DEADLINE_PASSED, Choice.COMING),
        (Participation.DECLINED, IncomingReason.SENDER_UNPROVEN, Choice.NOT_COMING),
        (Participation.TENTATIVE, IncomingReason.TENTATIVE, None),
        (Participation.ACCEPTED, IncomingReason.NEWER_ANSWER, None),
        (Participation.DECLINED, IncomingReason.ACTIVITY_CHANGED, None),
        (None, "", None),
    ],
)
def test_a_calendars_yes_or_no_is_offered_unless_it_is_outdated(office, participation, reason, answer):
    answered = mail(IncomingKind.ANSWER, IncomingOutcome.REFUSED, participation=participation, reason=reason)
    assert inbox.answer_in(answered) == answer


def test_a_mail_is_shown_with_contacts_of_its_sender(anis_invitation, ani):
    ani.phone = "+6281234567890"
    letter = inbox.show(mail(person_id=ani.id, subject="Datang & pulang?").id)
    assert (letter.call.tel, letter.call.number) == ("+6281234567890", "0812-3456-7890")
    assert letter.write_to == "mailto:ani@example.com?subject=Re%3A%20Datang%20%26%20pulang%3F"
    assert inbox.show(mail(subject="RE: Datang").id).write_to.endswith("?subject=RE%3A%20Datang")
    report = inbox.show(mail(IncomingKind.BOUNCE, IncomingOutcome.APPLIED, person_id=ani.id).id)
    assert (report.call.tel, report.write_to) == ("+6281234567890", "")
    assert inbox.show(mail(sender="").id).write_to == ""


def test_a_representatives_letter_shows_the_representatives_number(anis_invitation, ani, coordinator):
    ani.phone = "+6281234567890"
    anis_invitation.acting = ActingPerson(name="Dewi Sartika", phone="+6281300000001")
    letter = mail(person_id=ani.id, invitation_id=anis_invitation.id, reason=IncomingReason.REPRESENTATIVE)
    assert inbox.show(letter.id).call.tel == "+6281300000001"


def test_the_log_names_senders_as_long_as_their_mails_do(anis_invitation, ani, coordinator):
    letter = mail(sender_name="Ani Wijaya").id
    unnamed = mail(sender_name="", sender="").id
    record(anis_invitation, coordinator, letter)
    handled.handle(unnamed, by=coordinator, now=NOW)
    rows = audit_log.entries(audit_log.AuditFilter(), zone=JAKARTA).items
    assert audit_log.senders(rows) == {letter: "Ani Wijaya"}
    assert audit_log.senders([]) == {}
