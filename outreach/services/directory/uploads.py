"""Uploaded files kept for an hour between two steps of one user's work, under names that nobody can guess.

The result of a file is kept for a day: its report and the refused rows, without the file.
"""

import json
import re
import secrets
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from flask import current_app

from outreach import codec
from outreach.domain.problems import Problem
from outreach.models import User
from outreach.settings import Settings

KEPT_FOR = timedelta(hours=1)
SETTLED_FOR = timedelta(days=1)
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


class UploadGone(Problem):
    message = "This file is no longer kept here. Please choose it again."
    field = "file"


@dataclass(frozen=True)
class Upload:
    """One kept file. options: JSON values stored with it, such as an import report."""

    key: str
    filename: str
    data: bytes
    options: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _Description:
    """What is stored beside a file."""

    user_id: int
    filename: str
    expires_at: datetime
    options: dict[str, Any]


def keep(data: bytes, filename: str, options: dict[str, Any] | None = None, *, by: User, now: datetime) -> Upload:
    """Store a file that only `by` can fetch; delete expired ones."""
    folder = _folder()
    forget_old(now=now)
    key = secrets.token_urlsafe(24)
    _write(folder / f"{key}.bin", data)
    upload = Upload(key, filename, data, options or {})
    _describe(upload, by, now + KEPT_FOR)
    return upload


def fetch(key: str, *, by: User, now: datetime) -> Upload:
    """Return what `by` stored under `key`. Raise UploadGone if it is another user's, expired or unknown."""
    if not _KEY.fullmatch(key):
        raise UploadGone
    folder = _folder()
    try:
        about = _description(folder / f"{key}.json")
        data = (folder / f"{key}.bin").read_bytes()
    except (OSError, ValueError):
        raise UploadGone from None
    if about.user_id != by.id or now >= about.expires_at:
        raise UploadGone
    return Upload(key, about.filename, data, about.options)


def amend(upload: Upload, options: dict[str, Any], *, by: User, now: datetime) -> None:
    """Replace the options of a kept file; its hour starts again."""
    _describe(Upload(upload.key, upload.filename, b"", options), by, now + KEPT_FOR)


def settle(upload: Upload, options: dict[str, Any], *, by: User, now: datetime) -> None:
    """Empty the file and replace its options; they are kept for a day."""
    _write(_folder() / f"{upload.key}.bin", b"")
    _describe(Upload(upload.key, upload.filename, b"", options), by, now + SETTLED_FOR)


def forget_old(*, now: datetime) -> int:
    """Delete files whose time is over, including files left half written; return how many."""
    oldest, deleted = (now - KEPT_FOR).timestamp(), 0
    for path in _folder().iterdir():
        try:
            if path.suffix not in (".bin", ".json") or path.stat().st_mtime >= oldest:
                continue
        except FileNotFoundError:  # another process deleted it
            continue
        try:
            over = now >= _description(path.with_suffix(".json")).expires_at
        except (OSError, ValueError):
            over = True
        if over:
            path.unlink(missing_ok=True)
            deleted += 1
    return deleted


def _describe(upload: Upload, by: User, expires_at: datetime) -> None:
    about = _Description(by.id, upload.filename, expires_at, upload.options)
    _write(_folder() / f"{upload.key}.json", json.dumps(codec.to_json(about)).encode())
    (_folder() / f"{upload.key}.bin").touch()


def _description(path: Path) -> _Description:
    """Return what a file's description says. Raise OSError, or ValueError if it is unreadable."""
    return codec.from_json(_Description, json.loads(path.read_text("utf-8")))


def _write(path: Path, data: bytes) -> None:
    path.touch(mode=0o600)
    path.write_bytes(data)


def _folder() -> Path:
    config: Settings = current_app.extensions["outreach"]
    folder = config.instance / "uploads"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
