"""The posts that a person holds or held, and invitations that went to them for a post: exported, and erased."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from outreach.models import Activity, FormerHolder, Invitation, PostHolder


def held(session: Session, person_id: int) -> dict[str, Any]:
    """Return the posts of a person, and the invitations that went to them until the post had another holder."""
    terms = session.scalars(
        sa.select(PostHolder)
        .where(PostHolder.person_id == person_id)
        .options(joinedload(PostHolder.post))
        .order_by(PostHolder.from_on, PostHolder.id)
    )
    former = session.execute(
        sa.select(FormerHolder, Activity.title)
        .join(Invitation, Invitation.id == FormerHolder.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(FormerHolder.person_id == person_id)
        .order_by(FormerHolder.id)
    )
    return {
        "posts": [
            {
                "post": term.post.name,
                "kind": term.kind.value,
                "from": term.from_on.isoformat(),
                "until": term.until_on.isoformat() if term.until_on else None,
            }
            for term in terms
        ],
        "invited_before_for_a_post": [
            {
                "activity": title,
                "answer": row.state.value,
                "answered_at": row.answered_at.isoformat() if row.answered_at else None,
                "until": row.left_at.isoformat(),
            }
            for row, title in former
        ],
    }


def invited_before(person_id: int) -> sa.Select[int]:
    """Select the invitations that went to this person until the post had another holder."""
    return sa.select(FormerHolder.invitation_id).where(FormerHolder.person_id == person_id)


def forget(session: Session, person_id: int) -> None:
    """Forget which posts the person held. What went to them for a post is gone from the record."""
    session.execute(sa.delete(PostHolder).where(PostHolder.person_id == person_id))
    session.execute(sa.delete(FormerHolder).where(FormerHolder.person_id == person_id))
