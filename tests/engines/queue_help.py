"""Shared by tests of engines: mails that are due, and their states."""

from collections import Counter
from datetime import timedelta

import sqlalchemy as sa

from outreach import clock
from outreach.domain.kinds import Role
from outreach.extensions import db
from outreach.models import Message
from outreach.services.activities import publish as publishing
from outreach.services.invitations import invite as inviting
from outreach.services.reminders import rules
from tests.world import a_person, draft_activity, invite_and_publish


def people_invited(count: int, *, ticked: bool = True) -> list[str]:
    """Invite people to an activity next month; return their addresses. Their mails are due after the next tick."""
    rules.install_defaults(now=clock.now())
    starts_at = clock.now().replace(microsecond=0) + timedelta(days=30)
    activity = draft_activity(
        None, None, starts_at=starts_at, ends_at=starts_at + timedelta(hours=2),
        registration_at=None, respond_by_at=starts_at - timedelta(days=2),
    )  # fmt: skip
    people = [a_person(f"Warga{number}") for number in range(count)]
    addresses = sorted(person.email for person in people)
    if ticked:
        invite_and_publish(activity, *people, now=clock.now())
    else:
        inviting.invite_people([activity.id], [p.id for p in people], Role.CADRE, by=None, now=clock.now())
        publishing.publish([activity.id], by=None, now=clock.now())
    db.session.remove()
    return addresses


def states() -> dict[str, int]:
    db.session.rollback()
    found = dict(Counter(state.value for state in db.session.scalars(sa.select(Message.state))))
    db.session.rollback()
    return found
