"""The answers that a person gave, as they are kept: exported, and erased."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from outreach.models import Activity, GivenAnswer, Invitation, Person


def held(session: Session, person: Person) -> dict[str, Any]:
    """Return each answer of a person as JSON values, also of invitations that went on to another holder of their post."""
    rows = session.execute(
        sa.select(GivenAnswer, Activity.title)
        .join(Invitation, Invitation.id == GivenAnswer.invitation_id)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(GivenAnswer.person_id == person.id)
        .order_by(GivenAnswer.id)
    )
    return {
        "answers": [
            {
                "activity": title,
                "at": row.given_at.isoformat(),
                "answer": row.state.value,
                "why": row.kind.value,
                "by_way_of": row.source.value if row.source else None,
                "note": row.note,
                "reason": row.reason,
                "wished_on": row.wished_on.isoformat() if row.wished_on else None,
            }
            for row, title in rows
        ]
    }


def forget(session: Session, person_id: int) -> None:
    """Erase what the person wrote, and from which device. That somebody answered, and when, stays for the counts."""
    words = {"note": "", "reason": "", "wished_on": None, "reason_at": None, "device": "", "incoming_mail_id": None}
    session.execute(sa.update(GivenAnswer).where(GivenAnswer.person_id == person_id).values(words))
