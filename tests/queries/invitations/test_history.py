"""One history for an invitation, and the same for a person and an organisation: every source, in the order of time."""

from dataclasses import replace
from datetime import timedelta

import pytest

from outreach.delivery import tokens
from outreach.domain.answers import Choice, Representative
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import (
    AnswerSource,
    AttendanceSource,
    HolderKind,
    IncomingKind,
    LetterKind,
    MailKind,
    NoLongerActing,
    Role,
)
from outreach.domain.ladder.rungs import LadderName, RungKind, RungRule, RungTiming
from outreach.domain.states import InvitationState, MessageState
from outreach.extensions import db
from outreach.models import (
    ActingPerson,
    Activity,
    FormerHolder,
    Letter,
    Message,
    Person,
    PersonImport,
    PersonImportLine,
    User,
)
from outreach.queries.invitations import history
from outreach.queries.invitations.history import EntryKind, HistoryGroup
from outreach.services import audit, files
from outreach.services.activities import publish as publishing
from outreach.services.answers import acting
from outreach.services.answers import answer as answering
from outreach.services.answers import decline as declining
from outreach.services.answers import undo as undoing
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.nominees import Nominee
from outreach.services.answers.record import nominate_for
from outreach.services.calls import record as recording
from outreach.services.calls.callee import CalleeKey
from outreach.services.calls.record import CallResult
from outreach.services.directory import people
from outreach.services.door import attendance
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.ladder import climb, edit, substitutes
from outreach.services.letters import compose, make
from outreach.services.letters.versions import last_values
from outreach.services.materials import publish as materials
from outreach.services.materials import send as sending
from outreach.services.materials.send import GivenFile
from outreach.services.reminders import tick as reminding
from outreach.transactions import writing
from tests.world import (
    NOW,
    answer,
    at,
    draft_activity,
    fresh,
    invitation_of,
    invite,
    invite_and_publish,
    invite_organisation,
    move,
    publish,
    token_of,
)
from tests.world import uploads as made
from tests.world.incoming import mail
from tests.world.mails import run, send

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")


def hours(number: float):
    return NOW + timedelta(hours=number)


def entries(of, group=HistoryGroup.ALL):
    """Return the entries of an invitation's or an invitee's history, the oldest first."""
    db.session.rollback()
    return history.everything(of, group)[::-1]


def kinds(of, group=HistoryGroup.ALL):
    return [one.kind for one in entries(of, group)]


def of(activity, invitee):
    return history.of_invitation(invitation_of(activity, invitee))


