"""Acting people: they come, do not come, or pass it on once more; the invitee sees it and can undo it."""

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.domain.answers import Choice, DeadlinePassed, Representative, RepresentativeUnnamed
from outreach.domain.kinds import AnswerSource, MailKind, NamedBy, NoLongerActing, Role
from outreach.domain.reminders.due import MissedReason
from outreach.domain.representation import NotActing, PassedOnAlready
from outreach.domain.states import InvitationState, ReminderState
from outreach.extensions import db
from outreach.models import ActingPerson, Activity, Invitation, Person, Reminder
from outreach.services.answers import acting, undo
from outreach.services.answers import answer as answering
from outreach.services.answers.answer import LinkAnswer
from outreach.services.answers.record import record_answer
from outreach.services.invitations.links import LinkReplaced, LinkUnknown
from tests.support.copied import copied
from tests.world import (
    NOW,
    answer,
    at,
    draft_activity,
    invitation_of,
    invite,
    invite_and_publish,
    move,
    publish,
    token_of,
)
from tests.world.mails import mails, run, send

pytestmark = pytest.mark.usefixtures("any_app", "default_rules")

RINA = Representative("Kompol Rina Dewi", "Wakapolres", email="rina@example.com")
TONO = Representative("AKP Tono", "Kasat Reskrim", email="tono@example.com")


@copied
def published(activity, chief) -> Activity:
    """The activity to which the chief is invited as a speaker. The invitation's mail has gone out."""
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    send(NOW)
    return activity


@copied
def represented(published, chief) -> Activity:
    """The chief has named Rina by link, and her mail has gone out."""
    answering.answer(token_of(chief), published.id, Choice.REPRESENTED, RINA, now=at(5))
    run(at(5))
    return published


def page_of(activity: Activity, invitee: Person) -> str:
    """Return the token of the page of whoever acts."""
    found = invitation_of(activity, invitee).acting
    assert found is not None
    return tokens.acting_token(found.nonce)


def chain_of(activity: Activity, invitee: Person) -> list[tuple[str, int, bool, NamedBy, NoLongerActing | None]]:
    db.session.rollback()
    links = db.session.scalars(
        sa.select(ActingPerson)
        .where(ActingPerson.invitation_id == invitation_of(activity, invitee).id)
        .order_by(ActingPerson.id)
    )
    return [(link.name, link.position, link.acting, link.named_by, link.ended_because) for link in links]


def kinds_to(reader: str) -> list[list[str]]:
    return [kinds for name, _due, kinds in mails() if name == reader]


def test_whoever_is_named_gets_a_mail_of_their_own_and_all_that_follows(represented, chief):
    first = invitation_of(represented, chief).acting
    assert (first.rank, first.source, first.named_at) == ("Kompol", AnswerSource.LINK, at(5))
    assert kinds_to("Kompol Rina Dewi") == [["appointment"]]
    run(at(17, 8))
    assert kinds_to("Kompol Rina Dewi") == [["appointment"], ["reminder", "reminder"]]  # of materials, and of the day
    assert kinds_to("Kapolres") == [["invitation"], ["representation"]]


def test_the_acting_person_passes_it_on_and_the_invitee_is_told(represented, chief):
    token = page_of(represented, chief)
    acting.answer(token, represented.id, Choice.REPRESENTED, TONO, now=at(6))
    assert chain_of(represented, chief) == [
        ("Kompol Rina Dewi", 1, False, NamedBy.INVITEE, NoLongerActing.PASSED_ON),
        ("AKP Tono", 2, True, NamedBy.ACTING, None),
    ]
    assert invitation_of(represented, chief).state is InvitationState.REPRESENTED
    run(at(6), at(17, 8))
    assert kinds_to("AKP Tono")[-2:] == [["appointment"], ["reminder", "reminder"]]
    assert kinds_to("Kapolres") == [["invitation"], ["representation"], ["representation"]]  # of each name


def test_nobody_passes_it_on_a_second_time(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    with pytest.raises(PassedOnAlready):
        acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, RINA, now=at(6))
    assert invitation_of(represented, chief).representative_name == "AKP Tono"


def test_whoever_passed_it_on_says_nothing_more(represented, chief):
    rinas = page_of(represented, chief)
    acting.answer(rinas, represented.id, Choice.REPRESENTED, TONO, now=at(6))
    for choice in (Choice.COMING, Choice.NOT_COMING):
        with pytest.raises(NotActing):
            acting.answer(rinas, represented.id, choice, now=at(7))


