"""The signed letters of invitations, as rows for composing mails."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from typing import NamedTuple

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from outreach.domain.kinds import LetterKind
from outreach.domain.letters.values import WENT_OUT_SIGNED
from outreach.domain.states import LetterState
from outreach.models import Letter, StoredFile, letter_invitation


class AttachedLetter(NamedTuple):
    """A signed letter that a mail may carry. sha256: of its file."""

    kind: LetterKind
    number: str
    dated_on: date | None
    sha256: str
    name: str = ""  # in the mail; "" for one made from the number


def signed_letters(session: Session, invitation_ids: Collection[int]) -> dict[int, tuple[AttachedLetter, ...]]:
    """Return the signed letters of these invitations, oldest first, by invitation.

    A correction counts only until another letter follows it, also one that is not signed yet: it says an outdated day.
    """
    if not invitation_ids:
        return {}
    later = aliased(Letter)
    followed = sa.exists().where(later.corrects_id == Letter.id, later.state != LetterState.CANCELLED)
    rows = session.execute(
        sa.select(
            letter_invitation.c.invitation_id, Letter.kind, Letter.number, Letter.dated_on, StoredFile.sha256,
        )
        .join(Letter, Letter.id == letter_invitation.c.letter_id)
        .join(StoredFile, StoredFile.id == Letter.signed_file_id)
        .where(
            letter_invitation.c.invitation_id.in_(invitation_ids),
            Letter.state.in_(sorted(WENT_OUT_SIGNED)),
            sa.or_(Letter.kind != LetterKind.CORRECTION, ~followed),
        )
        .order_by(Letter.id)
    )  # fmt: skip
    found: dict[int, list[AttachedLetter]] = defaultdict(list)
    for invitation_id, *letter in rows:
        found[invitation_id].append(AttachedLetter(*letter))
    return {invitation_id: tuple(letters) for invitation_id, letters in found.items()}
