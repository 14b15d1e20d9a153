"""What a letter says of its invitations: the activities with their agenda, and the addressees."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload, scoped_session, selectinload

from outreach.delivery.mail.values import place
from outreach.delivery.words import salutations
from outreach.domain.documents import day_of
from outreach.domain.letters.values import ActivityOnLetter, Addressee, AgendaLine
from outreach.domain.problems import Problem
from outreach.domain.states import InvitationState
from outreach.models import Activity, AgendaItem, Invitation, InvitedPost, Person, Post


class NobodyOnTheLetter(Problem):
    message = "Please choose who the letter is for."
    field = "invitations"


@dataclass(frozen=True)
class LetterFacts:
    """programme: the title that all activities share, "" for none. to_children: to nobody else."""

    activities: tuple[ActivityOnLetter, ...]
    addressees: tuple[Addressee, ...]
    agenda: tuple[AgendaLine, ...]
    programme: str = ""
    to_children: bool = False


def invitations_of(
    session: Session | scoped_session, invitation_ids: Collection[int] | sa.Select[int], *, withdrawn: bool = False
) -> list[Invitation]:
    """Return these invitations with all that a letter says of them, in a letter's order. Raise NobodyOnTheLetter.

    Withdrawn ones are left out: a letter would invite again. withdrawn: only these, for the letter that tells them.
    """
    found = session.scalars(
        sa.select(Invitation)
        .where(Invitation.id.in_(invitation_ids), (Invitation.state == InvitationState.WITHDRAWN).is_(withdrawn))
        .options(
            joinedload(Invitation.person).options(joinedload(Person.organisation), selectinload(Person.cadre_roles)),
            joinedload(Invitation.organisation),
            joinedload(Invitation.as_post).joinedload(InvitedPost.post).joinedload(Post.organisation),
            joinedload(Invitation.activity).joinedload(Activity.venue),
            joinedload(Invitation.activity).joinedload(Activity.programme),
            joinedload(Invitation.activity).selectinload(Activity.agenda).selectinload(AgendaItem.speakers),
        )
        .order_by(Invitation.id)
    ).all()
    if not found:
        raise NobodyOnTheLetter
    return sorted(found, key=lambda one: (one.activity.starts_at, one.activity_id, one.id))


def facts_of(invitations: Sequence[Invitation]) -> LetterFacts:
    """Return what one letter for these invitations says. The speaker's turn stands in it if it is for one person only."""
    activities = list({one.activity_id: one.activity for one in invitations}.values())
    by_invitee = {(type(one.invitee), one.invitee.id): one for one in invitations}
    invitees = [one.invitee for one in by_invitee.values()]
    speaker = invitees[0] if len(invitees) == 1 and isinstance(invitees[0], Person) else None
    programmes = {activity.programme for activity in activities}
    programme = next(iter(programmes)) if len(programmes) == 1 else None
    return LetterFacts(
        tuple(_on_letter(activity, speaker) for activity in activities),
        tuple(_addressee(one) for one in by_invitee.values()),
        _agenda(activities),
        programme.title if programme else "",
        all(one.as_post is None and one.invitee.child for one in by_invitee.values()),
    )


def _addressee(invitation: Invitation) -> Addressee:
    """Return the addressee: a post without the name of its holder, so that the letter stays right when the post changes hands."""
    if invitation.as_post is not None:
        post = invitation.as_post.post
        return Addressee(salutations.lines_of_post(post.name, post.organisation))
    return Addressee(salutations.lines_of(invitation.invitee))


def _on_letter(activity: Activity, speaker: Person | None) -> ActivityOnLetter:
    turns = [item for item in activity.agenda if speaker and speaker.id in {one.id for one in item.speakers}]
    return ActivityOnLetter(
        activity.title,
        activity.starts_at,
        activity.ends_at,
        activity.zone,
        place(activity.venue),
        tuple(item.topic for item in turns),
        (turns[0].starts_at, turns[-1].ends_at) if turns else None,
        time_known=not activity.dateless,
    )


def _agenda(activities: Sequence[Activity]) -> tuple[AgendaLine, ...]:
    """Return the agenda of activities whose time is known. Days stand in it if there are several."""
    items = [item for activity in activities if not activity.dateless for item in activity.agenda]
    days = {item.starts_at.astimezone(item.activity.zone).date() for item in items}
    return tuple(
        AgendaLine(
            f"{item.starts_at.astimezone(item.activity.zone):%H.%M} – {item.ends_at.astimezone(item.activity.zone):%H.%M}",
            item.topic,
            ", ".join(speaker.full_name for speaker in item.speakers),
            day_of(item.starts_at.astimezone(item.activity.zone).date()) if len(days) > 1 else "",
        )
        for item in items
    )
