"""Files of a form are scanned before a view sees the first of them, where a virus scanner is set.

Each way in goes through here, because `request.files` does (clean_request.py). What is not known to be harmless is not stored.
"""

from collections.abc import Iterable
from typing import Any, cast

import structlog
from flask import request
from flask_babel import gettext as _
from flask_login import current_user
from werkzeug.datastructures import FileStorage
from werkzeug.exceptions import HTTPException, ServiceUnavailable, UnprocessableEntity

from outreach import clock
from outreach.delivery import scanner
from outreach.delivery.scanner import NotJudged, ScannerAway
from outreach.domain.sign_in.events import SecurityKind
from outreach.extensions import current_settings
from outreach.services.files import plain_name
from outreach.services.sign_in.events import security_event
from outreach.web.frame.rate_limited import way_back

log = structlog.get_logger()


class UploadInfected(UnprocessableEntity):
    """The scanner found something in a file."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.file_name = name


class UploadUnscanned(ServiceUnavailable):
    """The scanner is away, so nobody knows what is in a file."""


class UploadNotJudged(UnprocessableEntity):
    """The scanner answers, but not about this file: it is too large for it, for example."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.file_name = name


def scan(files: Iterable[FileStorage]) -> None:
    """Raise UploadInfected, UploadNotJudged or UploadUnscanned if one of the files may not be taken.

    Afterwards each is at its beginning.
    """
    for file in files:
        try:
            found = scanner.found_in(cast(Any, file.stream), current_settings())
        except NotJudged as error:
            log.error("file not judged", endpoint=request.endpoint, reason=str(error))
            raise UploadNotJudged(plain_name(file.filename or "")) from error
        except ScannerAway as away:
            log.error("file not scanned", endpoint=request.endpoint, reason=str(away))
            raise UploadUnscanned from away
        file.stream.seek(0)
        if found:
            user = current_user._get_current_object() if current_user.is_authenticated else None
            security_event(SecurityKind.FILE_INFECTED, user, now=clock.now(), page=request.endpoint, found=found)
            raise UploadInfected(plain_name(file.filename or ""))


def why_refused(error: HTTPException) -> tuple[str, str]:
    """Return as title and text why a file was not taken and what to do; both "" for any other error."""
    if isinstance(error, UploadInfected):
        told = _(
            "The virus scanner found something harmful in “%(file)s”. Nothing was stored. Please send another file, and have the "
            "computer or phone examined from which this one comes.",
            file=error.file_name,
        )
        return _("This file was not accepted"), f"{told} {way_back()}"
    if isinstance(error, UploadNotJudged):
        told = _(
            "The virus scanner cannot examine “%(file)s”, perhaps because it is too large. Nothing was stored. Please send a "
            "smaller file.",
            file=error.file_name,
        )
        return _("This file was not accepted"), f"{told} {way_back()}"
    if isinstance(error, UploadUnscanned):
        told = _(
            "The virus scanner does not answer, so nothing was stored. Please try again later. If it stays so, tell the "
            "administrator of the office."
        )
        return _("Files cannot be checked at present"), f"{told} {way_back()}"
    return "", ""
