"""Clashes that an invitee sees: an accepted activity during an absence of theirs, or at the time of another accepted
one.

Answer pages and the page for absences show them. The clashes of the office's plan are in domain/clashes.
"""

from collections.abc import Collection, Sequence
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


class OwnClash(NamedTuple):
    """An accepted activity and what clashes with it. other: another accepted activity; None for an absence."""

    accepted: ShownInvitation
    other: ShownInvitation | None = None


def accepted(found: Sequence[ShownInvitation], now: datetime) -> list[ShownInvitation]:
    """Return the activities ahead at which the invitee said they come themselves. A representative may come anyway."""
    return [
        one
        for one in found
        if one.state is InvitationState.COMING
        and one.activity.state is ActivityState.PUBLISHED
        and one.activity.ends_at > now
    ]


def with_absences(invitee: LinkInvitee, coming: Sequence[ShownInvitation]) -> list[OwnClash]:
    """Return the accepted activities during which the invitee is away by a time or calendar they entered. One query."""
    if not coming:
        return []
    first = min(one.activity.starts_at for one in coming)
    last = max(one.activity.ends_at for one in coming)
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
        OwnClash(one)
        for one in coming
        if any(any(rules.occurrences(each, one.activity.starts_at, one.activity.ends_at)) for each in away)
    ]


def with_each_other(coming: Sequence[ShownInvitation], about: Collection[int]) -> list[OwnClash]:
    """Return the accepted activities among `about` (ids) that overlap another accepted one, each pair once."""
    found = []
    for at, one in enumerate(coming):
        for other in coming[at + 1 :]:
            together = (
                one.activity.starts_at < other.activity.ends_at and other.activity.starts_at < one.activity.ends_at
            )
            if together and {one.activity.id, other.activity.id} & set(about):
                found.append(OwnClash(one, other))
    return found
