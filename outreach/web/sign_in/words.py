"""The words of security events and devices."""

from typing import Any

from flask import current_app
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from outreach.delivery.words.labels import LIST_LABELS, label
from outreach.domain.kinds import ListName, StaffRole
from outreach.domain.sign_in.events import SecurityKind
from outreach.web.office.audit_words import DETAILS

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
    SecurityKind.READING_LINK_MADE: _l("Link for reading made"),
    SecurityKind.READING_LINK_ENDED: _l("Link for reading ended"),
    SecurityKind.FILE_INFECTED: _l("File or mail with a virus refused"),
}

FACTORS: dict[str, Any] = {
    "password": _l("with a password"),
    "authenticator": _l("with a code from an app"),
    "app": _l("app that makes codes"),
    "webauthn": _l("with a passkey"),
    "recovery_code": _l("with a recovery code"),
    "change": _l("after a new password"),
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
    return "; ".join(part for part in (_fact(name, value, names) for name, value in row.detail.items()) if part)


def _fact(name: str, value: Any, names: dict[int, str]) -> str:
    match name, value:
        case "by", int():
            return _("by %(name)s", name=names.get(value, value))
        case "by", _:
            return _("by command line")
        case "via", list():
            return ", ".join(str(FACTORS.get(one, one)) for one in value)
        case "factor", str():
            return str(FACTORS.get(value, value))
        case "role", str() if value in set(StaffRole):
            return label(StaffRole(value))
        case "changed", list():
            return _("changed: %(what)s", what=", ".join(str(DETAILS.get(one, one)) for one in value))
        case "list", str() if value in set(ListName):
            return str(LIST_LABELS[ListName(value)])
        case "rows", int():
            return ngettext("%(num)d row", "%(num)d rows", value)
        case "sessions", int():
            return ngettext("%(num)d device", "%(num)d devices", value)
        case "left", int():
            return ngettext("%(num)d code left", "%(num)d codes left", value)
        case "count", int():
            return ngettext("%(num)d failed try", "%(num)d failed tries", value)
        case "invitee", int():
            return _("invitee no. %(number)s", number=value)
        case "page", str():
            return address_of(value)
        case "of" | "stays", _:
            return ""
    return str(value or "")


def address_of(endpoint: str) -> str:
    """Return the address of a page, as the routes write it; its name if there is no such page any more."""
    return next((rule.rule for rule in current_app.url_map.iter_rules() if rule.endpoint == endpoint), endpoint)
