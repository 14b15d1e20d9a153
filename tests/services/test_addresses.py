"""People that mail does not reach are listed with their phone number until a coordinator allows the address again."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from outreach.domain.answers import Choice, Representative
from outreach.domain.kinds import AnswerSource
from outreach.domain.mail.address_faults import AddressFault
from outreach.domain.needs import NeedKind
from outreach.extensions import db
from outreach.models import AddressFailure, AuditEntry, Invitation
from outreach.queries.calls import lists as calls
from outreach.queries.calls.lists import CallScope
from outreach.queries.directory import unreachable
from outreach.queries.invitations import lists as invitees
from outreach.queries.invitations.select import InviteeFilters
from outreach.queries.overview import page as overview
from outreach.services import addresses
from outreach.services.activities import publish as publishing
from outreach.services.answers import record as recording
from tests.support.copied import copied
from tests.world import NOW, a_person, at, invite, invite_organisation, mark_as_invited, publish
from tests.world.incoming import blocked

pytestmark = pytest.mark.usefixtures("any_app")


@copied
def all_invited(activity, ani, budi, police, coordinator):
    """Ani, Budi and the police have received their invitations."""
    invite(activity, ani, budi, by=coordinator)
    invite_organisation(activity, police, by=coordinator)
    publish(activity, by=coordinator, tick=False)
    mark_as_invited()
    return activity


def of(person) -> int:
    return db.session.scalars(sa.select(Invitation.id).where(Invitation.person_id == person.id)).one()


def listed(now=NOW) -> list[tuple[str, str, str, str]]:
    return [(entry.kind, entry.name, entry.address, entry.call.number) for entry in unreachable.listed(now=now)]


def needs() -> dict[NeedKind, int]:
    return {need.kind: need.count for need in overview.overview(now=NOW).needs}


def test_people_and_organisations_are_listed_with_their_number(ani, police):
    assert listed() == []
    ani.phone = "+6281234567890"
    ani.email = "Ani@Example.com"
    blocked("ani@example.com")
    blocked(police.email)
    blocked("nobody-has-this@example.com")
    assert listed() == [
        ("person", "Ani Wijaya", "ani@example.com", "0812-3456-7890"),
        ("organisation", "Polres Metro", police.email, ""),
    ]
    assert unreachable.count(now=NOW) == 2


def test_the_list_shows_the_reason_and_the_affected_activities(all_invited, ani, police, coordinator):
    blocked(ani.email, fault=AddressFault.CLOSED)
    blocked(police.email)

    def missed(now):
        return [
            (entry.name, entry.fault, [activity.id for activity in entry.activities])
            for entry in unreachable.listed(now=now)
        ]

    assert missed(NOW) == [
        ("Ani Wijaya", AddressFault.CLOSED, [all_invited.id]), ("Polres Metro", None, [all_invited.id]),
    ]  # fmt: skip
    recording.record_answer(of(ani), Choice.NOT_COMING, AnswerSource.PHONE, by=None, now=NOW)
    assert missed(NOW)[0] == ("Ani Wijaya", AddressFault.CLOSED, [])
    assert missed(at(18, 23))[1] == ("Polres Metro", None, [])


def test_a_delay_blocks_nothing(ani):
    db.session.add(AddressFailure(address=ani.email, delays=3, last_at=NOW))
    db.session.commit()
    assert (listed(), addresses.failure_of(ani.email)) == ([], None)


def test_a_corrected_address_is_not_blocked(ani):
    blocked(ani.email)
    assert addresses.failure_of(ani.email.upper()) is not None
    ani.email = "ani.wijaya@example.com"
    db.session.commit()
    assert (listed(), addresses.failure_of(ani.email)) == ([], None)


def test_a_representative_is_listed_until_the_activity_is_over(all_invited, ani):
    recording.record_answer(
        of(ani), Choice.REPRESENTED, AnswerSource.PHONE,
        Representative("Dewi Sartika", phone="+6281300000001", email="dewi@example.com"), by=None, now=NOW,
    )  # fmt: skip
    blocked("dewi@example.com")
    dewi = ("representative", "Dewi Sartika", "dewi@example.com", "0813-0000-0001")
    assert listed() == [dewi]
    assert listed(now=at(18, 23)) == []
    publishing.postpone(all_invited.id, "Banjir", by=None, now=NOW)
    assert listed(now=at(18, 23)) == [dewi]  # it is still to come


def test_allowing_an_address_again_is_logged(ani, coordinator):
    blocked(ani.email)
    addresses.allow_again(ani.email.upper(), by=coordinator, now=NOW)
    assert listed() == []
    entry = db.session.scalars(sa.select(AuditEntry).order_by(AuditEntry.id.desc())).first()
    assert (entry.action, entry.subject_id, entry.user_id) == ("person.address_allowed", ani.id, coordinator.id)
    addresses.allow_again(ani.email, by=coordinator, now=NOW)
    assert db.session.scalar(sa.select(sa.func.count()).select_from(AuditEntry)) == entry.id


def test_the_list_of_people_to_call_includes_them(all_invited, ani, budi):
    def to_call():
        return list(calls.everyone(CallScope(all_invited.id), InviteeFilters(no_address=True), now=NOW))

    assert to_call() == []
    blocked(ani.email)
    (listed_person,) = to_call()
    assert (listed_person.invitee.id, listed_person.failure.reply) == (ani.id, "550 5.1.1 no such user")
    filtered = invitees.listed(all_invited.id, replace(InviteeFilters(), no_address=True), now=NOW)
    assert [(row.invitation.person_id, row.failure is None) for row in filtered.rows] == [(ani.id, False)]
    assert invitees.without_address(all_invited.id, now=NOW) == 1


def test_the_start_page_asks_to_call_people_that_mail_does_not_reach(all_invited, ani, budi, police):
    assert NeedKind.BOUNCED not in needs()
    a_person("Tidak diundang", email="lain@example.com")
    for address in (ani.email, police.email, "lain@example.com"):
        blocked(address)
    assert (needs()[NeedKind.BOUNCED], needs()[NeedKind.CALL]) == (2, 2)
    recording.record_answer(of(ani), Choice.COMING, AnswerSource.PHONE, by=None, now=NOW)
    assert (needs()[NeedKind.BOUNCED], needs()[NeedKind.CALL]) == (2, 1)
    recording.record_answer(of(ani), Choice.NOT_COMING, AnswerSource.PHONE, by=None, now=NOW)
    assert needs()[NeedKind.BOUNCED] == 1


def test_the_list_takes_as_many_queries_for_40_people_as_for_3(queries, office):
    def look():
        return queries(lambda: unreachable.listed(now=NOW).items)

    for number in range(3):
        blocked(a_person(f"Warga{number}").email)
    few = look()
    for number in range(3, 40):
        blocked(a_person(f"Warga{number}").email)
    assert look() == few
