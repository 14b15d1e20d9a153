"""Passwords of accounts: which are refused, and until when one counts that somebody else made."""

import unicodedata
from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from outreach.domain.problems import Problem
from outreach.domain.sign_in import passwords
from outreach.domain.sign_in.passwords import LEAST, MOST, PasswordFault
from outreach.models import Office, Region, User, the_office

FIRST_PASSWORD = timedelta(days=7)  # how long a password counts that an administrator made


class PasswordTooShort(Problem):
    message = "A password needs at least %(length)s characters. Three or four unrelated words make a good one."
    field = "password"


class PasswordTooLong(Problem):
    message = "A password may have at most %(length)s characters."
    field = "password"


class PasswordKnown(Problem):
    message = (
        "Many people use this password or words like it, so it is guessed soon. "
        "Take three or four words that have nothing to do with each other."
    )
    field = "password"


class PasswordOfNames(Problem):
    message = (
        "Somebody who knows you or the office would guess this password soon, because it is made of their names. "
        "Take three or four other words."
    )
    field = "password"


class PasswordPattern(Problem):
    message = (
        "Rows of letters or digits and repetitions, such as abcd, 1234 or haha, are guessed soon. "
        "Take three or four words that have nothing to do with each other."
    )
    field = "password"


class PasswordDate(Problem):
    message = (
        "Dates and years are guessed soon. Take three or four words that have nothing to do with each other, "
        "without a birthday."
    )
    field = "password"


class PasswordEasy(Problem):
    message = "This password is too easy to guess. Add one or two more words."
    field = "password"


_PROBLEMS: dict[PasswordFault, Problem] = {
    PasswordFault.SHORT: PasswordTooShort(length=LEAST),
    PasswordFault.LONG: PasswordTooLong(length=MOST),
    PasswordFault.KNOWN: PasswordKnown(),
    PasswordFault.OWN: PasswordOfNames(),
    PasswordFault.PATTERN: PasswordPattern(),
    PasswordFault.DATE: PasswordDate(),
    PasswordFault.EASY: PasswordEasy(),
}


def normal(password: str) -> str:
    """Return a password as it is hashed: in one form, however a keyboard makes its letters."""
    return unicodedata.normalize("NFKD", password)


def check(session: Session, password: str, *, name: str, email: str) -> None:
    """Raise the Problem that says why an account may not have this password. name, email: the account's."""
    fault = passwords.fault_of(normal(password), [name, email, *_of_office(session)])
    if fault is not None:
        raise _PROBLEMS[fault]


def ended(user: User, *, now: datetime) -> bool:
    """Return whether a first password was not changed in time, so nobody signs in with it any more."""
    return user.password_ends_at is not None and user.password_ends_at <= now


def _of_office(session: Session) -> list[str]:
    wanted = the_office(Office.name, Office.short_name, Office.email, Region.name).outerjoin(
        Region, Region.code == Office.region_code
    )
    row = session.execute(wanted).first()
    return [text for text in row if text] if row else []
