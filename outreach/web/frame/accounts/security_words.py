"""Flask-Security's messages in our words and languages. Messages that no page of ours uses stay unchanged."""

from typing import Any

from flask_babel import lazy_gettext as _l

MESSAGES: dict[str, tuple[Any, str]] = {
    "GENERIC_AUTHN_FAILED": (_l("The e-mail address or the password is not right."), "error"),
    "EMAIL_NOT_PROVIDED": (_l("Please write your e-mail address."), "error"),
    "INVALID_EMAIL_ADDRESS": (_l("This is not an e-mail address. One looks like nama@example.com."), "error"),
    "PASSWORD_NOT_PROVIDED": (_l("Please write your password."), "error"),
    "PASSWORD_INVALID_LENGTH": (_l("A password needs at least %(length)s characters."), "error"),
    "PASSWORD_TOO_SIMPLE": (_l("This password is too easy to guess."), "error"),
    "INVALID_PASSWORD": (_l("The password is not right."), "error"),
    "RETYPE_PASSWORD_MISMATCH": (_l("The two passwords are not the same."), "error"),
    "PASSWORD_MISMATCH": (_l("The two passwords are not the same."), "error"),
    "PASSWORD_IS_THE_SAME": (_l("The new password is the same as the old one."), "error"),
    "PASSWORD_CHANGE": (_l("Your password was changed."), "success"),
    "DISABLED_ACCOUNT": (_l("This account is closed. Ask an administrator of your office."), "error"),
    "UNAUTHENTICATED": (_l("Please sign in first."), "info"),
    "UNAUTHORIZED": (_l("Your account may not do this."), "error"),
    "REAUTHENTICATION_REQUIRED": (_l("Please write your password once more."), "info"),
    "REAUTHENTICATION_SUCCESSFUL": (_l("Thank you. Go on."), "success"),
    "TWO_FACTOR_INVALID_TOKEN": (
        _l(
            "This code is not right. Codes change every 30 seconds, and each counts once: take the one that your app shows "
            "now. If none is taken, set the clock of your phone to automatic."
        ),
        "error",
    ),
    "WEBAUTHN_NAME_REQUIRED": (_l("Please write how you call this device."), "error"),
    "WEBAUTHN_NAME_INUSE": (_l("You have a passkey called %(name)s already."), "error"),
    "WEBAUTHN_NAME_NOT_FOUND": (_l("There is no passkey called %(name)s."), "error"),
    "WEBAUTHN_EXPIRED": (_l("This took too long. Please begin once more."), "error"),
    "WEBAUTHN_CREDENTIAL_DELETED": (_l("The passkey %(name)s is no longer asked for."), "success"),
    "WEBAUTHN_REGISTER_SUCCESSFUL": (
        _l("The passkey %(name)s is set up. It is asked for at each sign-in from now on."),
        "success",
    ),
    "WEBAUTHN_CREDENTIAL_ID_INUSE": (_l("This device has a passkey here already."), "error"),
    "WEBAUTHN_UNKNOWN_CREDENTIAL_ID": (_l("This passkey does not belong to your account."), "error"),
    "WEBAUTHN_ORPHAN_CREDENTIAL_ID": (_l("This passkey does not belong to your account."), "error"),
    "WEBAUTHN_MISMATCH_USER_HANDLE": (_l("This passkey does not belong to your account."), "error"),
    "WEBAUTHN_CREDENTIAL_WRONG_USAGE": (_l("This passkey does not belong to your account."), "error"),
    "WEBAUTHN_NO_VERIFY": (_l("The passkey could not be checked. Please try again."), "error"),
    "API_ERROR": (_l("This did not work. Please begin once more."), "error"),
    "TWO_FACTOR_LOGIN_SUCCESSFUL": (_l("You are signed in."), "success"),
    "TWO_FACTOR_CHANGE_METHOD_SUCCESSFUL": (
        _l("The app is set up. It is asked for at each sign-in from now on."),
        "success",
    ),
    "TWO_FACTOR_PERMISSION_DENIED": (_l("Please sign in with your password first."), "error"),
    "TWO_FACTOR_METHOD_NOT_AVAILABLE": (_l("Please choose one of these ways."), "error"),
    "TWO_FACTOR_DISABLED": (_l("The app is no longer asked for."), "success"),
    "TWO_FACTOR_SETUP_EXPIRED": (_l("This took too long. Please begin once more."), "error"),
    "INVALID_RECOVERY_CODE": (_l("This recovery code is not right, or it was used before. Each counts once."), "error"),
    "ANONYMOUS_USER_REQUIRED": (_l("You are signed in already."), "info"),
    "INVALID_REDIRECT": (_l("The address to go on to is not one of ours."), "error"),
}


def settings() -> dict[str, tuple[Any, str]]:
    """Return the words as Flask-Security's settings."""
    return {f"SECURITY_MSG_{key}": words for key, words in MESSAGES.items()}
