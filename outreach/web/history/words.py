"""What a history says of each entry: what happened, to whom, by whom, by which way, and where it leads on."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from flask import url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from outreach import clock
from outreach.delivery.words import calls as call_words
from outreach.delivery.words import formats
from outreach.delivery.words import ladder as ladder_words
from outreach.delivery.words.labels import label, staff_label
from outreach.domain.answers import BY_LINK
from outreach.domain.calls import CallOutcome
from outreach.domain.kinds import AnswerSource, GivenKind, IncomingKind, NamedBy, NoLongerActing
from outreach.domain.representation import TO_ASSISTANT
from outreach.models import Certificate, Invitation, Letter, User
from outreach.queries.invitations.history import EntryKind, HistoryEntry
from outreach.services.directory.import_undo import is_undoable
from outreach.web.frame import areas
from outreach.web.office import audit_words

# Of an entry of the audit log: said otherwise, or of no use without the record.
_UNSAID = frozenset(
    {
        "activity", "state", "source", "incoming_mail", "sha256", "substitute", "representative", "letter", "invitations",
        "version", "file", "replaced", "old_zone",
    }
)  # fmt: skip


@dataclass(frozen=True)
class ToldEntry:
    """One entry in words. href: where its main words lead. facts: to whom, by whom, by which way. links: as (text, address)."""

    at: datetime
    icon: str
    text: str
    href: str = ""
    state: StrEnum | None = None  # shown as a badge
    facts: Sequence[str] = ()
    notes: Sequence[str] = ()
    links: Sequence[tuple[str, str]] = ()
    about: Sequence[tuple[str, str]] = field(default=())  # the activities, on the page of an invitee

    @property
    def sentence(self) -> str:
        """Return the main words with the state, for a file."""
        return ": ".join(filter(None, (str(self.text), staff_label(self.state) if self.state else "")))


def told(entries: Iterable[HistoryEntry], zone: ZoneInfo, *, of_invitee: bool) -> list[ToldEntry]:
    """Return entries in words. of_invitee: each says what it is about. zone: of instants in their details."""
    return [_told(entry, zone, of_invitee) for entry in entries]


def _told(entry: HistoryEntry, zone: ZoneInfo, of_invitee: bool) -> ToldEntry:
    said = _WORDS[entry.kind](entry, zone)
    about = [(one.activity.title, _page(one)) for one in entry.about] if of_invitee else []
    values = {"icon": _ICONS[entry.kind], "about": about, **said}
    return ToldEntry(entry.at, **{name: _kept(value) for name, value in values.items()})


def _kept(value: Any) -> Any:
    return [one for one in value if one] if isinstance(value, list) else value


def _page(invitation: Invitation) -> str:
    return url_for("invitations.show", invitation_id=invitation.id)


def _by(user: User | None) -> str:
    return _("by %(name)s", name=user.display_name) if user else ""


def _invited(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    return {"text": _("Invited"), "facts": [label(entry.what.role)] if entry.what.person_id else []}


def _handed_over(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    former = entry.what
    return {
        "text": _("The invitation went on to the post's new holder"),
        "facts": [_("until then: %(name)s", name=former.person.display_name)],
        "notes": [_("Their answer: %(answer)s", answer=staff_label(former.state)) if former.answered_at else ""],
    }  # fmt: skip


def _nominated(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    who = entry.what.invitee.display_name
    return {"text": _("Named by their office: %(name)s", name=who), "href": _page(entry.what), "about": []}


def _mail(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    mail, acting = entry.what, entry.acting
    if acting is not None:
        to = _("to %(name)s, who comes in their place", name=acting.name)
    elif mail.kind in TO_ASSISTANT:
        to = _("to their adjutant or secretary")
    elif mail.address:
        to = _("to %(address)s", address=mail.address)
    else:
        to = _("to the invitee")
    return {
        "text": label(mail.kind), "href": url_for("messages.show", message_id=mail.id), "state": mail.state,
        "facts": [to, mail.address if mail.address not in to else "", _("by e-mail")], "notes": [mail.subject],
        "links": [(_("with letter %(number)s", number=one.number), _letter_page(one)) for one in entry.letters],
    }  # fmt: skip


def _wrote(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    mail = entry.what
    answered = mail.kind is IncomingKind.ANSWER and mail.participation is not None
    return {
        "text": label(mail.kind), "href": url_for("incoming.show", mail_id=mail.id),
        "facts": [_("from %(name)s", name=mail.sender_name or mail.sender), _("by e-mail")],
        "notes": [label(mail.participation) if answered else "", mail.subject],
    }  # fmt: skip


def _call(entry: HistoryEntry, zone: ZoneInfo) -> dict[str, Any]:
    call = entry.what
    opened = call.outcome is CallOutcome.WHATSAPP_OPENED
    again = _("again: %(moment)s", moment=formats.moment(call.again_at, zone)) if call.again_at else ""
    return {
        "text": call_words.outcome(call.outcome), "icon": "brand-whatsapp" if opened else "phone",
        "facts": [_by(call.caller), "" if opened else _("by phone"), again], "notes": [call.note],
    }  # fmt: skip


def _answer(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    has_mail = one.incoming_mail_id and areas.opens("incoming.show")
    mail = url_for("incoming.show", mail_id=one.incoming_mail_id) if has_mail else ""
    wish = _("They wish another day:") + " " + formats.day(one.wished_on) if one.wished_on else ""
    by = one.recorded_by
    return {
        "text": _GIVEN[one.kind], "state": one.state,
        "facts": [
            _("by %(name)s, who acts for them", name=one.acting.name) if one.acting else "",
            label(one.source) if one.source else "",
            _recorded(one.source, by),
            _("from another device than before") if one.device and one.device_before not in (None, one.device) else "",
            ngettext("%(num)d person named", "%(num)d people named", one.named) if one.named else "",
        ],
        "notes": [one.note, one.reason, wish],
        "links": [(_("from their mail"), mail)] if mail else [],
    }  # fmt: skip


def _recorded(source: AnswerSource | None, by: User | None) -> str:
    if by is None:
        return ""
    if source in BY_LINK:
        return _("while %(name)s was signed in there", name=by.display_name)
    return _("recorded by %(name)s", name=by.display_name)


def _dates(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    return {
        "text": _("Answered the date poll “%(title)s”", title=one.poll.title),
        "href": url_for("polls.show", poll_id=one.poll_id),
        "facts": [one.answered_by, label(one.answer_source) if one.answer_source else ""],
        "notes": [one.note],
    }


def _evidence(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    address = url_for("invitations.evidence_file", invitation_id=one.invitation_id, evidence_id=one.id)
    return {
        "text": _("Evidence of the answer"), "links": [(one.file.name, address)], "facts": [_by(one.file.uploaded_by)],
    }  # fmt: skip


def _named(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    who = entry.what
    passed_on = who.named_by is NamedBy.ACTING
    text = _("Passed on to %(name)s") if passed_on else _("%(name)s comes in their place")
    user = who.named_by_user
    return {
        "text": text % {"name": _with_post(who)},
        "facts": [
            label(who.named_by), label(who.source) if who.source else "",
            _("recorded by %(name)s", name=user.display_name) if user else "",
        ],
        "notes": [" · ".join(filter(None, (who.rank, formats.phone(who.phone), who.email)))],
    }  # fmt: skip


def _stopped(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    who, why = entry.what, entry.what.ended_because or NoLongerActing.REPLACED
    return {"text": f"{who.name}: {label(why)}"}


def _with_post(who: Any) -> str:
    return f"{who.name}, {who.post}" if who.post else str(who.name)


def _letter(entry: HistoryEntry, zone: ZoneInfo) -> dict[str, Any]:
    audited, letter = entry.what, next(iter(entry.letters), None)
    numbered = audited.action == "letter.composed" and "number" in (audited.detail.get("changed") or ())
    done = _("numbered") if numbered else audit_words.verb(audited.action)
    if letter is None:
        return {"text": f"{audited.subject_name}: {done}", "facts": [_by(audited.user)]}
    came = entry.returned.sender if entry.returned else ""
    corrects = _("It corrects or cancels %(title)s", title=letter.corrects.title) if letter.corrects else ""
    return {
        "text": f"{label(letter.kind)} {letter.number}".strip() + f": {done}", "href": _letter_page(letter),
        "facts": [_("by mail from %(address)s", address=came) if came else _by(audited.user)], "notes": [corrects],
    }  # fmt: skip


def _letter_page(letter: Letter) -> str:
    return url_for("letters.show", letter_id=letter.id)


def _certified(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    replaced = _("It replaces %(number)s", number=one.replaces.number) if one.replaces else ""
    return {
        "text": _("Certificate %(number)s made", number=one.number), "href": _certificate_page(one),
        "facts": [one.name, _by(one.created_by)], "notes": [replaced],
    }  # fmt: skip


def _revoked(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    return {
        "text": _("Certificate %(number)s revoked", number=one.number), "href": _certificate_page(one),
        "facts": [one.name, _by(one.ended_by)], "notes": [one.ended_because],
    }  # fmt: skip


def _certificate_page(certificate: Certificate) -> str:
    return url_for("certificates.show", certificate_id=certificate.id)


def _rung(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    rung = entry.what
    why = str(ladder_words.REASONS.get(rung.reason, ""))
    text = f"{ladder_words.KINDS[rung.kind]}: {ladder_words.STATES[rung.state]}"
    return {"text": text, "facts": [_("by the ladder")], "notes": [why]}


def _follow_up_ended(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    ended = entry.what
    number = len(ended.rungs)
    if ended.answered:
        text = ngettext(
            "Follow-up ended: there is an answer (%(num)d step)", "Follow-up ended: there is an answer (%(num)d steps)",
            number,
        )  # fmt: skip
    else:
        text = ngettext("Follow-up ended (%(num)d step)", "Follow-up ended (%(num)d steps)", number)
    return {"text": text, "notes": [" · ".join(str(ladder_words.KINDS[rung.kind]) for rung in ended.rungs)]}


def _activity(entry: HistoryEntry, zone: ZoneInfo) -> dict[str, Any]:
    activity = url_for("activities.show", activity_id=entry.what.subject_id)
    text = f"{audit_words.subject(entry.what.subject_type)}: {audit_words.verb(entry.what.action)}"
    return {**_audited(entry, zone), "text": text, "about": [(entry.what.subject_name, activity)]}


def _audited(entry: HistoryEntry, zone: ZoneInfo) -> dict[str, Any]:
    audited = entry.what
    detail = {name: value for name, value in audited.detail.items() if name not in _UNSAID}
    named, substitute = audited.detail.get("representative"), audited.detail.get("substitute")
    return {
        "text": _capital(audit_words.verb(audited.action)), "facts": [_by(audited.user)],
        "notes": [named if isinstance(named, str) else "", *audit_words.details(detail, zone)],
        "links": [(_("the substitute's invitation"), url_for("invitations.show", invitation_id=substitute))]
        if substitute
        else [],
    }  # fmt: skip


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _material(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    activity = url_for("activities.show", activity_id=one.activity_id)
    by = _("by %(name)s", name=one.sent_by.name) if one.sent_by else ""
    return {
        "text": _("Material sent: %(file)s", file=one.file.name),
        "facts": [by],
        "about": [(one.activity.title, activity)],
    }


def _came(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    came = entry.what
    return {"text": _("was there") if came.present else _("was not there"), "facts": [label(came.source)]}


def _added(_entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    return {"text": _("Came into the address book")}


def _imported(entry: HistoryEntry, _zone: ZoneInfo) -> dict[str, Any]:
    one = entry.what
    undone = _("The import was undone.") if one.undone_at else ""
    return {
        "text": _("Imported from %(file)s", file=one.filename), "facts": [_by(one.user)], "notes": [undone],
        "href": url_for("people.import_undo", import_id=one.id) if is_undoable(one, clock.now()) else "",
    }  # fmt: skip


_GIVEN: Mapping[GivenKind, Any] = {
    GivenKind.ANSWERED: _l("Answer"),
    GivenKind.UNDONE: _l("Answer undone, this counts again"),
    GivenKind.SEATED: _l("A seat has become free"),
}
_WORDS: Mapping[EntryKind, Any] = {
    EntryKind.ADDED: _added,
    EntryKind.IMPORTED: _imported,
    EntryKind.RECORD: _audited,
    EntryKind.NOMINATED: _nominated,
    EntryKind.LETTER: _letter,
    EntryKind.CERTIFIED: _certified,
    EntryKind.REVOKED: _revoked,
    EntryKind.INVITED: _invited,
    EntryKind.HANDED_OVER: _handed_over,
    EntryKind.RUNG: _rung,
    EntryKind.FOLLOW_UP_ENDED: _follow_up_ended,
    EntryKind.ACTIVITY: _activity,
    EntryKind.MAIL: _mail,
    EntryKind.ARCHIVED: _mail,
    EntryKind.WROTE: _wrote,
    EntryKind.CALL: _call,
    EntryKind.ANSWER: _answer,
    EntryKind.DATES: _dates,
    EntryKind.EVIDENCE: _evidence,
    EntryKind.NAMED: _named,
    EntryKind.STOPPED: _stopped,
    EntryKind.CHANGED: _audited,
    EntryKind.MATERIAL: _material,
    EntryKind.CAME: _came,
}
_ICONS: Mapping[EntryKind, str] = {
    EntryKind.ADDED: "user-plus",
    EntryKind.IMPORTED: "upload",
    EntryKind.RECORD: "edit",
    EntryKind.NOMINATED: "users",
    EntryKind.LETTER: "file-text",
    EntryKind.CERTIFIED: "shield-check",
    EntryKind.REVOKED: "ban",
    EntryKind.INVITED: "send",
    EntryKind.HANDED_OVER: "users",
    EntryKind.RUNG: "bell",
    EntryKind.FOLLOW_UP_ENDED: "circle-check",
    EntryKind.ACTIVITY: "calendar-event",
    EntryKind.MAIL: "mail",
    EntryKind.ARCHIVED: "mail",
    EntryKind.WROTE: "message",
    EntryKind.CALL: "phone",
    EntryKind.ANSWER: "circle-check",
    EntryKind.DATES: "calendar-event",
    EntryKind.EVIDENCE: "paperclip",
    EntryKind.NAMED: "user",
    EntryKind.STOPPED: "user-off",
    EntryKind.CHANGED: "edit",
    EntryKind.MATERIAL: "paperclip",
    EntryKind.CAME: "clipboard-check",
}