def test_mails_calls_and_answers_stand_in_the_order_of_time(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    about, ani_ = [invitation_of(activity, ani).id], CalleeKey("person", ani.id)
    for number, outcome in ((1, CallOutcome.NO_ANSWER), (5, CallOutcome.COMING)):
        recording.record(ani_, CallResult(outcome, about), by=coordinator, now=hours(number))
    answer(activity, ani, Choice.NOT_COMING, now=hours(9))
    found = entries(of(activity, ani))
    assert [(one.kind, one.at - NOW) for one in found] == [
        (EntryKind.INVITED, timedelta(0)),
        (EntryKind.MAIL, timedelta(0)),
        (EntryKind.CALL, timedelta(hours=1)),
        (EntryKind.CALL, timedelta(hours=5)),
        (EntryKind.ANSWER, timedelta(hours=5)),
        (EntryKind.ANSWER, timedelta(hours=9)),
    ]
    assert kinds(of(activity, ani), HistoryGroup.CALLS) == [EntryKind.CALL] * 2
    assert kinds(of(activity, ani), HistoryGroup.ANSWERS) == [EntryKind.ANSWER] * 2


def test_an_answer_by_link_stands_with_its_reason_and_wish(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=hours(1))
    declining.explain(token_of(ani), activity.id, "Ada rapat lain", None, now=hours(2))
    (declined,) = entries(of(activity, ani), HistoryGroup.ANSWERS)
    assert (declined.kind, declined.what.source, declined.what.reason) == (
        EntryKind.ANSWER, AnswerSource.LINK, "Ada rapat lain",
    )  # fmt: skip


def test_an_answer_that_was_changed_by_link_stays_with_its_reason_and_undoing_is_a_line_too(
    any_app, activity, ani, coordinator
):
    invite_and_publish(activity, ani, by=coordinator)
    replies = [(1, Choice.NOT_COMING, "phone"), (3, Choice.COMING, "laptop")]
    for hour, choice, device in replies:
        answering.answer_all(token_of(ani), {activity.id: LinkAnswer(choice)}, now=hours(hour), device=device)
        if choice is Choice.NOT_COMING:
            declining.explain(token_of(ani), activity.id, "Ada rapat lain", None, now=hours(2))
    undoing.undo(token_of(ani), now=hours(4))
    found = [one.what for one in entries(of(activity, ani), HistoryGroup.ANSWERS)]
    assert [(one.kind, one.state, one.reason, one.given_at) for one in found] == [
        ("answered", "not_coming", "Ada rapat lain", hours(1)),
        ("answered", "coming", "", hours(3)),
        ("undone", "not_coming", "Ada rapat lain", hours(4)),
    ]
    assert [one.device != one.device_before for one in found if one.device_before] == [True, True]
    assert invitation_of(activity, ani).declined.reason == "Ada rapat lain"


def test_answers_stand_from_the_waiting_list_to_the_seat_and_from_the_door(
    any_app, activity, ani, budi, chief, coordinator
):
    invite_and_publish(activity, ani, budi, by=coordinator)
    activity.capacity = 1
    db.session.commit()
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=hours(1))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=hours(2))
    answering.answer(token_of(ani), activity.id, Choice.NOT_COMING, now=hours(3))
    attendance.walk_in(activity.id, chief.id, source=AttendanceSource.HAND, by=coordinator, now=at(18, 9))
    given = [
        (one.what.kind, one.what.state, one.what.source, one.at)
        for who in (budi, chief)
        for one in entries(of(activity, who), HistoryGroup.ANSWERS)
        if one.kind is EntryKind.ANSWER
    ]
    assert given == [
        ("answered", "waitlisted", "link", hours(2)),
        ("seated", "coming", None, hours(3)),
        ("answered", "coming", "walk_in", at(18, 9)),
    ]


def test_each_change_of_the_chain_stands_and_each_mail_names_its_reader(
    any_app, default_rules, activity, chief, coordinator
):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    run(NOW)
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    run(at(5))
    first = acting_page(invitation_of(activity, chief).acting)
    acting.answer(first, activity.id, Choice.COMING, now=at(6))
    acting.answer(first, activity.id, Choice.REPRESENTED, TONO, now=at(7))
    run(at(7))
    acting.take_back_for(invitation_of(activity, chief).id, by=coordinator, now=at(8))
    run(at(8))
    found = entries(of(activity, chief))
    chain = [(one.kind, one.what.name) for one in found if isinstance(one.what, ActingPerson)]
    assert chain == [(EntryKind.NAMED, RINA.name), (EntryKind.NAMED, TONO.name)]
    given = [
        (one.what.acting and one.what.acting.name, one.what.state) for one in found if one.kind is EntryKind.ANSWER
    ]
    assert given == [(None, "represented"), (RINA.name, "coming"), (RINA.name, "represented")]
    (undone,) = [one.what for one in found if one.kind is EntryKind.CHANGED]
    assert (undone.user, undone.detail["representative"]) == (coordinator, TONO.name)
    appointed = [
        one.acting.name for one in found if one.kind is EntryKind.MAIL and one.what.kind is MailKind.APPOINTMENT
    ]
    assert appointed[:2] == [RINA.name, TONO.name]


def acting_page(one):

    return tokens.acting_token(one.nonce)


