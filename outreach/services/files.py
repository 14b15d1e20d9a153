"""Keep a file that somebody uploaded, byte for byte. The caller has checked what kind of file it is."""

import hashlib
import unicodedata
from datetime import datetime
from pathlib import PurePosixPath

import sqlalchemy as sa
from sqlalchemy.orm import Session, scoped_session

from outreach.domain.problems import Problem
from outreach.models import StoredFile, User

MOST_BYTES = 10 * 1024 * 1024  # a backup's row holds it as base64
MOST_IN_A_NAME = 200


class UploadTooLarge(Problem):
    message = "“%(filename)s” is too large. A file may have at most %(megabytes)s MB."
    field = "file"


def keep(
    session: Session, data: bytes, filename: str, media_type: str, *, by: User | None, now: datetime,
    most_bytes: int | None = None,
) -> StoredFile:  # fmt: skip
    """Add a file to the caller's transaction. media_type: found by its content. Raise UploadTooLarge."""
    name = plain_name(filename)
    check_size(data, name, most_bytes)
    kept = StoredFile(
        sha256=hashlib.sha256(data).hexdigest(), size=len(data), media_type=media_type, name=name, data=data,
        uploaded_at=now, uploaded_by_id=by.id if by else None,
    )  # fmt: skip
    session.add(kept)
    session.flush()
    return kept


def check_size(data: bytes, name: str, most_bytes: int | None = None) -> None:
    """Raise UploadTooLarge. most_bytes: None for MOST_BYTES."""
    most = most_bytes or MOST_BYTES
    if len(data) > most:
        raise UploadTooLarge(filename=name, megabytes=most // 1024 // 1024)


def data_of(session: Session | scoped_session, sha256: str) -> bytes:
    """Return a kept file's bytes; empty if there is none."""
    return session.scalar(sa.select(StoredFile.data).where(StoredFile.sha256 == sha256).limit(1)) or b""


def plain_name(filename: str) -> str:
    """Return a file's name without folders and without characters that hide or break a line."""
    last = PurePosixPath(filename.replace("\\", "/")).name
    shown = "".join(one for one in last if unicodedata.category(one)[0] != "C").strip()[-MOST_IN_A_NAME:]
    return shown if shown.strip(".") else "file"
