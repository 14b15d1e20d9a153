"""The copy of a person's data as PDF, in words. The JSON file beside it has every value.

templates/privacy/copy.typ is the template; it gets the words as data. `held` is what services/privacy/person.py exports.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

from flask_babel import gettext
from flask_babel import lazy_gettext as _l

from outreach.delivery.documents import parts
from outreach.delivery.documents.typeset import MAIN, press
from outreach.delivery.words import calls, formats
from outreach.delivery.words.labels import label
from outreach.domain.calls import CallOutcome
from outreach.domain.door.scans import ScanOutcome
from outreach.domain.kinds import AgeGroup, CadreKind, MailKind, Sex
from outreach.domain.privacy.requests import ConsentWay, RequestKind, RequestOutcome
from outreach.domain.states import InvitationState, MessageState
from outreach.settings import TEMPLATES

FORM = TEMPLATES / "privacy" / "copy.typ"
MOST_LINES = 500  # of one section; the JSON file has all
# What the copy says, in its order: the part of the export, its heading, and the values of each line with their words.
SECTIONS: tuple[tuple[str, object, tuple[tuple[str, object], ...]], ...] = (
    ("person", _l("Person"), (
        ("name", _l("Name")), ("title_before", _l("Title before the name")), ("title_after", _l("Title after the name")),
        ("post", _l("Post")), ("email", _l("E-mail")), ("phone", _l("Phone")), ("sex", _l("Sex")), ("age_group", _l("Age")),
        ("note", _l("Note")),
    )),
    ("cadre_roles", _l("Kinds of cadre"), (("kind", ""), ("kelurahan", ""))),
    ("posts", _l("Posts"), (("post", ""), ("from", _l("from")), ("until", _l("until")))),
    ("invitations", _l("Invitations"), (
        ("activity", ""), ("starts_at", ""), ("state", _l("Answer")), ("answer_note", _l("Note")),
        ("representative_name", _l("Represented by")), ("present", _l("Present")),
    )),
    ("answers", _l("Answers"), (("activity", ""), ("at", ""), ("answer", ""), ("note", _l("Note")), ("reason", _l("Reason")))),
    ("named_as_representative", _l("Coming in somebody's place"), (("activity", ""), ("starts_at", ""))),
    ("date_polls", _l("Date polls"), (("poll", ""), ("note", _l("Note")))),
    ("mails", _l("Mails sent"), (("kind", ""), ("due_at", ""), ("address", ""), ("subject", ""), ("state", ""))),
    ("archived_mails", _l("Mails sent, archived"), (("kind", ""), ("due_at", ""), ("address", ""), ("subject", ""))),
    ("mails_received", _l("Mails received"), (("received_at", ""), ("subject", ""), ("text", ""))),
    ("calls", _l("Calls"), (("at", ""), ("outcome", ""), ("note", _l("Note")))),
    ("absences", _l("Absences"), (("starts_at", _l("from")), ("ends_at", _l("until")), ("reason", _l("Reason")))),
    ("materials", _l("Materials"), (("activity", ""), ("file", ""))),
    ("letters", _l("Letters"), (("number", ""), ("subject", ""), ("dated_on", ""))),
    ("certificates", _l("Certificates"), (("number", ""), ("activity", ""))),
    ("minutes", _l("Minutes"), (("activity", ""),)),
    ("follow_ups", _l("Tasks from meetings"), (("what", ""), ("due_on", ""), ("note", _l("Note")))),
    ("scans", _l("Log of the door"), (("activity", ""), ("at", ""), ("outcome", ""))),
    (
        "consents", _l("Consents"),
        (("given_on", ""), ("way", ""), ("given_by", _l("by")), ("withdrawn_at", _l("consent withdrawn"))),
    ),
    ("requests", _l("Requests about data"), (("kind", ""), ("received_at", ""), ("outcome", ""), ("what_done", ""))),
    ("changes_by_staff", _l("Changes by staff"), (("at", ""), ("action", ""))),
)  # fmt: skip
# Values of closed lists, by part and name: the copy says them in words.
LISTS: dict[tuple[str, str], type[StrEnum]] = {
    ("person", "sex"): Sex,
    ("person", "age_group"): AgeGroup,
    ("cadre_roles", "kind"): CadreKind,
    ("invitations", "state"): InvitationState,
    ("answers", "answer"): InvitationState,
    ("mails", "kind"): MailKind,
    ("mails", "state"): MessageState,
    ("archived_mails", "kind"): MailKind,
    ("calls", "outcome"): CallOutcome,
    ("scans", "outcome"): ScanOutcome,
    ("consents", "way"): ConsentWay,
    ("requests", "kind"): RequestKind,
    ("requests", "outcome"): RequestOutcome,
}


@cache
def shipped_form() -> bytes:
    return FORM.read_bytes()


def pdf(
    held: Mapping[str, Any], office: str, contact: str, *, zone: Any, verb: Callable[[str], str], now: datetime
) -> bytes:
    """Return the copy as PDF/A in the current language. Raise what typeset.py raises.

    zone: the office's. verb: returns an action of the audit log in words.
    """
    data = {
        "language": formats.language(),
        "title": gettext("Copy of the personal data"),
        "office": office,
        "made": gettext("%(office)s, %(moment)s", office=office, moment=formats.moment(now, zone)),
        "contact": contact,
        "note": gettext(
            "The JSON file that you can also get has every value. Whom to ask: %(contact)s.", contact=contact
        ),
        "sections": [one for one in (_section(held, zone, verb, *part) for part in SECTIONS) if one["lines"]],
    }
    with press() as printing:
        return printing.pdf({MAIN: shipped_form(), "copy.json": parts.data(data)}, at=now)


def _section(
    held: Mapping[str, Any],
    zone: Any,
    verb: Callable[[str], str],
    key: str,
    heading: object,
    fields: Sequence[tuple[str, object]],
) -> dict[str, Any]:
    def said(row: Mapping[str, Any]) -> list[str]:
        values = []
        for name, word in fields:
            if row.get(name) not in (None, "", [], {}):
                value = verb(row[name]) if name == "action" else _plain(key, name, row[name], zone)
                values.append(f"{word}: {value}" if word else value)
        return values

    found = held.get(key) or []
    lines = said(found) if isinstance(found, Mapping) else ["; ".join(said(row)) for row in found[:MOST_LINES]]
    return {"heading": str(heading), "lines": lines}


def _plain(part: str, name: str, value: Any, zone: Any) -> str:
    """Return a value in words: of closed lists, instants in the office's zone, yes and no; everything else as it is stored."""
    if (part, name) in LISTS:
        member = LISTS[part, name](value)
        return calls.outcome(member) if isinstance(member, CallOutcome) else label(member)
    if name == "what_done":  # what the program itself wrote is in the catalogue: delivery/words/retention.py
        return gettext(value)
    if isinstance(value, bool):
        return gettext("yes") if value else gettext("no")
    if isinstance(value, str) and len(value) >= 19 and value[4:5] == "-" and "T" in value:
        try:
            return formats.moment(datetime.fromisoformat(value), zone)
        except ValueError:
            return value
    return str(value)