def test_who_passed_it_on_or_declined_stands_with_why(any_app, default_rules, activity, chief):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    send(NOW)
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    first = acting_page(invitation_of(activity, chief).acting)
    acting.answer(first, activity.id, Choice.REPRESENTED, TONO, now=at(6))
    second = acting_page(invitation_of(activity, chief).acting)
    acting.answer(second, activity.id, Choice.NOT_COMING, now=at(7))
    found = entries(of(activity, chief))
    stopped = [(one.what.name, one.what.ended_because) for one in found if one.kind is EntryKind.STOPPED]
    assert stopped == [(RINA.name, NoLongerActing.PASSED_ON)]
    assert (found[-1].what.acting.name, found[-1].what.state) == (TONO.name, "not_coming")


def test_letters_stand_from_the_draft_to_the_mail_that_carried_them(any_app, activity, chief, coordinator):
    invite_and_publish(activity, chief, role=Role.SPEAKER, by=coordinator)
    invitation_id = invitation_of(activity, chief).id
    letter = make.make(LetterKind.SPEAKER_REQUEST, [invitation_id], by=coordinator, now=hours(-3))
    text = replace(compose.text_of(last_values(letter)), number="005/1/2027")
    compose.compose(letter.id, text, letter.version, by=coordinator, now=hours(-2))
    sign(letter, by=coordinator, now=hours(-1))
    mark_as_sent()
    publishing.cancel(activity.id, "Aula dipakai", by=coordinator, now=hours(2))
    found = entries(of(activity, chief))
    steps = [(one.what.action, [each.id for each in one.letters]) for one in found if one.kind is EntryKind.LETTER]
    assert [step[0] for step in steps] == ["letter.made", "letter.composed", "letter.signed", "letter.made"]
    assert steps[0][1] == steps[2][1] == [letter.id] != steps[3][1]
    follower = next(one for one in found[::-1] if one.kind is EntryKind.LETTER).letters[0]
    assert follower.corrects_id == letter.id
    carried = [[each.id for each in one.letters] for one in found if one.kind is EntryKind.MAIL]
    assert carried[0] == [letter.id]
    assert kinds(of(activity, chief), HistoryGroup.LETTERS) == [EntryKind.LETTER] * 4


def sign(letter, *, by, now):
    """Store what accepting a signed file leaves behind."""

    with writing() as session:
        stored = session.get(Letter, letter.id)
        stored.signed_file = files.keep(session, b"%PDF", "surat.pdf", "application/pdf", by=by, now=now)
        stored.state, stored.number = "signed", "005/1/2027"
        audit.record(session, by, "letter.signed", stored, now=now, number=stored.number)


def mark_as_sent():
    db.session.rollback()
    for one in db.session.query(Message):
        one.state, one.sent_at = MessageState.SENT, NOW
    db.session.commit()


def test_rungs_stand_when_they_were_climbed_missed_or_ended(any_app, default_rules, activity, ani, coordinator):
    rules = [RungRule(RungKind.MAIL, RungTiming.AFTER_INVITATION, days) for days in (2, 3, 5)]
    edit.save(LadderName.CADRES, [*rules, RungRule(RungKind.CALL, RungTiming.BEFORE_START, 2)], by=coordinator, now=NOW)
    invite_and_publish(activity, ani, by=coordinator)
    climb.tick(NOW)
    late = at(8, 10)  # the first two are due
    climb.tick(late)
    answer(activity, ani, Choice.COMING, now=at(9))
    climb.tick(at(9, 1))
    rungs = [one for one in entries(of(activity, ani)) if one.kind is EntryKind.RUNG]
    assert [(one.what.state, one.what.reason, one.at) for one in rungs] == [
        ("missed", "superseded", late), ("done", "", late),
    ]  # fmt: skip
    (ended,) = [one for one in entries(of(activity, ani)) if one.kind is EntryKind.FOLLOW_UP_ENDED]
    assert (ended.at, ended.what.answered) == (at(9, 1), True)
    assert [rung.kind for rung in ended.what.rungs] == [RungKind.MAIL, RungKind.CALL]


