"""Evidence of answers that staff recorded: what is kept with an invitation, and one file of it."""

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.orm import aliased, joinedload, undefer

from outreach.domain.problems import Problem
from outreach.extensions import db
from outreach.models import AnswerEvidence, FormerHolder, Invitation, Person, StoredFile, User


class EvidenceMissing(Problem):
    message = "This file is not here any more."


def of(invitation: Invitation) -> Sequence[AnswerEvidence]:
    """Return it, the newest first, also that of the invitee's other roles: one answer is for all of them."""
    found = sa.select(AnswerEvidence).where(AnswerEvidence.invitation_id.in_(same_invitee(invitation.id)))
    return db.session.scalars(
        found.order_by(AnswerEvidence.id.desc()).options(
            joinedload(AnswerEvidence.file).joinedload(StoredFile.uploaded_by).lazyload(User.roles)
        )
    ).all()


def former_holder(one: AnswerEvidence, former: Sequence[FormerHolder]) -> Person | None:
    """Return whose answer it shows if they left the invited post since. former: the first who left first."""
    left_since = (
        holder.person for holder in former
        if holder.invitation_id == one.invitation_id and holder.left_at >= one.answered_at
    )  # fmt: skip
    return next(left_since, None)


def file(invitation_id: int, evidence_id: int) -> StoredFile:
    """Return a file with its data. Raise EvidenceMissing."""
    wanted = sa.select(AnswerEvidence.file_id).where(
        AnswerEvidence.id == evidence_id, AnswerEvidence.invitation_id.in_(same_invitee(invitation_id))
    )
    found = db.session.scalar(sa.select(StoredFile).where(StoredFile.id.in_(wanted)).options(undefer(StoredFile.data)))
    if found is None:
        raise EvidenceMissing
    return found


def same_invitee(invitation_id: int) -> sa.Select[int]:
    """Select the invitation, and the same person's other ones to the activity."""
    other = aliased(Invitation)
    same = sa.and_(other.activity_id == Invitation.activity_id, other.person_id == Invitation.person_id)
    return (
        sa.select(other.id)
        .select_from(Invitation)
        .join(other, sa.or_(other.id == Invitation.id, same))
        .where(Invitation.id == invitation_id)
    )
