"""How much a request may send, decided before anything of it is read. What is refused is at most discarded.

Without a login that is little, because anybody may send it: reading a form with very many fields takes a second of the
processor. Pages that need more say so with `takes`.
"""

from collections.abc import Callable
from io import BytesIO
from typing import IO, Any, TypeVar

from flask import abort, current_app, request
from flask_login import current_user
from werkzeug.exceptions import RequestEntityTooLarge
from werkzeug.formparser import FormDataParser

from outreach.extensions import current_settings
from outreach.web.frame.request import needs_login

MOST_OF_STRANGERS = 64 * 1024  # bytes, from who is not signed in
MOST_OF_NOMINEES = 512 * 1024  # bytes, for pages on which an office names many people by its link
MOST_OF_UPLOADS = 1024**3  # bytes; for pages that take a file, where the setting upload_limit_mb is the limit
MOST_DISCARDED = 32 * 1024**2  # bytes of staff's too large request that are read, so that the answer arrives
MOST_FILES_OF_STRANGERS = 10  # a page without a login asks for one; each is scanned, and that takes time
A_FIELD = 32  # bytes: a form without a login may have one field for each 32 bytes that it may have
MOST_FIELDS = 50_000  # of any form: an office with this many cadres chooses all of them on one page
_MOST = "outreach_most_bytes"
_PHOTOS = "outreach_takes_photos"
_AS_STAFF = "outreach_as_staff"  # of a request: its sign-in has ended
_FEWER = "outreach_most_fields"  # of a request: the fields that its page can have
AnyView = TypeVar("AnyView", bound=Callable[..., Any])


class TooMuchInForm(RequestEntityTooLarge):
    """A form has more fields or files than its page. Fields were not read, files not scanned."""


def takes(most: int) -> Callable[[AnyView], AnyView]:
    """Let a view without a login take this many bytes. Other decorators go around this one."""

    def mark(view: AnyView) -> AnyView:
        setattr(view, _MOST, most)
        return view

    return mark


def takes_photos(view: AnyView) -> AnyView:
    """Let a view for staff take as many bytes as the setting photos_limit_mb says."""
    setattr(view, _PHOTOS, True)
    return view


def most_of_staff() -> int:
    """Return how many bytes the requested page takes from who is signed in."""
    view = current_app.view_functions.get(request.endpoint or "")
    most: int = current_app.config["MAX_CONTENT_LENGTH"]
    return max(most, current_settings().photos_limit_mb * 1024**2) if getattr(view, _PHOTOS, False) else most


def measure() -> None:
    """Refuse a body that is too large; of a stranger's nothing is read. Run it before everything that reads a form.

    A user who was signed out meanwhile is not refused. The access rules lead to the login page, without reading the body.
    """
    length, in_chunks = request.content_length or 0, "Transfer-Encoding" in request.headers
    if length <= MOST_OF_STRANGERS and not in_chunks:
        return
    if not current_user.is_authenticated:
        request.max_content_length = most_here()  # counts while a body in chunks is read, too
        if needs_login():
            return
    else:
        request.max_content_length = most_of_staff()
    if length > (request.max_content_length or length):
        if current_user.is_authenticated:
            _discard(length)
        abort(413)


def _discard(length: int) -> None:
    """Read a body to its end. With unread bytes a server resets the connection, and half of the answer can be lost."""
    if length <= MOST_DISCARDED:
        body = request.environ["wsgi.input"]
        while length > 0 and (read := body.read(min(length, 64 * 1024))):
            length -= len(read)


def most_here() -> int:
    """Return how many bytes the requested page takes without a login."""
    view = current_app.view_functions.get(request.endpoint or "")
    allowed = request.max_content_length or MOST_OF_UPLOADS
    return min(getattr(view, _MOST, MOST_OF_STRANGERS), current_app.config["MAX_CONTENT_LENGTH"], allowed)


def takes_files(sent: int) -> bool:
    """Return whether the requested page takes files of who is asking. Raise TooMuchInForm if a stranger sends too many.

    A page without a login that takes none is not to have any scanned: anybody could keep the scanner busy there.
    """
    if current_user.is_authenticated:
        return True
    view = current_app.view_functions.get(request.endpoint or "")
    takes_them = bool(getattr(view, _MOST, 0) == MOST_OF_UPLOADS)
    if takes_them and sent > MOST_FILES_OF_STRANGERS:
        raise TooMuchInForm
    return takes_them


def lower(most: int, fields: int = MOST_FIELDS) -> None:
    """Take no more than this many bytes, and fields, of this request. Its form must not have been read yet.

    Every form may have as many fields as a form without a login.
    """
    request.max_content_length = min(request.max_content_length or most, most)
    request.__dict__[_FEWER] = fields
    if (request.content_length or 0) > most:
        abort(413)


def take(most: int) -> None:
    """Read up to this many bytes from somebody whose sign-in has ended, with as many fields as staff may send."""
    request.max_content_length = most
    request.__dict__[_AS_STAFF] = True


def _most_fields() -> int:
    if current_user.is_authenticated or request.__dict__.get(_AS_STAFF):
        return MOST_FIELDS
    can_have: int = request.__dict__.get(_FEWER, MOST_FIELDS)
    return min(can_have, min(most_here(), MOST_OF_NOMINEES) // A_FIELD)


class FormParser(FormDataParser):
    """Reads forms. It refuses a form with too many fields before it splits it; Werkzeug does so only for multipart forms."""

    def parse(
        self, stream: IO[bytes], mimetype: str, content_length: int | None, options: dict[str, str] | None = None
    ) -> Any:
        if mimetype == "application/x-www-form-urlencoded":
            body = stream.read()
            stream.read(1)  # raises if a body in chunks goes on beyond what is allowed
            fields = body.count(b"&") + 1
            if fields > MOST_OF_STRANGERS // A_FIELD and fields > _most_fields():
                raise TooMuchInForm
            stream = BytesIO(body)
        return super().parse(stream, mimetype, content_length, options)
