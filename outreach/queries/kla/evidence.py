"""What is kept of activities as evidence, in a fixed number of statements."""

from collections import defaultdict
from collections.abc import Collection
from typing import Any

import sqlalchemy as sa

from outreach.domain.kla.evidence import EvidenceFound
from outreach.domain.letters.values import LetterState
from outreach.domain.photos import PhotoAudience
from outreach.domain.states import CertificateState
from outreach.extensions import db
from outreach.models import (
    ActivityPhoto,
    Attendance,
    Certificate,
    Documentation,
    Invitation,
    Letter,
    Material,
    Minutes,
    SignedList,
)
from outreach.models.letters import letter_invitation

GIVEN_UP = (LetterState.CANCELLED, LetterState.DRAFT)  # a draft was read by nobody yet


def of_activities(ids: Collection[int]) -> dict[int, EvidenceFound]:
    """Return what there is of each of these activities."""
    found: dict[int, dict[str, Any]] = defaultdict(dict)

    def take(statement: Any, *names: str) -> None:
        for activity_id, *values in db.session.execute(statement):
            found[activity_id].update(zip(names, values, strict=True))

    letters = (
        sa.select(Invitation.activity_id, Letter.id, Letter.signed_file_id.is_not(None).label("signed"))
        .join(letter_invitation, letter_invitation.c.invitation_id == Invitation.id)
        .join(Letter, Letter.id == letter_invitation.c.letter_id)
        .where(Invitation.activity_id.in_(ids), Letter.state.not_in(GIVEN_UP))
        .distinct()
        .subquery()
    )
    signed = sa.func.count().filter(letters.c.signed)
    take(
        sa.select(letters.c.activity_id, sa.func.count(), signed).group_by(letters.c.activity_id),
        "letters", "signed_letters",
    )  # fmt: skip
    take(
        sa.select(Invitation.activity_id, sa.func.count())
        .join(Attendance, Attendance.invitation_id == Invitation.id)
        .where(Invitation.activity_id.in_(ids), Attendance.present)
        .group_by(Invitation.activity_id),
        "present",
    )
    for name, activity_id, condition in (
        ("lists", SignedList.activity_id, sa.true()),
        ("photos", ActivityPhoto.activity_id, sa.true()),
        ("materials", Material.activity_id, sa.true()),
        ("certificates", Certificate.activity_id, Certificate.state == CertificateState.STANDS),
    ):
        counted = sa.select(activity_id, sa.func.count()).where(activity_id.in_(ids), condition).group_by(activity_id)
        take(counted, name)
    take(
        sa.select(
            Documentation.activity_id,
            Documentation.audience == PhotoAudience.STAFF,
            sa.and_(Documentation.press_title != "", Documentation.press_text != ""),
        ).where(Documentation.activity_id.in_(ids)),
        "photos_for_staff", "press",
    )  # fmt: skip
    take(sa.select(Minutes.activity_id, Minutes.state).where(Minutes.activity_id.in_(ids)), "minutes")
    return {id_: EvidenceFound(**found[id_]) for id_ in ids}
