"""Draw the answer pages: small, separate from the other pages, and without external resources.

They have their own Jinja environment: no context processors, no session, blank lines trimmed. The style is inside the
page, and the policy names its hash. So a page stays within 14 KB and is quick on a cheap phone. What is the same for
everybody (the words, an activity's facts) is drawn once and kept in memory. Nothing personal is kept.
"""

import base64
import gzip
import re
import secrets
from collections.abc import Callable
from datetime import UTC, datetime
from functools import lru_cache
from hashlib import sha256
from typing import Any, NamedTuple, Protocol
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from babel.dates import format_date
from flask import Flask, Response, current_app, g, redirect, request, url_for
from flask_babel import gettext as _
from flask_babel import refresh
from jinja2 import Environment
from markupsafe import Markup

from outreach.delivery.mail.values import map_url
from outreach.delivery.words import addressing, formats
from outreach.domain.kinds import LOCALES
from outreach.extensions import current_settings
from outreach.models import User
from outreach.queries.answers.page import Facts
from outreach.services.invitations import links
from outreach.web.answer_pages.words import words
from outreach.web.frame.access import OF_SECRETS
from outreach.web.frame.request import asked_language
from outreach.web.frame.sign_in.sessions import session_here

_KEY = "outreach.answers"
DEVICE = "device"  # the cookie that tells devices apart which answer by one link


class TimesInWords(NamedTuple):
    """An activity's instants in words. tile: ("Sen", "18", "Jan"), as on a tear-off calendar."""

    day: str
    span: str
    registration: str
    tile: tuple[str, str, str]


def draw(template: str, status: int = 200, **values: Any) -> Response:
    """Return the drawn page with the headers that every answer page has. template: of another folder with its name."""
    env, policy = _look(current_app._get_current_object())  # type: ignore[attr-defined]
    language = formats.language()
    values |= {"lang": language, "w": words(language), "failed": status in (400, 422)}
    page = env.get_template(template if "/" in template else f"answer_pages/{template}").render(**values)
    response = _packed(page, status)
    response.headers["Content-Security-Policy"] = policy
    response.headers.update(OF_SECRETS)
    return response


def _packed(page: str, status: int) -> Response:
    """Return the page, compressed if the browser accepts that. So even twenty names arrive in one round trip."""
    response = Response(page, status, content_type="text/html; charset=utf-8")
    response.headers["Vary"] = "Accept-Encoding"
    if request.accept_encodings.quality("gzip") > 0:
        response.set_data(gzip.compress(response.get_data(), compresslevel=5, mtime=0))
        response.headers["Content-Encoding"] = "gzip"
    return response


def small(css: str) -> str:
    """Return a style sheet without comments and unnecessary blanks."""
    css = re.sub(r"/\*.*?\*/", "", css, flags=re.DOTALL)
    css = re.sub(r"\s+", " ", css)
    return re.sub(r" ?([{};,>]) ?", r"\1", css).replace(": ", ":").replace(";}", "}").strip()


def times(facts: Facts) -> TimesInWords:
    """Return an activity's instants in words, in the current language."""
    return TimesInWords(
        day=formats.day(facts.starts_at, facts.zone),
        span=formats.span(facts.starts_at, facts.ends_at, facts.zone),
        registration=formats.clock(facts.registration_at, facts.zone) if facts.registration_at else "",
        tile=tile(facts.starts_at, facts.zone),
    )


def tile(instant: datetime, zone: ZoneInfo) -> tuple[str, str, str]:
    """Return ("Sen", "18", "Jan") in the current language."""
    local = instant.astimezone(zone).date()
    weekday, number, month = (format_date(local, part, locale=formats.language()) for part in ("EEE", "d", "MMM"))
    return weekday, number, month


@lru_cache(1024)
def until(instant: datetime, zone: ZoneInfo, _language: str) -> str:
    return formats.moment(instant, zone)


def own(text: str) -> Markup:
    """Return what the office wrote, marked as Indonesian on a page in another language."""
    return Markup("<span{}>{}</span>").format(words(formats.language())["own"], text)


def short_day(about: Facts) -> str:
    return formats.short_day(about.starts_at, about.zone)


