"""Flask-Security's forms with passwords. They also refuse passwords that are too long to be hashed."""

import unicodedata
from typing import Any

from flask_login import current_user
from flask_security import ChangePasswordForm, LoginForm, PasswordUtil, VerifyForm
from flask_security.utils import get_message

from outreach import clock
from outreach.domain.problems import Problem
from outreach.domain.sign_in.events import SecurityKind
from outreach.domain.sign_in.passwords import MOST
from outreach.extensions import db
from outreach.models import User
from outreach.services.sign_in import passwords
from outreach.services.sign_in.events import security_event
from outreach.services.sign_in.passwords import PasswordTooLong
from outreach.web.frame.say import say
from outreach.web.frame.sign_in import tries

MOST_HASHED = 4096  # letters; passlib raises PasswordSizeError for more


class FirstPasswordEnded(Problem):
    message = (
        "This first password was not changed within a week, so it no longer counts. "
        "Ask an administrator of your office for a new one."
    )


class Passwords(PasswordUtil):
    """Flask-Security's question whether a new password is good enough, answered by our rule with our sentences.

    Its own switch for zxcvbn answers in English, and does not know the words of the office.
    """

    def validate(self, password: str, is_register: bool, **about: Any) -> tuple[list[str] | None, str]:
        user: User = about["user"]
        try:
            passwords.check(db.session(), password, name=user.name, email=user.email)
        except Problem as problem:
            return [say(problem)], self.normalize(password)
        return None, self.normalize(password)


class SignInForm(LoginForm):
    user: Any = None

    def validate(self, **given: Any) -> bool:
        if _is_too_long(self.password.data, MOST_HASHED):
            self.form_errors.append(get_message("GENERIC_AUTHN_FAILED")[0])
        elif super().validate(**given):
            if not passwords.ended(self.user, now=clock.now()):
                tries.succeeded()
                return True
            self.form_errors.append(say(FirstPasswordEnded()))  # said only to who knows it
        security_event(SecurityKind.SIGN_IN_FAILED, self.user, now=clock.now())
        return False


class SameUserForm(VerifyForm):
    def validate(self, **given: Any) -> bool:
        refused = _refused(self.password, MOST_HASHED, get_message("INVALID_PASSWORD")[0])
        if not refused and super().validate(**given):
            tries.succeeded()
            return True
        security_event(SecurityKind.ASKED_ANEW_FAILED, current_user, now=clock.now())
        return False


class NewPasswordForm(ChangePasswordForm):
    def validate(self, **given: Any) -> bool:
        if _refused(self.password, MOST_HASHED, get_message("INVALID_PASSWORD")[0]):
            return False
        too_long = say(PasswordTooLong(length=MOST))
        if _refused(self.new_password, MOST, too_long) or not super().validate(**given):
            if get_message("INVALID_PASSWORD")[0] in self.password.errors:
                security_event(SecurityKind.ASKED_ANEW_FAILED, current_user, now=clock.now())
            return False
        tries.succeeded()
        return True


def _refused(field: Any, most: int, sentence: str) -> bool:
    if _is_too_long(field.data, most):
        field.errors = [sentence]
        return True
    return False


def _is_too_long(password: str | None, most: int) -> bool:
    """Return whether the password has too many letters, also in the form in which it is hashed (NFKD)."""
    return len(password or "") > most or len(unicodedata.normalize("NFKD", password or "")) > most
