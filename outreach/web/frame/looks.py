"""What every template may use: dates and labels in the user's language, icons, addresses of static files."""

import hashlib
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask, current_app, g, request, url_for
from flask_login import current_user
from markupsafe import Markup, escape
from whitenoise import WhiteNoise
from wtforms import BooleanField
from wtforms.widgets import Select

from outreach import clock
from outreach.delivery.words import formats, labels
from outreach.domain import zones
from outreach.domain.kinds import LOCALES, IncomingOutcome
from outreach.domain.states import (
    ActivityState,
    CertificateState,
    FollowUpState,
    InvitationState,
    LetterState,
    MessageState,
    MinutesState,
    ReminderState,
    SearchState,
)
from outreach.extensions import current_settings
from outreach.queries import bell
from outreach.services.inbox import waiting as inbox_waiting
from outreach.web.frame import access

# A state's colour. Its word is always shown with it.
TONES: dict[tuple[type, str], str] = {
    (ActivityState, "draft"): "secondary",
    (ActivityState, "published"): "teal",
    (ActivityState, "postponed"): "orange",
    (ActivityState, "held"): "blue",
    (ActivityState, "cancelled"): "red",
    (InvitationState, "prepared"): "secondary",
    (InvitationState, "invited"): "blue",
    (InvitationState, "coming"): "green",
    (InvitationState, "not_coming"): "red",
    (InvitationState, "represented"): "teal",
    (InvitationState, "no_answer"): "orange",
    (InvitationState, "waitlisted"): "yellow",
    (InvitationState, "withdrawn"): "secondary",
    (CertificateState, "stands"): "green",
    (CertificateState, "replaced"): "secondary",
    (CertificateState, "revoked"): "red",
    (MinutesState, "draft"): "secondary",
    (MinutesState, "asked"): "orange",
    (MinutesState, "approved"): "green",
    (MinutesState, "sent"): "green",
    (FollowUpState, "open"): "blue",
    (FollowUpState, "done"): "green",
    (FollowUpState, "dropped"): "secondary",
    (LetterState, "draft"): "secondary",
    (LetterState, "composed"): "orange",
    (LetterState, "signed"): "green",
    (LetterState, "corrected"): "secondary",
    (LetterState, "cancelled"): "secondary",
    (ReminderState, "scheduled"): "blue",
    (ReminderState, "expanded"): "green",
    (ReminderState, "missed"): "orange",
    (ReminderState, "cancelled"): "secondary",
    (MessageState, "due"): "blue",
    (MessageState, "leased"): "blue",
    (MessageState, "handing_over"): "blue",
    (MessageState, "sent"): "green",
    (MessageState, "retry"): "yellow",
    (MessageState, "failed"): "red",
    (MessageState, "unknown"): "orange",
    (MessageState, "skipped"): "secondary",
    (MessageState, "cancelled"): "secondary",
    (IncomingOutcome, "applied"): "green",
    (IncomingOutcome, "refused"): "orange",
    (IncomingOutcome, "to_read"): "blue",
    (IncomingOutcome, "ignored"): "secondary",
    (SearchState, "prepared"): "secondary",
    (SearchState, "queued"): "blue",
    (SearchState, "running"): "blue",
    (SearchState, "done"): "teal",
    (SearchState, "stopped"): "teal",
    (SearchState, "collides"): "orange",
    (SearchState, "failed"): "orange",
    (SearchState, "taken"): "green",
}

# The colours of a bar of answers, and of the words beside it.
PARTS = {
    "coming": "yes", "represented": "other", "came": "came", "waitlisted": "wait", "not_coming": "no", "silent": "open",
    "prepared": "unasked",
}  # fmt: skip


def init_app(app: Flask) -> None:
    """Give the app's templates their filters and globals, and serve static files with a long cache lifetime."""
    _serve_static(app)
    app.extensions["outreach_fragments"] = {}
    env = app.jinja_env
    env.filters.update(
        day=formats.day, short_day=formats.short_day, clock=formats.clock, moment=formats.moment,
        phone=formats.phone, decimal=formats.decimal, label=labels.staff_label, tone=tone,
    )  # fmt: skip
    env.globals.update(
        span=formats.span, days=formats.days, in_days=formats.in_days, language=formats.language, languages=LOCALES,
        icon=icon, badge=badge, control=control, leaf=leaf, answers_bar=answers_bar, fragment=fragment, url_with=url_with,
        first_error=first_error,
        static_url=app.extensions["outreach_static_url"], endpoints=app.view_functions, office_zone=office_zone,
        zone_name=zones.zone_name,
        our_office=access.office, mails_to_read=mails_to_read, news_unseen=news_unseen,
    )  # fmt: skip


def tone(state: StrEnum | None) -> str:
    """Return a state's colour."""
    return "secondary" if state is None else TONES.get((type(state), state.value), "secondary")


def badge(state: StrEnum | None, text: str = "", colour: str = "") -> Markup:
    """Return a badge with a state's word and colour, or with `text` in `colour`."""
    return Markup('<span class="badge tone-{}">{}</span>').format(
        colour or tone(state), text or labels.staff_label(state)
    )


def icon(name: str, label: str = "", extra: str = "") -> Markup:
    """Return an icon of static/icons.svg. Screen readers skip it unless it has a label."""
    return _icon(current_app.extensions["outreach_static_url"]("icons.svg"), name, label, extra)


@lru_cache(maxsize=512)
def _icon(sprite: str, name: str, label: str, extra: str) -> Markup:
    about = Markup('role="img" aria-label="{}"').format(label) if label else Markup('aria-hidden="true"')
    return Markup('<svg class="icon{}" {}><use href="{}#{}"/></svg>').format(
        f" {extra}" if extra else "", about, sprite, escape(name)
    )