def test_materials_moves_and_attendance_stand(any_app, default_rules, activity, chief, coordinator):
    invite_and_publish(activity, chief, role=Role.SPEAKER, by=coordinator)
    reminding.tick(NOW)
    sending.send(
        token_of(chief), activity.id, GivenFile(made.PDF, "Paparan.pdf"), most_mb=40, now=hours(1)
    )  # fmt: skip
    answer(activity, chief, Choice.COMING, now=hours(1.5))
    materials.show(activity.id, by=coordinator, now=hours(2))
    move(activity, at(19, 8), at(19, 12), now=hours(3))
    invitation_id = invitation_of(activity, chief).id
    attendance.tick(activity.id, [invitation_id], [invitation_id], AttendanceSource.PAPER, by=None, now=at(19, 9))
    found = [(one.kind, getattr(one.what, "action", "")) for one in entries(of(activity, chief))]
    assert [one for one in found if one[0] in (EntryKind.MATERIAL, EntryKind.ACTIVITY, EntryKind.CAME)] == [
        (EntryKind.MATERIAL, ""), (EntryKind.ACTIVITY, "activity.materials_shown"),
        (EntryKind.ACTIVITY, "activity.moved"), (EntryKind.CAME, ""),
    ]  # fmt: skip


def test_what_moved_before_somebody_was_invited_is_not_theirs(any_app, activity, ani, budi, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    move(activity, at(19, 8), at(19, 12), now=hours(1))
    invite(activity, budi, by=coordinator)
    reminding.tick(hours(2))
    assert EntryKind.ACTIVITY in kinds(of(activity, ani))
    assert EntryKind.ACTIVITY not in kinds(of(activity, budi))


def test_an_invitation_that_went_on_to_a_posts_new_holder_stands_with_the_former_one(
    any_app, activity, chief, ani, coordinator
):
    invite_and_publish(activity, chief, role=Role.SPEAKER, by=coordinator)
    left = FormerHolder(
        invitation_id=invitation_of(activity, chief).id, person_id=ani.id, kind=HolderKind.DEFINITIVE,
        state=InvitationState.COMING, answered_at=hours(1), left_at=hours(2),
    )  # fmt: skip
    db.session.add(left)
    db.session.commit()
    for whose in (of(activity, chief), history.of_invitee(fresh(ani)), history.of_invitee(fresh(chief))):
        (handed_over,) = [one for one in entries(whose) if one.kind is EntryKind.HANDED_OVER]
        assert (handed_over.what.person.name, handed_over.at) == (ani.name, hours(2))


def test_a_swap_stands_at_both_invitations(any_app, activity, chief, ani, coordinator):
    invite_and_publish(activity, chief, role=Role.SPEAKER, by=coordinator)
    former = invitation_of(activity, chief)
    new_id = substitutes.swap(former.id, ani.id, by=coordinator, now=hours(1)).invitation.id
    done = {one.what.action: one.what.detail for one in entries(of(activity, chief)) if one.kind is EntryKind.CHANGED}
    assert done["invitation.substituted"]["substitute"] == new_id
    changed = [one.what.action for one in entries(of(activity, ani)) if one.kind is EntryKind.CHANGED]
    assert changed == ["invitation.asked_instead"]


def test_a_persons_history_merges_their_invitations_mails_calls_and_the_changes_of_their_record(
    any_app, activity, programme, hall, ani, coordinator
):
    other = draft_activity(programme, hall, 19, title="Hari kedua")
    invite([activity, other], ani, by=coordinator)
    publish(activity, other, by=coordinator)
    recording.record(
        CalleeKey("person", ani.id),
        CallResult(CallOutcome.COMING, [invitation_of(activity, ani).id]), by=coordinator, now=hours(1),
    )  # fmt: skip
    withdrawing.withdraw(invitation_of(other, ani).id, by=coordinator, now=hours(2))
    reminding.tick(hours(2))
    people.edit(ani.id, replace(people.values_of(fresh(ani)), post="Ketua RW"), by=coordinator, now=hours(3))
    mail(IncomingKind.LETTER, person=ani, received_at=hours(4))
    imported = PersonImport(at=hours(5), filename="kader.xlsx", added=0, changed=1)
    db.session.add(imported)
    db.session.flush()
    db.session.add(PersonImportLine(import_id=imported.id, person_id=ani.id, digest="x"))
    db.session.commit()
    found = entries(history.of_invitee(ani))
    assert found[0].kind is EntryKind.ADDED
    assert [one.kind for one in found].count(EntryKind.INVITED) == 2
    assert [one.kind for one in found if one.at > NOW] == [
        EntryKind.CALL, EntryKind.ANSWER, EntryKind.CHANGED, EntryKind.RECORD, EntryKind.WROTE,
        EntryKind.IMPORTED,
    ]  # fmt: skip
    call = next(one for one in found if one.kind is EntryKind.CALL)
    assert [one.activity.title for one in call.about] == [activity.title]
    first = next(one for one in found if one.kind is EntryKind.MAIL)
    assert {one.activity.title for one in first.about} == {activity.title, other.title}


def test_an_organisations_history_names_those_whom_it_sends(any_app, activity, police, coordinator):

    invite_organisation(activity, police, by=coordinator)
    publish(activity, by=coordinator)
    nominee = Nominee("Zainal Abidin", email="zainal@example.com")
    nominate_for(invitation_of(activity, police).id, [nominee], source=AnswerSource.PHONE, by=coordinator, now=hours(1))
    for whose in (of(activity, police), history.of_invitee(police)):
        (named,) = [one for one in entries(whose) if one.kind is EntryKind.NOMINATED]
        assert named.what.person.name == "Zainal Abidin"


def test_a_long_history_has_pages_the_newest_first(any_app, activity, ani, coordinator):
    invite_and_publish(activity, ani, by=coordinator)
    about, key = [invitation_of(activity, ani).id], CalleeKey("person", ani.id)
    for number in range(1, 8):
        recording.record(key, CallResult(CallOutcome.NO_ANSWER, about), by=coordinator, now=hours(number))
    pages = [history.listed(history.of_invitee(ani), HistoryGroup.CALLS, page, per_page=3) for page in (1, 2, 3)]
    assert [[(one.at - NOW) // timedelta(hours=1) for one in page] for page in pages] == [[7, 6, 5], [4, 3, 2], [1]]
    assert [(page.total, page.pages) for page in pages] == [(7, 3)] * 3


@pytest.mark.parametrize("whose", ["invitation", "invitee"])
def test_the_number_of_statements_does_not_grow_with_the_history(
    activity, programme, hall, ani, coordinator, queries, whose
):
    invite_and_publish(activity, ani, by=coordinator)
    invitation_id, key, ani_id = invitation_of(activity, ani).id, CalleeKey("person", ani.id), ani.id
    coordinator_id, activity_id = coordinator.id, activity.id

    def once_more(number):
        coordinator, activity = db.session.get(User, coordinator_id), db.session.get(Activity, activity_id)
        result = CallResult(CallOutcome.COMING, [invitation_id])
        recording.record(key, result, by=coordinator, now=hours(number))
        move(activity, at(19, 8 + number % 3), at(19, 12), now=hours(number))
        reminding.tick(hours(number))
        mail(person_id=ani_id, invitation_id=invitation_id, received_at=hours(number))

    def read():
        found = history.HistoryOf([invitation_id])
        if whose == "invitee":
            found = history.of_invitee(db.session.get(Person, ani_id))
        return history.listed(found).total

    once_more(1)
    few, before = queries(read), read()
    for number in range(2, 6):
        once_more(number)
    assert read() > before + 8
    assert queries(read) == few
