"""The demo's mailbox: mails that the built-in mail server caught, as their recipients would see them. Not for real use."""

from email.message import EmailMessage
from pathlib import Path

from flask import Blueprint, Response, abort, current_app, render_template, request, url_for

from outreach.delivery.demo_server import kept_mail
from outreach.delivery.demo_server import server as demo_server
from outreach.delivery.demo_server.server import KeptMail
from outreach.queries.paging import Page
from outreach.settings import Settings
from outreach.web.frame.say import page_number

PER_PAGE = 50
SHORTEST, TALLEST = 8, 24  # of the classes in static/css/demo_mailbox.css
bp = Blueprint("mailbox", __name__, url_prefix="/mailbox")

# Policy for the mail's own HTML: no script, no form, nothing external. Its links open outside the frame.
MAIL_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; font-src data:; frame-ancestors 'self'; "
    "sandbox allow-top-navigation-by-user-activation allow-popups allow-popups-to-escape-sandbox"
)
FILE_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


@bp.before_request
def _only_in_the_demo() -> None:
    settings: Settings = current_app.extensions["outreach"]
    if not settings.demo:
        abort(404)


@bp.get("")
def index() -> str:
    everything = demo_server.listing(_folder())
    to = request.args.get("to", "").strip().lower()
    found = [caught for caught in everything if to in f"{caught.to_name} {caught.recipient}".lower()]
    return render_template("demo_mailbox/index.html", page=_page(found, page_number()), to=to, total=len(everything))


@bp.get("/<key>")
def show(key: str) -> str:
    caught, mail = _found(key)
    text = kept_mail.text_of(mail)
    return render_template(
        "demo_mailbox/show.html",
        caught=caught,
        mail=mail,
        text=text,
        height=_height(text),
        has_html=bool(kept_mail.html_of(mail)),
        attachments=kept_mail.attachments_of(mail),
        calendars=kept_mail.calendars_of(mail),
        headers=kept_mail.headers_of(mail),
        subject=demo_server.header(mail, "Subject"),
        sender=demo_server.header(mail, "From"),
        to=demo_server.header(mail, "To"),
    )


@bp.get("/<key>/html")
def html(key: str) -> Response:
    _caught, mail = _found(key)
    page = kept_mail.html_of(mail, lambda number: url_for(".attachment", key=key, number=number))
    return Response(page, mimetype="text/html", headers={"Content-Security-Policy": MAIL_POLICY, **_private()})


@bp.get("/<key>/files/<int:number>")
def attachment(key: str, number: int) -> Response:
    _caught, mail = _found(key)
    found = kept_mail.attachment_of(mail, number)
    if found is None:
        abort(404)
    inline = found.kind.startswith("image/") and found.kind != "image/svg+xml"
    response = Response(
        found.data, mimetype=found.kind if inline or found.kind == "text/calendar" else "application/octet-stream"
    )
    response.headers.set("Content-Disposition", "inline" if inline else "attachment", filename=found.name)
    response.headers.update({"Content-Security-Policy": FILE_POLICY, **_private()})
    return response


def _found(key: str) -> tuple[KeptMail, EmailMessage]:
    found = demo_server.find(_folder(), key)
    if found is None:
        abort(404)
    return found


def _height(text: str) -> int:
    """Return the height of a frame that shows this mail on a phone without scrolling, in steps of four lines."""
    lines = sum(1 + len(line) // 38 for line in text.splitlines())
    return min(max(-(-lines // 4), SHORTEST), TALLEST)


def _page(found: list[KeptMail], number: int) -> Page:
    number = min(number, max(1, -(-len(found) // PER_PAGE)))
    return Page(found[(number - 1) * PER_PAGE : number * PER_PAGE], len(found), number, PER_PAGE)


def _folder() -> Path:
    settings: Settings = current_app.extensions["outreach"]
    return settings.instance / "mailbox"


def _private() -> dict[str, str]:
    return {"Cache-Control": "private, no-store"}
