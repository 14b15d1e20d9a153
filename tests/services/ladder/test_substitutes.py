"""A swap withdraws, invites, changes the agenda and drafts the letter together, or does nothing. Of two at once one wins."""

from collections import Counter
from email import message_from_bytes
from email.policy import default

import pytest
import sqlalchemy as sa

from outreach.delivery.mail.compose import compose
from outreach.domain.bell import NewsKind
from outreach.domain.kinds import Audience, LetterKind, MailKind, Role, Sector
from outreach.domain.ladder.rungs import LadderName, NobodyToPropose, RungKind, RungRule, RungTiming
from outreach.domain.states import InvitationState, LetterState
from outreach.extensions import db
from outreach.models import AgendaItem, AuditEntry, Invitation, Letter, Message, Person, Reminder, SpeakerBooking
from outreach.queries import bell
from outreach.queries.ladder import rungs as ladder_pages
from outreach.services.activities import agenda
from outreach.services.activities.agenda import AgendaValues
from outreach.services.invitations.withdraw import AlreadyWithdrawn
from outreach.services.ladder import climb, edit, substitutes
from outreach.services.letters import make
from outreach.services.planning.book import SpeakerTaken
from outreach.services.reminders import tick as reminding
from tests.support.copied import copied
from tests.world import (
    NOW,
    a_person,
    an_organisation,
    at,
    at_once,
    draft_activity,
    invitation_of,
    invite,
    mark_as_invited,
    publish,
    rows_of,
)  # fmt: skip
from tests.world.composed import text_of
from tests.world.letters.signed import signed_letter


@copied
def deputy(any_app, office):
    polres = an_organisation("Polres Pringsewu", sector=Sector.POLICE, email="pringsewu@example.com")
    return a_person("", post="Kapolres Pringsewu", organisation=polres, email="kapolres.pringsewu@example.com")


@copied
def speaking(any_app, activity, chief):
    """The police chief speaks from 9 to 10, and was invited by mail."""
    items = [AgendaValues(at(18, 9), at(18, 10), "Perlindungan saksi", (chief.id,))]
    agenda.set_agenda(activity.id, items, by=None, now=NOW)
    publish(activity)
    mark_as_invited()
    return activity


def speakers() -> list[list[int]]:
    db.session.rollback()
    return [[one.id for one in item.speakers] for item in db.session.scalars(sa.select(AgendaItem))]


def states() -> dict[int, InvitationState]:
    db.session.rollback()
    return {one.person_id: one.state for one in db.session.scalars(sa.select(Invitation))}


def test_a_swap_withdraws_invites_and_takes_over_the_agenda(speaking, chief, deputy, coordinator):
    former = invitation_of(speaking, chief)
    swapped = substitutes.swap(former.id, deputy.id, by=coordinator, now=NOW)
    assert swapped.letter is None
    assert states() == {chief.id: InvitationState.WITHDRAWN, deputy.id: InvitationState.PREPARED}
    assert speakers() == [[deputy.id]]
    assert [one.person_id for one in rows_of(SpeakerBooking)] == [deputy.id]
    mails = {(one.kind, one.audience) for one in rows_of(Reminder) if one.state == "scheduled"}
    assert (MailKind.WITHDRAWAL, Audience.ONE) in mails
    assert (MailKind.INVITATION, Audience.NEWLY_INVITED) in mails
    said = {entry.action: entry.subject_name for entry in rows_of(AuditEntry)}
    assert said["invitation.substituted"] == "Kapolres Metro"
    assert said["invitation.asked_instead"] == "Kapolres Pringsewu"


def test_the_letter_of_the_one_before_gives_the_substitute_a_draft(speaking, chief, deputy, coordinator):
    former = invitation_of(speaking, chief)
    make.make(LetterKind.SPEAKER_REQUEST, [former.id], by=coordinator, now=NOW)
    swapped = substitutes.swap(former.id, deputy.id, by=coordinator, now=NOW)
    assert swapped.letter is not None
    letters = rows_of(Letter)
    assert [(one.kind, one.state) for one in letters] == [
        (LetterKind.SPEAKER_REQUEST, LetterState.CANCELLED), (LetterKind.SPEAKER_REQUEST, LetterState.DRAFT),
    ]  # fmt: skip
    assert [one.person_id for one in letters[1].invitations] == [deputy.id]


def test_a_signed_letter_to_the_one_before_gets_the_draft_of_its_cancellation(speaking, chief, deputy, coordinator):
    former = invitation_of(speaking, chief)
    signed = signed_letter(former, kind=LetterKind.SPEAKER_REQUEST)
    swapped = substitutes.swap(former.id, deputy.id, by=coordinator, now=NOW)
    assert (swapped.cancellation.kind, swapped.cancellation.state) == (LetterKind.CANCELLATION, LetterState.DRAFT)
    assert (swapped.cancellation.corrects_id, signed.state) == (signed.id, LetterState.SIGNED)
    assert [one.id for one in swapped.cancellation.invitations] == [former.id]
    assert [one.person_id for one in swapped.letter.invitations] == [deputy.id]


def test_a_signed_letter_to_several_stands_for_the_others(speaking, chief, deputy, ani, coordinator):
    invite(speaking, ani, role=Role.MODERATOR)
    former = invitation_of(speaking, chief)
    signed_letter(former, invitation_of(speaking, ani), kind=LetterKind.SPEAKER_REQUEST)
    assert substitutes.swap(former.id, deputy.id, by=coordinator, now=NOW).cancellation is None