@lru_cache(1024)
def google_calendar(about: Facts) -> str:
    """Return the address at which Google Calendar offers to store an activity. It carries the neutral title only."""
    starts, ends = (f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}" for at in (about.starts_at, about.ends_at))
    where = ", ".join(part for part in (about.venue, about.venue_address) if part)
    said = {"action": "TEMPLATE", "text": about.title, "dates": f"{starts}/{ends}", "location": where}
    return "https://calendar.google.com/calendar/render?" + urlencode(
        {key: value for key, value in said.items() if value}
    )


def _facts(env: Environment) -> Callable[[Facts, str], Markup]:
    @lru_cache(1024)
    def facts(about: Facts, language: str) -> Markup:
        module: Any = env.get_template("answer_pages/facts.html").module
        return Markup(module.facts(about, times(about), words(language)))  # noqa: S704  drawn, and escaped, by a template

    return facts


def _details(env: Environment) -> Callable[[Facts, str], Markup]:
    @lru_cache(1024)
    def details(about: Facts, language: str) -> Markup:
        module: Any = env.get_template("answer_pages/facts.html").module
        return Markup(module.more(about, times(about), words(language)).strip())  # noqa: S704  drawn, and escaped, by a template

    return details


def _look(app: Flask) -> tuple[Environment, str]:
    found = app.extensions.get(_KEY)
    if found is None:
        env = app.jinja_env.overlay(trim_blocks=True, lstrip_blocks=True)
        assert env.loader is not None
        css = small(env.loader.get_source(env, "answer_pages/page.css")[0])
        env.globals = {
            **env.globals,
            "css": Markup(css),  # noqa: S704  our own file
            "facts": _facts(env),
            "details": _details(env),
            "google_calendar": google_calendar,
            "map_url": map_url,
            "phone": formats.phone,
            "short_day": short_day,
            "span": formats.span,
            "until": until,
        }
        digest = base64.b64encode(sha256(css.encode()).digest()).decode()
        policy = (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
            "base-uri 'none'; frame-ancestors 'none'"
        )
        found = app.extensions[_KEY] = (env, policy)
    return found


class PageReader(Protocol):
    @property
    def locale(self) -> str: ...
    @property
    def child(self) -> bool: ...


def speak(locale: str | None, *, child: bool = False) -> None:
    """Set the page's language: from ?lang=, else the invitee's, else Indonesian. child: it addresses a child."""
    g.locale = asked_language() or (locale if locale in LOCALES else "id")
    refresh()
    addressing.address(child=child)


def speak_to(reader: PageReader | None) -> None:
    """Set the page's language and how it addresses its reader."""
    speak(reader.locale if reader else None, child=bool(reader and reader.child))


def foreign_sentence() -> str:
    return _("This did not come from your own page. Nothing was changed; please press the button once more.")


def query() -> str:
    lang = asked_language()
    return f"?lang={lang}" if lang else ""


def staff_here() -> User | None:
    """Return the staff account that is signed in in this browser, for the audit log. The pages show staff nothing more."""
    found = session_here()
    return found.user if found else None


def device_here() -> str:
    """Return the value of this device's cookie; "" if it has none yet."""
    sent = request.cookies.get(_device_cookie(), "")
    return sent if re.fullmatch(r"[A-Za-z0-9_-]{22}", sent) else ""


def new_device() -> str:
    return secrets.token_urlsafe(16)


def _device_cookie() -> str:
    """Return the cookie's name: under https browsers let no other host set it."""
    return f"__Host-{DEVICE}" if current_settings().https else DEVICE


def with_device(response: Any, device: str) -> Any:
    """Give the device its cookie, now that an answer from it is stored. It holds a random value and nothing else."""
    response.set_cookie(
        _device_cookie(), device, max_age=int(links.RENEWED_FOR.total_seconds()), httponly=True,
        secure=current_settings().https, samesite="Lax",
    )  # fmt: skip
    return response


def to_thanks(token: str, what: str = "answer") -> Any:
    values: dict[str, Any] = {"for": what, "lang": asked_language()}
    return redirect(url_for("answers.thanks", token=token, **values), 303)
