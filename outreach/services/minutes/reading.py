"""What minutes say without anybody writing it: who was there, day, hours, agenda, and the tasks that were agreed."""

from collections.abc import Iterable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased, joinedload, scoped_session

from outreach.delivery.mail.values import place
from outreach.domain.documents import day_of, days_of, hours_of
from outreach.domain.kinds import ON_STAGE, Role
from outreach.domain.minutes.content import (
    AgreedTask,
    MinutesItem,
    MinutesText,
    MinutesValues,
    Participant,
    Participants,
)
from outreach.domain.states import FollowUpState, InvitationState
from outreach.models import Activity, Attendance, FollowUp, Invitation, Organisation, Person, User

Reads = Session | scoped_session[Any]
CHAIR_FIRST = (Role.MODERATOR, Role.SPEAKER)


def values(session: Reads, activity: Activity, text: MinutesText, follow_ups: Iterable[FollowUp]) -> MinutesValues:
    """Return all that minutes with this text say now."""
    zone = activity.zone
    first, last = (moment.astimezone(zone).date() for moment in (activity.starts_at, activity.ends_at))
    return MinutesValues(
        text,
        days_of(first, last),
        hours_of(activity.starts_at, activity.ends_at, zone, tells_end=True),
        participants(session, activity.id, with_reasons=text.shows_reasons),
        tuple(task(one) for one in follow_ups if one.state is not FollowUpState.DROPPED),
    )


def task(follow_up: FollowUp) -> AgreedTask:
    owner = follow_up.owner.display_name
    office = follow_up.person.organisation if follow_up.person else None
    named = f"{owner} ({office.short_name or office.name})" if office else owner
    return AgreedTask(follow_up.what, named, day_of(follow_up.due_on, weekday=False))


def prefilled(session: Reads, activity: Activity, taker: User | None) -> MinutesText:
    """Return the text of minutes that nobody has written yet: the activity as it was planned."""
    chair = next(iter(chairs(session, activity.id)), None)
    return MinutesText(
        title=activity.title,
        place=place(activity.venue),
        chair=chair.full_name if chair else "",
        chair_post=chair.post if chair and chair.name else "",
        taker=taker.name if taker else "",
        items=tuple(_items(activity, activity.zone)),
    )


def _items(activity: Activity, zone: ZoneInfo) -> Iterable[MinutesItem]:
    for item in activity.agenda:
        begins, ends = (f"{moment.astimezone(zone):%H.%M}" for moment in (item.starts_at, item.ends_at))
        yield MinutesItem(item.topic, f"{begins} – {ends}", ", ".join(one.full_name for one in item.speakers))


def chairs(session: Reads, activity_id: int) -> list[Person]:
    """Return who moderated or spoke, moderators first: one of them usually leads the meeting."""
    found = session.scalars(
        sa.select(Invitation)
        .where(
            Invitation.activity_id == activity_id,
            Invitation.role.in_(sorted(ON_STAGE)),
            Invitation.person_id.is_not(None),
            Invitation.state.not_in((InvitationState.WITHDRAWN, InvitationState.NOT_COMING)),
        )
        .options(joinedload(Invitation.person).joinedload(Person.organisation))
        .order_by(Invitation.id)
    ).all()
    ranked = sorted(found, key=lambda one: CHAIR_FIRST.index(one.role))
    return list({one.person_id: one.person for one in ranked if one.person}.values())


def participants(session: Reads, activity_id: int, *, with_reasons: bool) -> Participants:
    """Return who was present, represented, excused and absent, each once and by name. Runs a few statements."""
    found = _invitations(session, activity_id)
    groups: dict[str, dict[tuple[str, int], Participant]] = {
        "present": {}, "represented": {}, "excused": {}, "absent": {}
    }  # fmt: skip
    came: set[tuple[str, int]] = set()
    for group, one in _grouped(found):
        key = ("person", one.person_id) if one.person_id is not None else ("organisation", one.organisation_id or 0)
        if group in ("present", "represented"):
            came.add(key)
        groups[group].setdefault(key, _participant(one, represented=group == "represented", with_reasons=with_reasons))
    for group in ("excused", "absent"):
        groups[group] = {key: one for key, one in groups[group].items() if key not in came}
    groups["absent"] = {key: one for key, one in groups["absent"].items() if key not in groups["excused"]}
    return Participants(**{name: tuple(_sorted(rows.values())) for name, rows in groups.items()})


def readers(session: Reads, activity_id: int) -> list[Invitation]:
    """Return the invitations of all who were present or represented."""
    return [one for group, one in _grouped(_invitations(session, activity_id)) if group in ("present", "represented")]


def _invitations(session: Reads, activity_id: int) -> Sequence[Invitation]:
    nominee = aliased(Invitation)
    named = sa.exists().where(nominee.nominated_under_id == Invitation.id, nominee.state != InvitationState.WITHDRAWN)
    return (
        session.scalars(
            sa.select(Invitation)
            .outerjoin(Attendance, Attendance.invitation_id == Invitation.id)
            .where(
                Invitation.activity_id == activity_id,
                sa.or_(
                    Attendance.present,
                    Invitation.state.not_in(
                        (InvitationState.WITHDRAWN, InvitationState.PREPARED, InvitationState.WAITLISTED)
                    ),
                ),
                # An organisation that named people is there through them.
                sa.or_(Invitation.organisation_id.is_(None), ~named, Attendance.present),
            )
            .options(
                joinedload(Invitation.person).joinedload(Person.organisation),
                joinedload(Invitation.organisation),
                joinedload(Invitation.nominated_under).joinedload(Invitation.organisation),
                joinedload(Invitation.attendance),
                joinedload(Invitation.declined),
            )
            .order_by(Invitation.id)
        )
        .unique()
        .all()
    )


def _grouped(found: Iterable[Invitation]) -> Iterable[tuple[str, Invitation]]:
    for one in found:
        present = one.attendance is not None and one.attendance.present
        if present:
            yield "represented" if one.state is InvitationState.REPRESENTED else "present", one
        else:
            yield "excused" if one.state is InvitationState.NOT_COMING else "absent", one


def _participant(one: Invitation, *, represented: bool, with_reasons: bool) -> Participant:
    office: Organisation | None = one.organisation
    name, post = one.invitee.display_name, ""
    if one.person is not None:
        post = one.post_title or (one.person.post if one.person.name else "")
        office = one.person.organisation or (one.nominated_under.organisation if one.nominated_under else None)
    acting = ", ".join(part for part in (one.representative_name, one.representative_post) if part)
    return Participant(
        name,
        post,
        office.name if office and one.person is not None else "",
        acting if represented else "",
        one.declined.reason if with_reasons and one.declined else "",
    )


def _sorted(rows: Iterable[Participant]) -> list[Participant]:
    return sorted(rows, key=lambda one: (one.name.casefold(), one.organisation))
