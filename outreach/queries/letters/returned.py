"""What came back of a letter, for its page; and what anybody may read of a letter by its code. Reads only."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from sqlalchemy.orm import joinedload

from outreach.domain.documents import days_of, read_code
from outreach.domain.kinds import LetterKind
from outreach.domain.letters.signatures import ReturnReport
from outreach.domain.letters.values import CHANGEABLE, DAY, EVENT, TIME
from outreach.domain.mail.incoming import IncomingReason
from outreach.domain.states import ActivityState, LetterState
from outreach.extensions import db
from outreach.models import (
    Activity,
    IncomingMail,
    Invitation,
    Letter,
    ReturnedFile,
    StoredFile,
    TrustedRoot,
    letter_invitation,
)
from outreach.queries.invitations.counting import AWAITS_LETTER
from outreach.services.letters import returned
from outreach.services.letters.versions import LetterMissing, last_values

MOST_NAMED = 10
# The ids of invitations that are on a letter of invitation that nobody has signed yet.
TO_BE_SIGNED = (
    sa.select(letter_invitation.c.invitation_id)
    .join(Letter, Letter.id == letter_invitation.c.letter_id)
    .where(Letter.kind.in_((LetterKind.INVITATION, LetterKind.SPEAKER_REQUEST)), Letter.state.in_(sorted(CHANGEABLE)))
)


@dataclass(frozen=True)
class ReturnedLetter:
    """rows: all files that came back, the newest first. report: of the newest. needs_a_look: somebody must say it is right.

    takes_file: another file may come back. accepted: the newest is the letter's signed file.
    """

    rows: Sequence[ReturnedFile]
    takes_file: bool
    report: ReturnReport | None = None
    needs_a_look: bool = False
    accepted: bool = False


@dataclass(frozen=True)
class LettersAwaited:
    """waiting: invitations whose mail waits for a signed letter. unlettered: those on no letter that can be signed.

    names: of the latest of these.
    """

    waiting: int
    unlettered: int
    names: Sequence[str] = ()


class LetterStanding(StrEnum):
    """What a check page says of a letter."""

    STANDS = "stands"
    MOVED = "moved"  # its activity has another time or place now, and no correction is signed yet
    CORRECTED = "corrected"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class CheckedLetter:
    """What anybody may know of a signed letter by its code. activities, days: as the letter says them.

    neutral: the activities have neutral titles in place of those on the letter.

    by_number, by_date: of the letter that corrects or cancels it.
    """

    kind: LetterKind
    number: str
    dated_on: date | None
    activities: Sequence[str]
    days: Sequence[str]
    standing: LetterStanding
    by_number: str = ""
    by_date: date | None = None
    neutral: bool = False


def came_back(letter: Letter) -> ReturnedLetter:
    """Return what came back of a letter. Two queries; the files' data is not loaded."""
    rows = db.session.scalars(
        sa.select(ReturnedFile)
        .where(ReturnedFile.letter_id == letter.id)
        .options(joinedload(ReturnedFile.file).joinedload(StoredFile.uploaded_by))
        .order_by(ReturnedFile.returned_at.desc(), ReturnedFile.id.desc())
    ).unique().all()  # fmt: skip
    takes_file = letter.state in returned.TAKES_A_FILE
    if not rows:
        return ReturnedLetter((), takes_file)
    report = returned.report_of(rows[0])
    accepted = letter.signed_file_id == rows[0].file_id
    return ReturnedLetter(rows, takes_file, report, returned.needs_a_look(report), accepted)


def letter_in(mail: IncomingMail) -> Letter | None:
    """Return the letter whose signed file this mail brought: its code stands in the line that was written on it then."""
    if mail.reason != IncomingReason.LETTER_RETURNED:
        return None
    first_line = mail.text.partition("\n")[0]
    code = read_code(first_line.rpartition("(")[2].removesuffix(")"))
    return db.session.scalar(sa.select(Letter).where(Letter.code == code)) if code else None


def mail_of(row: ReturnedFile) -> int | None:
    """Return the id of the mail with which a file came last; None if staff uploaded it."""
    if not row.sender:
        return None
    brought = (IncomingMail.reason == IncomingReason.LETTER_RETURNED, IncomingMail.sender == row.sender)
    found = sa.select(IncomingMail.id).where(*brought, IncomingMail.created_at == row.returned_at)
    return db.session.scalar(found.order_by(IncomingMail.id.desc()).limit(1))


def changes_to_sign(activity_ids: Collection[int]) -> Mapping[int, Sequence[Letter]]:
    """Return the drafts that correct or cancel a signed letter, with that letter, by activity."""
    pairs = db.session.execute(
        sa.select(Invitation.activity_id, Letter)
        .join(letter_invitation, letter_invitation.c.letter_id == Letter.id)
        .join(Invitation, Invitation.id == letter_invitation.c.invitation_id)
        .where(
            Invitation.activity_id.in_(activity_ids),
            Letter.corrects_id.is_not(None),
            Letter.state.in_(sorted(CHANGEABLE)),
        )
        .distinct()
        .options(joinedload(Letter.corrects))
        .order_by(Invitation.activity_id, Letter.id)
    )
    found: dict[int, list[Letter]] = {}
    for activity_id, letter in pairs:
        found.setdefault(activity_id, []).append(letter)
    return found


