"""What is recorded as a security event, and in which groups the page for administrators shows it."""

from enum import StrEnum


class SecurityKind(StrEnum):
    """One thing that happened to an account, or that somebody tried. At most 24 letters; a new one needs no migration."""

    SIGNED_IN = "signed_in"
    SIGN_IN_FAILED = "sign_in_failed"
    SIGNED_OUT = "signed_out"
    SESSION_ENDED = "session_ended"  # by its account or an administrator, from elsewhere
    NEW_DEVICE = "new_device"
    ASKED_ANEW = "asked_anew"  # the password or second factor was given once more
    ASKED_ANEW_FAILED = "asked_anew_failed"
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  by its own account
    PASSWORD_RENEWED = "password_renewed"  # noqa: S105  by an administrator
    RESET_ASKED = "reset_asked"
    RESET_DONE = "reset_done"
    FACTOR_ADDED = "factor_added"
    FACTOR_REMOVED = "factor_removed"
    FACTOR_FAILED = "factor_failed"
    FACTORS_RESET = "factors_reset"
    RECOVERY_CODES_MADE = "recovery_codes_made"
    RECOVERY_CODE_USED = "recovery_code_used"
    FORBIDDEN = "forbidden"  # a page that the account may not open: 403
    FORGED = "forged"  # a form without its token
    TOO_MANY_TRIES = "too_many_tries"  # 429
    ACCOUNT_ADDED = "account_added"
    ACCOUNT_CLOSED = "account_closed"
    ROLE_CHANGED = "role_changed"
    ADDRESS_CHANGED = "address_changed"  # with which the account signs in
    ALARM = "alarm"  # very many sign-ins failed: administrators got a mail
    EXPORTED = "exported"
    LINK_VIEWED = "link_viewed"  # staff opened an invitee's link
    READING_LINK_MADE = "reading_link_made"
    READING_LINK_ENDED = "reading_link_ended"
    FILE_INFECTED = "file_infected"  # the virus scanner found something in a file or mail, which was not stored


FAILURES = frozenset(
    {
        SecurityKind.SIGN_IN_FAILED,
        SecurityKind.ASKED_ANEW_FAILED,
        SecurityKind.FACTOR_FAILED,
        SecurityKind.FORBIDDEN,
        SecurityKind.FORGED,
        SecurityKind.TOO_MANY_TRIES,
        SecurityKind.FILE_INFECTED,
    }
)  # anybody can cause them as often as they like
