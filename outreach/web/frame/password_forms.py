"""Flask-Security's forms with passwords. They also refuse passwords that are too long to be hashed."""

import unicodedata
from typing import Any

from flask_security import ChangePasswordForm, LoginForm, VerifyForm
from flask_security.utils import get_message

from outreach.services.office.staff import PASSWORD_MAX, PasswordTooLong
from outreach.web.frame.say import say

MOST_HASHED = 4096  # letters; passlib raises PasswordSizeError for more


class SignInForm(LoginForm):
    def validate(self, **given: Any) -> bool:
        if _is_too_long(self.password.data, MOST_HASHED):
            self.form_errors.append(get_message("GENERIC_AUTHN_FAILED")[0])
            return False
        return super().validate(**given)


class SameUserForm(VerifyForm):
    def validate(self, **given: Any) -> bool:
        return not _refused(self.password, MOST_HASHED, get_message("INVALID_PASSWORD")[0]) and super().validate(
            **given
        )


class NewPasswordForm(ChangePasswordForm):
    def validate(self, **given: Any) -> bool:
        if _refused(self.password, MOST_HASHED, get_message("INVALID_PASSWORD")[0]):
            return False
        too_long = say(PasswordTooLong(length=PASSWORD_MAX))
        return not _refused(self.new_password, PASSWORD_MAX, too_long) and super().validate(**given)


def _refused(field: Any, most: int, sentence: str) -> bool:
    if _is_too_long(field.data, most):
        field.errors = [sentence]
        return True
    return False


def _is_too_long(password: str | None, most: int) -> bool:
    """Return whether the password has too many letters, also in the form in which it is hashed (NFKD)."""
    return len(password or "") > most or len(unicodedata.normalize("NFKD", password or "")) > most
