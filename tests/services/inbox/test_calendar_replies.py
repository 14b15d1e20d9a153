"""Answers from invitees' calendar programs: whose answer it is, and what it says."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.delivery import tokens
from outreach.delivery.outbox import drain as outbox
from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource, IncomingKind, Role
from outreach.domain.mail.incoming import IncomingReason, Participation
from outreach.domain.states import InvitationState
from outreach.extensions import db
from outreach.models import Invitation
from outreach.services.activities import publish as publishing
from outreach.services.answers import answer as answering
from outreach.services.answers.nominees import Nominee
from outreach.services.invitations import invite as inviting
from outreach.services.invitations import links
from outreach.services.invitations import withdraw as withdrawing
from outreach.services.reminders import tick as reminding
from tests.servers.smtp import Server
from tests.services.inbox.inbox_help import (
    APPLIED,
    IGNORED,
    REFUSED,
    TO_READ,
    confirmations,
    first_invitation_of,
    result,
    sent_to,
)
from tests.support.copied import copied
from tests.world import NOW, StandingClock, a_person, at, draft_activity, invite, invite_and_publish, send_through
from tests.world.mail_samples import PROGRAMS, Answer, gmail, outlook


@pytest.mark.parametrize("program", PROGRAMS)
@pytest.mark.parametrize(
    ("partstat", "state"), [("ACCEPTED", InvitationState.COMING), ("DECLINED", InvitationState.NOT_COMING)]
)
def test_ani_answers_from_her_calendar_and_gets_a_confirmation(activity, ani, arrives, program, partstat, state):
    invite_and_publish(activity, ani)
    mail = arrives(PROGRAMS[program](Answer(partstat, uid=activity.uid)))
    assert (mail.kind, *result(mail)) == (IncomingKind.ANSWER, APPLIED, "")
    found = first_invitation_of(ani)
    assert (found.state, found.answer_source, found.answered_at, found.replied_at) == (
        state,
        AnswerSource.CALENDAR,
        at(5, 9),
        at(5, 8),
    )
    assert (mail.person_id, mail.invitation_id) == (ani.id, found.id)
    assert confirmations() == ["Ani Wijaya"]


def test_the_confirmation_mail_is_sent(activity, ani, arrives, any_app):
    with Server() as server:
        send_through(any_app, server)
        invite_and_publish(activity, ani)
        outbox.drain(now=StandingClock(), worker="w1")
        arrives(gmail(Answer(uid=activity.uid)))
        reminding.tick(at(5, 9))
        outbox.drain(now=StandingClock(at(5, 9)), worker="w1")
        assert server.recipients() == ["ani@example.com"] * 2
        assert server.taken[0].mail["Auto-Submitted"]


@pytest.mark.parametrize("written", ["ani@bücher.example", "ani@xn--bcher-kva.example"])
def test_an_internationalised_domain_is_recognised_in_either_form(activity, ani, arrives, written):
    ani.email = "ani@bücher.example"
    db.session.commit()
    invite_and_publish(activity, ani)
    wire = "ani@xn--bcher-kva.example"  # as our calendar names her
    mail = arrives(gmail(Answer(uid=activity.uid, address=wire, sender=written)))
    assert (result(mail), mail.person_id, first_invitation_of(ani).state) == (
        (APPLIED, ""),
        ani.id,
        InvitationState.COMING,
    )


def test_one_answer_applies_to_all_roles(activity, ani, arrives):
    invite_and_publish(activity, ani, role=Role.SPEAKER)
    invite(activity, ani, role=Role.MODERATOR)
    reminding.tick(NOW)
    arrives(gmail(Answer(uid=activity.uid)))
    states = db.session.execute(sa.select(Invitation.state, Invitation.replied_at)).all()
    assert [tuple(state) for state in states] == [(InvitationState.COMING, at(5, 8))] * 2


def test_somebody_else_cannot_answer_for_ani(activity, ani, budi, arrives):
    invite_and_publish(activity, ani, budi)
    forged = arrives(gmail(Answer("DECLINED", uid=activity.uid, sender="budi@example.com")))
    assert result(forged) == (TO_READ, IncomingReason.SENDER_DIFFERS)
    assert (forged.person_id, first_invitation_of(ani).state, first_invitation_of(budi).state) == (
        ani.id,
        InvitationState.INVITED,
        InvitationState.INVITED,
    )
    stranger = arrives(gmail(Answer("DECLINED", uid=activity.uid, address="x@example.net")))
    assert result(stranger) == (REFUSED, IncomingReason.NOT_INVITED)
    assert confirmations() == []


def test_a_sender_that_our_server_found_forged_is_not_believed(activity, ani, arrives):
    invite_and_publish(activity, ani)
    verdict = "Authentication-Results: mx.example.org; spf=pass;\r\n dmarc={} header.from=example.com\r\n"
    forged = (
        verdict.format("fail (p=none)").encode() + verdict.format("pass").encode() + gmail(Answer(uid=activity.uid))
    )
    assert result(arrives(forged)) == (TO_READ, IncomingReason.SENDER_UNPROVEN)
    assert first_invitation_of(ani).state is InvitationState.INVITED
    genuine = verdict.format("pass").encode() + gmail(Answer(uid=activity.uid, stamp="20270105T011000Z"))
    assert result(arrives(genuine)) == (APPLIED, "")


def test_a_calendar_reply_is_kept_even_where_it_was_refused(activity, ani, arrives):
    invite_and_publish(activity, ani)
    too_late = {"now": at(17), "came": at(17)}
    for number, (partstat, said) in enumerate(
        {
            "ACCEPTED": Participation.ACCEPTED, "DECLINED": Participation.DECLINED, "TENTATIVE": Participation.TENTATIVE,
            "DELEGATED": Participation.DELEGATED, "NEEDS-ACTION": Participation.UNCLEAR,
        }.items()
    ):  # fmt: skip
        mail = arrives(gmail(Answer(partstat, uid=activity.uid, message_id=f"<{number}@mail.example.com>")), **too_late)
        assert (result(mail), mail.participation) == ((TO_READ, IncomingReason.DEADLINE_PASSED), said)
    unknown = arrives(gmail(Answer("DECLINED", uid="x@outreach", message_id="<9@mail.example.com>")))
    assert (unknown.outcome, unknown.participation) == (REFUSED, Participation.DECLINED)


def test_an_answer_about_an_unknown_entry_is_shown_beside_the_next_invitation_as_a_guess(activity, ani, arrives):
    invite_and_publish(activity, ani)
    known = arrives(gmail(Answer(uid=activity.uid)))
    assert (known.invitation_id, known.guessed) == (first_invitation_of(ani).id, False)
    unknown = arrives(gmail(Answer(uid="x@outreach", message_id="<2@mail.example.com>")))
    assert (unknown.invitation_id, unknown.guessed) == (first_invitation_of(ani).id, True)


def test_an_answer_about_an_activity_without_an_invitation_is_shown_beside_no_other(
    programme, hall, activity, ani, budi, arrives
):
    invite_and_publish(activity, ani)
    invite_and_publish(draft_activity(programme, hall, 12), budi)
    mail = arrives(gmail(Answer(uid=activity.uid, address="budi@example.com")))
    assert (result(mail), mail.person_id, mail.invitation_id, mail.guessed) == (
        (REFUSED, IncomingReason.NOT_INVITED), budi.id, None, False,
    )  # fmt: skip


def test_an_entry_that_is_foreign_or_unpublished_cannot_be_answered(activity, ani, arrives):
    invite(activity, ani)
    assert result(arrives(gmail(Answer(uid="x@outreach")))) == (REFUSED, IncomingReason.UNKNOWN_ACTIVITY)
    draft = arrives(outlook(Answer(uid=activity.uid, message_id="<2@mail.example.com>")))
    assert result(draft) == (REFUSED, IncomingReason.NOT_INVITED)
    assert first_invitation_of(ani).state is InvitationState.PREPARED


def test_addresses_are_compared_ignoring_case(activity, ani, arrives):
    ani.email = "Ani@Example.com"
    db.session.commit()
    invite_and_publish(activity, ani)
    assert result(arrives(gmail(Answer(uid=activity.uid, address="ANI@example.COM")))) == (APPLIED, "")


def test_the_name_decides_between_two_people_with_one_address_and_without_a_name_neither_answers(
    activity, ani, arrives
):
    siti = a_person("Siti Rahmawati", title_before="Hj.", email="ani@example.com")
    invite_and_publish(activity, ani, siti)
    unclear = arrives(gmail(Answer(uid=activity.uid, name="keluarga")))
    assert result(unclear) == (TO_READ, IncomingReason.AMBIGUOUS)
    arrives(gmail(Answer(uid=activity.uid, name="Hj. Siti Rahmawati", stamp="20270105T011000Z")))
    assert (first_invitation_of(siti).state, first_invitation_of(ani).state) == (
        InvitationState.COMING,
        InvitationState.INVITED,
    )


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (Answer("TENTATIVE"), IncomingReason.TENTATIVE),
        (Answer("DELEGATED"), IncomingReason.DELEGATED),
        (Answer("NEEDS-ACTION"), IncomingReason.UNCLEAR),
        (Answer("TENTATIVE", method="COUNTER"), IncomingReason.ANOTHER_TIME),
    ],
)
def test_a_tentative_reply_waits_for_a_coordinator(activity, ani, arrives, answer, reason):
    invite_and_publish(activity, ani)
    mail = arrives(outlook(replace(answer, uid=activity.uid)))
    assert result(mail) == (TO_READ, reason)
    assert (first_invitation_of(ani).state, mail.invitation_id) == (
        InvitationState.INVITED,
        first_invitation_of(ani).id,
    )
    if reason is IncomingReason.ANOTHER_TIME:
        assert mail.text.startswith("→ 2027-01-18 08:00 +07 – 2027-01-18 12:00 +07")
    assert "Baik, terima kasih." in mail.text


def test_in_a_full_activity_they_wait_and_a_free_seat_is_offered(programme, hall, ani, budi, arrives):
    activity = invite_and_publish(draft_activity(programme, hall, capacity=1), ani, budi)
    arrives(gmail(Answer(uid=activity.uid)))
    arrives(gmail(Answer(uid=activity.uid, address="budi@example.com", name="Budi Santoso")))
    assert first_invitation_of(budi).state is InvitationState.WAITLISTED
    arrives(gmail(Answer("DECLINED", uid=activity.uid, stamp="20270105T012000Z")))
    assert first_invitation_of(budi).state is InvitationState.COMING


def test_an_organisation_declines_by_calendar_but_must_name_people_to_accept(activity, police, arrives):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    yes = arrives(outlook(Answer(uid=activity.uid, address="polres@example.com", name="Polres")))
    assert (result(yes), yes.organisation_id) == ((TO_READ, IncomingReason.NAMES_NEEDED), police.id)
    no = Answer("DECLINED", uid=activity.uid, address="polres@example.com", stamp="20270105T011000Z")
    assert result(arrives(outlook(no))) == (APPLIED, "")
    assert first_invitation_of(police).state is InvitationState.NOT_COMING


def test_a_represented_invitee_who_declines_by_calendar_keeps_the_representative(activity, chief, arrives):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    token = tokens.token(links.link_for(db.session, chief))
    answering.answer(token, activity.id, Choice.REPRESENTED, Representative("Rina"), now=at(5, 7))
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid, address="kapolres@example.com")))
    assert result(mail) == (TO_READ, IncomingReason.DELEGATED)
    assert (first_invitation_of(chief).state, first_invitation_of(chief).representative_name) == (
        InvitationState.REPRESENTED,
        "Rina",
    )


@copied
def invited_police(activity, police, arrives):
    inviting.invite_organisations([activity.id], {police.id: 2}, by=None, now=NOW)
    publishing.publish([activity.id], by=None, now=NOW)
    reminding.tick(NOW)
    return police


def names(organisation, *people):
    token = tokens.token(links.link_for(db.session, organisation))
    answering.nominate(token, first_invitation_of(organisation).id, people, now=at(5, 7))


def states():
    db.session.expire_all()
    return [invitation.state for invitation in db.session.scalars(sa.select(Invitation).order_by(Invitation.id))]


def test_a_decline_from_an_offices_calendar_withdraws_none_of_its_nominees(activity, invited_police, arrives):
    names(invited_police, Nominee("Rina Sari", email="rina@example.com"), Nominee("Doni Putra"))
    no = Answer("DECLINED", uid=activity.uid, address="polres@example.com", stamp="20270105T011000Z")
    mail = arrives(outlook(no))
    assert result(mail) == (TO_READ, IncomingReason.PEOPLE_NAMED)
    assert (mail.organisation_id, mail.invitation_id) == (invited_police.id, first_invitation_of(invited_police).id)
    assert states() == [InvitationState.COMING] * 3


def test_an_office_that_has_named_people_need_not_accept_again(activity, invited_police, arrives):
    names(invited_police, Nominee("Rina Sari"))
    for stamp in ("20270104T230000Z", "20270105T011000Z"):  # before they were named, and after
        yes = Answer(uid=activity.uid, address="polres@example.com", stamp=stamp)
        assert result(arrives(gmail(yes))) == (IGNORED, IncomingReason.KNOWN)
    with_words = arrives(outlook(yes))
    assert (result(with_words), with_words.text) == ((TO_READ, IncomingReason.KNOWN), "Baik, terima kasih.")
    names(invited_police)
    yes = Answer(uid=activity.uid, address="polres@example.com", stamp="20270105T012000Z")
    assert result(arrives(outlook(yes))) == (TO_READ, IncomingReason.NAMES_NEEDED)


def test_a_nominee_answers_only_for_themselves(activity, invited_police, arrives):
    names(invited_police, Nominee("Rina Sari", email="rina@example.com"), Nominee("Doni Putra"))
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid, address="rina@example.com", name="Rina Sari")))
    assert result(mail) == (APPLIED, "")
    assert states() == [InvitationState.COMING, InvitationState.NOT_COMING, InvitationState.COMING]


def test_a_representative_who_declines_by_calendar_opens_the_invitation_again(activity, chief, arrives):
    invite_and_publish(activity, chief, role=Role.SPEAKER)
    token = tokens.token(links.link_for(db.session, chief))
    rina = Representative("Rina", email="Rina@example.com")
    answering.answer(token, activity.id, Choice.REPRESENTED, rina, now=at(5, 7))
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid, address="rina@example.com", name="Rina")))
    assert result(mail) == (APPLIED, "")
    assert (mail.invitation_id, mail.person_id) == (first_invitation_of(chief).id, chief.id)
    assert first_invitation_of(chief).state is InvitationState.INVITED


def test_the_one_still_invited_answers_where_two_share_an_address(activity, ani, arrives):
    siti = a_person("Siti Rahmawati", email="ani@example.com")
    invite_and_publish(activity, ani, siti)
    withdrawing.withdraw(first_invitation_of(siti).id, by=None, now=at(5, 8))
    named = arrives(gmail(Answer("DECLINED", uid=activity.uid, name="Siti Rahmawati", stamp="20270105T012000Z")))
    assert (result(named), named.person_id) == ((TO_READ, IncomingReason.WITHDRAWN), siti.id)
    mail = arrives(gmail(Answer("DECLINED", uid=activity.uid, name="keluarga", stamp="20270105T013000Z")))
    assert (result(mail), mail.person_id) == ((APPLIED, ""), ani.id)
    assert first_invitation_of(ani).state is InvitationState.NOT_COMING


def test_an_answer_from_an_address_corrected_since_is_shown_beside_the_invitation(activity, ani, arrives):
    invite_and_publish(activity, ani)
    sent_to(ani)
    ani.email = "ani.baru@example.com"
    db.session.commit()
    mail = arrives(gmail(Answer(uid=activity.uid)))
    assert result(mail) == (TO_READ, IncomingReason.ADDRESS_CHANGED)
    assert (mail.invitation_id, mail.person_id, first_invitation_of(ani).state) == (
        first_invitation_of(ani).id,
        ani.id,
        InvitationState.INVITED,
    )
    stranger = arrives(gmail(Answer(uid=activity.uid, address="x@example.net")))
    assert result(stranger) == (REFUSED, IncomingReason.NOT_INVITED)