def fragment(*key: Any, caller: Callable[[], Markup], of: Any = None) -> Markup:
    """Return the content of the {% call %} block. It is drawn once per `key` and then cached.

    of: the object that the content belongs to; the cache ends with that object. Without it, the content is cached as
    long as the process runs, so the key must contain everything it depends on.
    """
    kept = current_app.extensions["outreach_fragments"] if of is None else _fragments.setdefault(of, {})
    key = (*key, formats.language(), request.script_root)
    if key not in kept:
        kept[key] = caller()
    return kept[key]


_fragments: WeakKeyDictionary[Any, dict[tuple[Any, ...], Markup]] = WeakKeyDictionary()


def leaf(instant: datetime, zone: ZoneInfo) -> Markup:
    """Return a calendar leaf: weekday, day, month."""
    day = instant.astimezone(zone).date()
    return _leaf(day, formats.language())


@lru_cache(maxsize=1024)
def _leaf(day: date, language: str) -> Markup:
    return Markup('<time class="leaf" datetime="{}">{}<b>{}</b>{}</time>').format(
        day.isoformat(), format_date(day, "EEE", locale=language), day.day, format_date(day, "MMM", locale=language)
    )


def answers_bar(answers: Any) -> Markup:
    """Return invitees by their answer as a bar; the numbers stand in words beside it, so it is hidden from screen readers."""
    return _bar(answers.parts)


@lru_cache(maxsize=1024)
def _bar(parts: tuple[tuple[str, int], ...]) -> Markup:
    total = sum(count for _, count in parts) or 1
    drawn, x = [], 0.0
    for name, count in parts:
        if count:
            width = 100 * count / total
            drawn.append(f'<rect class="{PARTS[name]}" x="{x:.2f}" width="{width:.2f}" height="6"/>')
            x += width
    return Markup(
        '<svg class="answers" viewBox="0 0 100 6" preserveAspectRatio="none" aria-hidden="true">{}</svg>'
    ).format(
        Markup("".join(drawn))  # noqa: S704  numbers only
    )


def control(field: Any, about: Any, given: dict[str, Any]) -> Any:
    """Return a form field's control, linked to its help and errors, also for screen readers.

    given: further attributes; class_ is added to the control's own class.
    """
    if isinstance(field, BooleanField):
        classes = ["form-check-input"]
    else:
        classes = ["form-select" if isinstance(field.widget, Select) else "form-control"]
    attributes = dict(given)
    if extra := attributes.pop("class_", ""):
        classes.append(extra)
    if field.errors:
        classes.append("is-invalid")
        attributes["aria-invalid"] = "true"
        attributes["autofocus"] = first_error()
    notes = [f"{field.id}-help"] * bool(about) + [f"{field.id}-error"] * bool(field.errors)
    if notes:
        attributes["aria-describedby"] = " ".join(notes)
    return field(**{"class": " ".join(classes)}, **attributes)


def first_error() -> bool:
    """Return whether this is the page's first error, where the page then opens. Call it once for each field with errors."""
    is_first = "error_shown" not in g
    g.error_shown = True
    return is_first


def url_with(**query: Any) -> str:
    """Return the current page's address with changed query values; None removes a value."""
    asked = {k: v for k, v in request.args.to_dict(flat=False).items() if k != "endpoint" and not k.startswith("_")}
    kept = {**asked, **(request.view_args or {}), **query}
    return url_for(request.endpoint or "overview.index", **{k: v for k, v in kept.items() if v is not None})


def office_zone() -> ZoneInfo:
    """Return the zone for instants that belong to no activity."""
    found = access.office()
    return found.zone if found else zones.DEFAULT


def mails_to_read() -> int | None:
    """Return how many received mails wait to be read, at most 100. None if none wait and no mailbox is read.

    Viewers get 0 or None, because no mail waits for them.
    """
    waiting = min(inbox_waiting.recent_count(now=clock.now()), 100) if access.may_change() else 0
    return waiting if waiting or current_settings().imap_server else None


def news_unseen() -> int | None:
    """Return how many pieces of news the user has not seen; None for viewers."""
    return bell.count_unseen(current_user.id, now=clock.now()) if access.may_change() else None


def _serve_static(app: Flask) -> None:
    root = Path(app.static_folder or "")
    digest = _digest(root)
    hashed = f"/static/{digest}/"

    def static_url(name: str) -> str:
        return hashed + name

    def immutable(_path: str, url: str) -> bool:
        return url.startswith(hashed)

    def protect(headers: Any, _path: str, url: str) -> None:
        headers["X-Content-Type-Options"] = "nosniff"
        if url.endswith("/js/door/worker.js"):
            headers["Service-Worker-Allowed"] = "/activities/"

    noise = WhiteNoise(app.wsgi_app, immutable_file_test=immutable, max_age=3600, add_headers_function=protect)
    noise.add_files(str(root), prefix="static/")
    noise.add_files(str(root), prefix=hashed.strip("/") + "/")
    app.wsgi_app = noise  # type: ignore[method-assign]
    found: Callable[[str], str] = static_url
    app.extensions["outreach_static_url"] = found


def _digest(root: Path) -> str:
    """Return a short hash of all static files. A new release gets new addresses, so no old copies are shown."""
    total = hashlib.sha256()
    for path in sorted(p for p in root.rglob("*") if p.is_file()):
        total.update(str(path.relative_to(root)).encode())
        total.update(path.read_bytes())
    return total.hexdigest()[:12]
