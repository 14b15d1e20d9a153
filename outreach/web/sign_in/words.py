"""The words of security events and devices."""

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from outreach.domain.sign_in.events import SecurityKind

KINDS: dict[SecurityKind, Any] = {
    SecurityKind.SIGNED_IN: _l("Signed in"),
    SecurityKind.SIGN_IN_FAILED: _l("Wrong password"),
    SecurityKind.SIGNED_OUT: _l("Signed out"),
    SecurityKind.SESSION_ENDED: _l("Signed out from elsewhere"),
    SecurityKind.NEW_DEVICE: _l("Signed in on a new device"),
    SecurityKind.ASKED_ANEW: _l("Confirmed again who they are"),
    SecurityKind.ASKED_ANEW_FAILED: _l("Did not confirm who they are"),
    SecurityKind.PASSWORD_CHANGED: _l("Own password changed"),
    SecurityKind.PASSWORD_RENEWED: _l("New password made by an administrator"),
    SecurityKind.RESET_ASKED: _l("Asked for a new password by mail"),
    SecurityKind.RESET_DONE: _l("New password chosen by a link"),
    SecurityKind.FACTOR_ADDED: _l("Second factor set up"),
    SecurityKind.FACTOR_REMOVED: _l("Second factor removed"),
    SecurityKind.FACTOR_FAILED: _l("Wrong second factor"),
    SecurityKind.FACTORS_RESET: _l("Second factors reset by an administrator"),
    SecurityKind.RECOVERY_CODES_MADE: _l("Recovery codes made"),
    SecurityKind.RECOVERY_CODE_USED: _l("Signed in with a recovery code"),
    SecurityKind.FORBIDDEN: _l("Page refused"),
    SecurityKind.FORGED: _l("Form without its token refused"),
    SecurityKind.TOO_MANY_TRIES: _l("Too many tries"),
    SecurityKind.ACCOUNT_ADDED: _l("Account added"),
    SecurityKind.ACCOUNT_CLOSED: _l("Account closed"),
    SecurityKind.ROLE_CHANGED: _l("Role changed"),
    SecurityKind.ADDRESS_CHANGED: _l("Address for signing in changed"),
    SecurityKind.ALARM: _l("Many failures: mail to the administrators"),
    SecurityKind.EXPORTED: _l("List downloaded"),
    SecurityKind.LINK_VIEWED: _l("Invitee's link opened while signed in"),
}


def kind(of: SecurityKind) -> str:
    """Return what happened; a kind that has no word of its own, by its name."""
    return str(KINDS.get(of, of.value.replace("_", " ")))


def device(row: Any) -> str:
    """Return the browser and the system of a session or an event, such as "Chrome on Android"."""
    if row.browser and row.system:
        return _("%(browser)s on %(system)s", browser=row.browser, system=row.system)
    return row.browser or row.system or _("Unknown device")


def detail(row: Any, names: dict[int, str]) -> str:
    """Return what an event's details say, in short."""
    said = []
    for name, value in row.detail.items():
        if name == "by" and isinstance(value, int):
            said.append(_("by %(name)s", name=names.get(value, value)))
        elif name == "by":
            said.append(_("by command line"))
        elif isinstance(value, list):
            said.append(", ".join(map(str, value)))
        elif not isinstance(value, bool):
            said.append(str(value))
    return "; ".join(part for part in said if part)