def test_a_name_is_needed_to_pass_it_on_and_not_ones_own(represented, chief):
    for nobody in (None, Representative(" "), RINA):
        with pytest.raises(RepresentativeUnnamed):
            acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, nobody, now=at(6))


def test_if_the_acting_person_does_not_come_the_invitee_is_asked_again(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.NOT_COMING, now=at(6))
    invitation = invitation_of(represented, chief)
    assert (invitation.state, invitation.answered_at, invitation.acting) == (InvitationState.INVITED, None, None)
    run(at(6))
    assert kinds_to("Kapolres") == [["invitation"], ["representation"], ["representation"]]
    texts = sa.select(Reminder.text_key).where(Reminder.kind == MailKind.REPRESENTATION).order_by(Reminder.id)
    assert db.session.scalars(texts).all() == ["", "representation-open"]
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(7))
    assert invitation_of(represented, chief).state is InvitationState.COMING


def test_after_the_acting_person_declines_the_invitees_next_answer_replaces_nobodys(published, chief):
    named = {published.id: LinkAnswer(Choice.REPRESENTED, RINA)}
    answering.answer_all(token_of(chief), named, now=at(5), device="the secretary's")
    acting.answer(page_of(published, chief), published.id, Choice.NOT_COMING, now=at(6))
    own = {published.id: LinkAnswer(Choice.COMING)}
    answering.answer_all(token_of(chief), own, now=at(7), device="the chief's")
    assert (invitation_of(published, chief).state, invitation_of(published, chief).answer_replaced) == (
        InvitationState.COMING, None,
    )  # fmt: skip


def test_after_the_deadline_an_invitee_who_is_asked_again_has_until_the_start(represented, chief):
    token = page_of(represented, chief)
    with pytest.raises(DeadlinePassed):
        acting.answer(token, represented.id, Choice.NOT_COMING, now=at(17))
    acting.take_back_for(invitation_of(represented, chief).id, by=None, now=at(17))  # who calls the office
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(18, 7))
    assert invitation_of(represented, chief).state is InvitationState.COMING


def test_an_acting_person_confirms_even_after_the_deadline(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.COMING, now=at(17))
    assert invitation_of(represented, chief).acting.confirmed_at == at(17)