def test_the_others_on_stage_who_know_of_it_hear_by_mail_who_speaks_now(
    speaking, chief, deputy, ani, budi, coordinator
):
    invite(speaking, ani, role=Role.MODERATOR)
    invite(speaking, budi)
    mark_as_invited()
    substitutes.swap(invitation_of(speaking, chief).id, deputy.id, by=coordinator, now=NOW)
    reminding.tick(NOW)
    told = [one for one in rows_of(Message) if one.kind is MailKind.SUBSTITUTION or one.person_id == ani.id]
    mail = compose(told[-1], told[-1].lines, now=NOW)
    said = " ".join(text_of(message_from_bytes(mail.data, policy=default)).split())
    assert [one.person_id for one in told if one.kind is MailKind.SUBSTITUTION] == [ani.id]
    assert "Kapolres Metro digantikan oleh Kapolres Pringsewu" in said
    assert "Senin, 18 Januari 2027" in said


def test_a_substitute_who_speaks_elsewhere_then_changes_nothing(speaking, chief, deputy, coordinator):
    elsewhere = draft_activity(None, None, title="Di tempat lain")
    invite(elsewhere, deputy, role=Role.SPEAKER)
    former = invitation_of(speaking, chief)
    before = len(rows_of(Reminder)), len(rows_of(AuditEntry))
    with pytest.raises(SpeakerTaken):
        substitutes.swap(former.id, deputy.id, by=coordinator, now=NOW)
    db.session.rollback()
    assert invitation_of(speaking, chief).state is InvitationState.INVITED
    assert speakers() == [[chief.id]]
    assert (len(rows_of(Reminder)), len(rows_of(AuditEntry))) == before


def test_nobody_is_swapped_twice_for_themselves_or_off_the_stage(speaking, chief, deputy, ani, coordinator):
    invite(speaking, ani)
    with pytest.raises(substitutes.NotOnStage):
        substitutes.swap(invitation_of(speaking, ani).id, deputy.id, by=coordinator, now=NOW)
    former = invitation_of(speaking, chief).id
    with pytest.raises(substitutes.SubstituteInvited):
        substitutes.swap(former, chief.id, by=coordinator, now=NOW)
    with pytest.raises(substitutes.SubstituteGone):
        substitutes.swap(former, 10_000, by=coordinator, now=NOW)
    substitutes.swap(former, deputy.id, by=coordinator, now=NOW)
    with pytest.raises(AlreadyWithdrawn):
        substitutes.swap(former, ani.id, by=coordinator, now=NOW)


def test_of_two_coordinators_who_swap_at_once_one_wins(any_app, speaking, chief, deputy, coordinator):
    former = invitation_of(speaking, chief).id
    for _round in range(4):
        others = [deputy, a_person(f"Narasumber{_round} Satu", email=f"n{_round}@example.com")]
        ids = [one.id for one in others]
        db.session.rollback()
        outcomes = at_once(
            any_app, [lambda id=id, former=former: substitutes.swap(former, id, by=None, now=NOW) for id in ids]
        )
        assert Counter(outcomes) == {"done": 1, AlreadyWithdrawn.__name__: 1}
        db.session.rollback()
        standing = [id for id, state in states().items() if state is not InvitationState.WITHDRAWN]
        assert len(standing) == 1
        assert speakers() == [standing]
        if _round < 3:
            back = substitutes.swap(
                invitation_of(speaking, db.session.get(Person, standing[0])).id, chief.id, by=None, now=NOW
            )
            former = back.invitation.id


def test_swaps_at_two_activities_in_opposite_directions_both_succeed(any_app, programme, chief, deputy):
    one, other = draft_activity(programme, None, 18), draft_activity(programme, None, 19)
    invite(one, chief, role=Role.SPEAKER)
    invite(other, deputy, role=Role.SPEAKER)
    pairs = [(invitation_of(one, chief).id, deputy.id), (invitation_of(other, deputy).id, chief.id)]
    db.session.rollback()
    outcomes = at_once(any_app, [lambda p=p: substitutes.swap(*p, by=None, now=NOW) for p in pairs])
    assert outcomes == ["done", "done"]


def test_the_ladder_proposes_and_coordinators_hear_of_it_and_of_the_swap(speaking, chief, deputy, coordinator):
    rule = RungRule(RungKind.SUBSTITUTES, RungTiming.AFTER_INVITATION, 1)
    edit.save(LadderName.SPEAKERS, [rule], by=coordinator, now=NOW)
    climb.tick(NOW)
    former = invitation_of(speaking, chief)
    assert not ladder_pages.proposes_substitutes(ladder_pages.of_invitation(former.id))
    climb.tick(at(7, 9))
    assert ladder_pages.proposes_substitutes(ladder_pages.of_invitation(former.id))
    assert states() == {chief.id: InvitationState.INVITED}  # it only proposes
    [news] = bell.current(now=at(7, 10)).news
    assert (news.kind, news.name) == (NewsKind.SUBSTITUTES, "Kapolres Metro")
    substitutes.swap(former.id, deputy.id, by=coordinator, now=at(7, 11))
    [news] = bell.current(now=at(7, 12)).news
    assert (news.kind, news.name, news.other) == (NewsKind.SUBSTITUTED, "Kapolres Metro", "Kapolres Pringsewu")
    assert news.by_id == coordinator.id


def test_only_the_ladder_of_speakers_proposes_substitutes(office, coordinator):
    with pytest.raises(NobodyToPropose):
        edit.save(
            LadderName.CADRES, [RungRule(RungKind.SUBSTITUTES, RungTiming.BEFORE_START, 4)], by=coordinator, now=NOW
        )
