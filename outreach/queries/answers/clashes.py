"""Clashes that an invitee sees: an accepted activity during an absence of theirs, or two at one time for the same person.

Answer pages and the page for absences show them. The clashes of the office's plan are in domain/clashes.
"""

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

import sqlalchemy as sa

from outreach.domain.kinds import Repeat
from outreach.domain.planning import absences as rules
from outreach.domain.states import ActivityState, InvitationState
from outreach.extensions import db
from outreach.models import Absence
from outreach.queries.answers.page import LinkInvitee, ShownInvitation
from outreach.services.absences.edit import absent
from outreach.services.answers.nominee_matching import key


class OwnClash(NamedTuple):
    """An accepted activity and what clashes with it.

    other: another accepted activity; None for an absence. name: who is sent to both; "" for the invitee themselves.
    """

    accepted: ShownInvitation
    other: ShownInvitation | None = None
    name: str = ""


def accepted(found: Sequence[ShownInvitation], now: datetime) -> list[ShownInvitation]:
    """Return the activities ahead at which the invitee said they come themselves. A representative may come anyway."""
    return [
        shown
        for shown in found
        if shown.state is InvitationState.COMING
        and shown.activity.state is ActivityState.PUBLISHED
        and shown.activity.ends_at > now
    ]


def with_absences(invitee: LinkInvitee, coming: Sequence[ShownInvitation]) -> list[OwnClash]:
    """Return the accepted activities during which the invitee is away by a time or calendar they entered. One query."""
    if not coming:
        return []
    first = min(shown.activity.starts_at for shown in coming)
    last = max(shown.activity.ends_at for shown in coming)
    whose = Absence.organisation_id if invitee.organisation else Absence.person_id
    rows = db.session.scalars(
        sa.select(Absence).where(
            whose == invitee.id,
            Absence.starts_at < last,
            sa.or_(Absence.ends_at > first, Absence.repeats == Repeat.WEEKLY),
        )
    ).all()
    away = [absent(row) for row in rows]
    return [
        OwnClash(shown)
        for shown in coming
        if any(any(rules.occurrences(each, shown.activity.starts_at, shown.activity.ends_at)) for each in away)
    ]


def with_each_other(found: Sequence[ShownInvitation], now: datetime) -> list[OwnClash]:
    """Return the pairs of activities ahead at which the same person is expected at the same time."""
    ahead = [
        shown for shown in found if shown.activity.state is ActivityState.PUBLISHED and shown.activity.ends_at > now
    ]
    clashes = []
    for at, one in enumerate(ahead):
        for other in ahead[at + 1 :]:
            together = (
                one.activity.starts_at < other.activity.ends_at and other.activity.starts_at < one.activity.ends_at
            )
            names = _who_comes(one) if together else {}
            both = [name for key, name in names.items() if key in _who_comes(other)]
            if both:
                clashes.append(OwnClash(one, other, "; ".join(both)))
    return clashes


def _who_comes(one: ShownInvitation) -> dict[str, str]:
    """Return the names of those who come, by what all spellings of a name have in common; "" for the invitee themselves."""
    if one.quota:
        return {key(named.name): named.name for named in one.nominees if named.state is InvitationState.COMING}
    if one.state is InvitationState.REPRESENTED:
        return {key(one.representative.name): one.representative.name}
    return {"": ""} if one.state is InvitationState.COMING else {}