def test_the_invitee_undoes_link_by_link(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    tonos = page_of(represented, chief)
    acting.take_back(token_of(chief), represented.id, now=at(7))
    assert chain_of(represented, chief) == [
        ("Kompol Rina Dewi", 1, True, NamedBy.INVITEE, None),
        ("AKP Tono", 2, False, NamedBy.ACTING, NoLongerActing.UNDONE),
    ]
    with pytest.raises(NotActing):
        acting.answer(tonos, represented.id, Choice.COMING, now=at(7))
    acting.take_back(token_of(chief), represented.id, now=at(8))
    assert invitation_of(represented, chief).state is InvitationState.INVITED
    assert chain_of(represented, chief)[0][2:] == (False, NamedBy.INVITEE, NoLongerActing.UNDONE)


def test_no_reminder_goes_to_who_no_longer_acts(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    run(at(6), at(17, 8))
    reminded = [(reader, kinds) for reader, _due, kinds in mails() if "reminder" in kinds]
    assert reminded == [("AKP Tono", ["reminder", "reminder"])]


def test_an_answer_of_the_invitees_own_replaces_the_chain_and_undoing_it_restores_it(represented, chief):
    acting.answer(page_of(represented, chief), represented.id, Choice.REPRESENTED, TONO, now=at(6))
    answering.answer(token_of(chief), represented.id, Choice.COMING, now=at(7))
    assert invitation_of(represented, chief).acting is None
    undo.undo(token_of(chief), now=at(7, 13))
    found = invitation_of(represented, chief)
    assert (found.state, found.representative_name, found.acting.position) == (
        InvitationState.REPRESENTED, "AKP Tono", 2,
    )  # fmt: skip


def test_a_corrected_address_stops_the_former_link(represented, chief):
    former = page_of(represented, chief)
    corrected = Representative(RINA.name, RINA.post, email="rina.dewi@example.com")
    answering.answer(token_of(chief), represented.id, Choice.REPRESENTED, corrected, now=at(6))
    assert len(chain_of(represented, chief)) == 1
    with pytest.raises(LinkReplaced):
        acting.answer(former, represented.id, Choice.COMING, now=at(6))
    run(at(6))
    assert kinds_to("Kompol Rina Dewi") == [["appointment"], ["appointment"]]


def test_the_invitees_own_link_and_the_acting_persons_open_different_pages(represented, chief):
    with pytest.raises(LinkUnknown):
        acting.answer(token_of(chief), represented.id, Choice.COMING, now=at(6))
    with pytest.raises(LinkUnknown):
        answering.answer(page_of(represented, chief), represented.id, Choice.COMING, now=at(6))


def test_the_seat_stays_with_the_chain_and_is_free_when_nobody_acts(programme, hall, ani, budi):
    activity = draft_activity(programme, hall, capacity=1)
    invite(activity, ani, budi)
    publish(activity)
    answering.answer(token_of(ani), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    answering.answer(token_of(budi), activity.id, Choice.COMING, now=at(5, 13))
    acting.answer(page_of(activity, ani), activity.id, Choice.REPRESENTED, TONO, now=at(6))
    assert invitation_of(activity, budi).state is InvitationState.WAITLISTED
    acting.answer(page_of(activity, ani), activity.id, Choice.NOT_COMING, now=at(7))
    assert invitation_of(activity, budi).state is InvitationState.COMING
    answering.answer(token_of(ani), activity.id, Choice.COMING, now=at(8))
    assert invitation_of(activity, ani).state is InvitationState.WAITLISTED


def test_one_person_acts_in_all_roles_of_the_invitee(activity, chief):
    invite(activity, chief, role=Role.SPEAKER)
    invite(activity, chief, role=Role.MODERATOR)
    publish(activity)
    answering.answer(token_of(chief), activity.id, Choice.REPRESENTED, RINA, now=at(5))
    [rinas, _other] = db.session.scalars(sa.select(ActingPerson.nonce).order_by(ActingPerson.id))
    acting.answer(tokens.acting_token(rinas), activity.id, Choice.REPRESENTED, TONO, now=at(6))
    names = db.session.scalars(sa.select(Invitation.representative_name)).all()
    assert names == ["AKP Tono"] * 2
    [tonos, _other] = db.session.scalars(sa.select(ActingPerson.nonce).where(ActingPerson.acting))
    acting.answer(tokens.acting_token(tonos), activity.id, Choice.NOT_COMING, now=at(7))
    assert db.session.scalars(sa.select(Invitation.state)).all() == [InvitationState.INVITED] * 2


def test_an_invitee_who_wants_no_notices_leaves_them_to_whoever_acts(represented, chief):
    acting.want_notices(token_of(chief), represented.id, False, now=at(6))
    move(represented, at(19), at(19, 12), now=at(7))
    run(at(7))
    assert kinds_to("Kompol Rina Dewi")[-1] == ["change"]
    assert kinds_to("Kapolres") == [["invitation"], ["representation"]]
    acting.want_notices(token_of(chief), represented.id, True, now=at(8))
    move(represented, at(20), at(20, 12), now=at(9))
    run(at(9))
    assert kinds_to("Kapolres") == [["invitation"], ["representation"], ["change"]]


def test_what_staff_record_is_told_to_the_invitee(published, chief):
    answer(published, chief, Choice.REPRESENTED, now=at(5), representative=RINA)
    run(at(5))
    assert (kinds_to("Kapolres"), kinds_to("Kompol Rina Dewi")) == (
        [["invitation"], ["representation"]], [["appointment"]],
    )  # fmt: skip


def stranger(number: int) -> Representative:
    return Representative(f"Orang {'ABCDEFGHIJ'[number]}", email=f"asing{number}@example.com")


def appointments() -> int:
    """Return how many mails have told somebody that they were named."""
    return sum("appointment" in kinds for _name, _due, kinds in mails())


def test_a_link_writes_to_three_new_representatives_in_a_day_and_the_next_waits_for_staff(
    published, chief, coordinator
):
    for number in range(5):
        answering.answer(token_of(chief), published.id, Choice.REPRESENTED, stranger(number), now=at(5, 8, number))
        run(at(5, 8, number))
    assert appointments() == 3
    held_back = db.session.scalars(sa.select(Reminder.state).where(Reminder.reason == MissedReason.MANY_REPRESENT))
    assert held_back.all() == [ReminderState.MISSED] * 2
    record_answer(
        invitation_of(published, chief).id, Choice.REPRESENTED, AnswerSource.PHONE, stranger(4), by=coordinator,
        now=at(5, 9),
    )  # fmt: skip
    run(at(5, 9))
    assert appointments() == 4


def test_a_day_later_a_link_writes_to_new_representatives_again(published, chief):
    for number in range(4):
        answering.answer(token_of(chief), published.id, Choice.REPRESENTED, stranger(number), now=at(5, 8, number))
        run(at(5, 8, number))
    answering.answer(token_of(chief), published.id, Choice.REPRESENTED, stranger(5), now=at(6, 9))
    run(at(6, 9))
    assert appointments() == 4