def file_of(letter_id: int, returned_id: int) -> StoredFile:
    """Return a file that came back, with its data. Raise LetterMissing."""
    row = db.session.get(ReturnedFile, returned_id)
    if row is None or row.letter_id != letter_id:
        raise LetterMissing
    return row.file


def letters_awaited(activity_ids: Collection[int], *, now: datetime) -> Mapping[int, LettersAwaited]:
    """Return whose mail waits for a signed letter, by activity. Two statements.

    Before an activity's invitations go out nobody waits longer than the others, so it is left out.
    """
    unlettered = Invitation.id.not_in(TO_BE_SIGNED)
    awaiting = (
        Invitation.activity_id.in_(activity_ids),
        AWAITS_LETTER,
        Activity.state == ActivityState.PUBLISHED,
        sa.or_(Activity.told_at.is_(None), Activity.told_at <= now),
    )
    counted = (
        sa.select(Invitation.activity_id, sa.func.count(), sa.func.count().filter(unlettered))
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(*awaiting)
        .group_by(Invitation.activity_id)
    )
    counts = db.session.execute(counted).all()
    named = (
        sa.select(Invitation)
        .join(Activity, Activity.id == Invitation.activity_id)
        .where(*awaiting, unlettered)
        .options(joinedload(Invitation.person), joinedload(Invitation.organisation))
        .order_by(Invitation.id.desc())
        .limit(MOST_NAMED)
    )
    names: dict[int, list[str]] = {}
    for one in db.session.scalars(named) if any(row[2] for row in counts) else ():
        names.setdefault(one.activity_id, []).append(one.invitee.display_name)
    return {row[0]: LettersAwaited(row[1], row[2], names.get(row[0], ())) for row in counts}


def waits_for_letters(activity_id: int) -> bool:
    """Return whether the mails of an activity's invitations wait for their signed letters."""
    return bool(db.session.scalar(sa.select(Activity.letter_first).where(Activity.id == activity_id)))


def roots() -> Sequence[TrustedRoot]:
    """Return the office's root certificates."""
    wanted = sa.select(TrustedRoot).options(joinedload(TrustedRoot.added_by)).order_by(TrustedRoot.name, TrustedRoot.id)
    return db.session.scalars(wanted).unique().all()


def checked(code: str) -> CheckedLetter | None:
    """Return what anybody may know of the letter with this code; None if no signed letter has it.

    A draft is no letter yet: nothing is said of it.
    """
    letter = db.session.scalar(sa.select(Letter).where(Letter.code == code)) if code else None
    if letter is None or letter.signed_file_id is None:
        return None
    activities = db.session.scalars(
        sa.select(Activity)
        .where(
            Activity.id.in_(
                sa.select(Invitation.activity_id)
                .join(letter_invitation, letter_invitation.c.invitation_id == Invitation.id)
                .where(letter_invitation.c.letter_id == letter.id)
            )
        )
        .order_by(Activity.starts_at, Activity.id)
    ).all()
    later = next((one for one in letter.corrected_by if one.signed_file_id is not None), None)
    facts = last_values(letter).facts
    on_letter = list(dict.fromkeys(text for label, text in facts if label == EVENT))
    neutral = not on_letter or any(one.public_title for one in activities)
    return CheckedLetter(
        letter.kind,
        letter.number,
        letter.dated_on,
        list(dict.fromkeys(one.neutral_title for one in activities)) if neutral else on_letter,
        [text for label, text in facts if label == DAY],
        _standing(letter, activities),
        later.number if later else "",
        later.dated_on if later else None,
        neutral,
    )


def _standing(letter: Letter, activities: Sequence[Activity]) -> LetterStanding:
    if letter.state is LetterState.CORRECTED:
        return LetterStanding.CORRECTED
    off = bool(activities) and all(one.state is ActivityState.CANCELLED for one in activities)
    if letter.state is LetterState.CANCELLED or (off and letter.kind is not LetterKind.CANCELLATION):
        return LetterStanding.CANCELLED
    return LetterStanding.MOVED if any(_is_moved(letter, one) for one in activities) else LetterStanding.STANDS


def _is_moved(letter: Letter, activity: Activity) -> bool:
    """Return whether an activity has another day or hour now than the letter says."""
    if activity.state is ActivityState.POSTPONED:
        return True
    first, last = (at.astimezone(activity.zone) for at in (activity.starts_at, activity.ends_at))
    said = [(label, text) for label, text in last_values(letter).facts if label in (DAY, TIME)]
    day = any(days_of(first.date(), last.date()) in text for label, text in said if label == DAY)
    hour = any(f"{first:%H.%M}" in text for label, text in said if label == TIME)
    return not (day and hour)
