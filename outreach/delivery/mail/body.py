"""The body of a mail: the letter as text and HTML, with the calendar events (RFC 2046, RFC 6047).

Every part is quoted-printable, so lines stay short and nothing in them can look like a boundary.
"""

from collections.abc import Sequence
from email.message import EmailMessage
from email.policy import EmailPolicy

from outreach.delivery import door_codes
from outreach.delivery.mail import attached as attach
from outreach.delivery.mail.ical_event import Method
from outreach.delivery.mail.letter import MailContent
from outreach.delivery.rows.letters import AttachedLetter

POLICY = EmailPolicy(linesep="\r\n", max_line_length=76)  # longest line of quoted-printable; RFC 2045, 6.7
# "=_" never occurs in quoted-printable text; RFC 2045, 6.7.
BOUNDARY = b"=_"  # how each boundary begins
ALTERNATIVES, ATTACHMENTS, PICTURES = "=_alternatives", "=_attachments", "=_pictures"
_FILES = {
    ("id", Method.REQUEST): "undangan", ("id", Method.PUBLISH): "undangan", ("id", Method.CANCEL): "pembatalan",
    ("en", Method.REQUEST): "invitation", ("en", Method.PUBLISH): "invitation", ("en", Method.CANCEL): "cancellation",
}  # fmt: skip


def body(
    letter: MailContent, entries: Sequence[tuple[Method, str]], locale: str, files: Sequence[AttachedLetter] = (),
    codes: Sequence[tuple[str, str]] = (), *, several: bool,
) -> bytes:  # fmt: skip
    """Return the MIME header fields and the parts, with CRLF.

    entries: each activity's calendar object. A single request or cancellation is the last alternative, so that calendar
    programs act on it. Several objects, and one that is only shown (PUBLISH), are attached files. files: signed letters,
    which the body only names (mail/attached.py). codes: for the door, each with the Content-ID of its picture.
    """
    mail = EmailMessage(policy=POLICY)
    mail.set_content(letter.text, cte="quoted-printable")
    mail.add_alternative(letter.html, subtype="html", cte="quoted-printable")
    for content_id, code in codes:
        page = mail.get_payload(1)
        assert isinstance(page, EmailMessage)
        page.add_related(door_codes.picture(code), "image", "png", cid=f"<{content_id}>", disposition="inline")
        page.set_boundary(PICTURES)
    mail.set_boundary(ALTERNATIVES)
    attached = several or any(method is Method.PUBLISH for method, _ in entries)
    for number, (method, entry) in enumerate(entries, 1):
        name = _FILES[locale, method]
        if attached:
            mail.add_attachment(
                entry, subtype="calendar", cte="quoted-printable", params={"method": method.value},
                filename=f"{name}-{number}.ics" if several else f"{name}.ics",
            )  # fmt: skip
        else:
            named = {"method": method.value, "name": f"{name}.ics"}
            mail.add_alternative(entry, subtype="calendar", cte="quoted-printable", params=named)
    attach.name_files(mail, files)
    if (attached and entries) or files:
        mail.set_boundary(ATTACHMENTS)
    mail["Content-Language"] = locale  # last, because adding parts moves Content- headers into the first part
    return mail.as_bytes()
