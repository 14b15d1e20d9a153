"""Many documents as one file: a ZIP, or one PDF for the printer. A process of its own sets them: `outreach documents KEY`.

Its progress and its result are files in the instance folder under a name that nobody can guess, kept for a day. Which
documents there are, and how each is made, say letters/bundle.py, certificates/bundle.py, and web/kla/parts.py for evidence.
"""

import contextlib
import json
import os
import re
import secrets
import subprocess
import sys
import threading
import time
import zipfile
from collections.abc import Callable, Iterable, Sized
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from outreach import codec
from outreach.delivery.documents.pdf_pages import JoinedPdf
from outreach.delivery.documents.typeset import Press, press
from outreach.domain.problems import Problem
from outreach.extensions import current_settings
from outreach.models import User
from outreach.services import files
from outreach.settings import ROOT, environment

KEPT_FOR = timedelta(days=1)
MOST_PDF_BYTES = 500 * 1024**2  # of all parts of one PDF: no printer takes more at once
MOST_ZIP_BYTES = 2 * 1024**3  # of all parts of one ZIP: what a mailbox's or a ministry's page takes is less by far
WRITES_S = 0.3
SILENT_S = 60.0  # after this time without a sign of life, the process is gone
_KEY = re.compile(r"[A-Za-z0-9_-]{32}")


class BundleOf(StrEnum):
    LETTERS = "letters"
    CERTIFICATES = "certificates"
    KLA = "kla"


class BundleForm(StrEnum):
    ZIP = "zip"
    PDF = "pdf"


class BundleState(StrEnum):
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


class BundleTooLarge(Problem):
    message = (
        "Together these documents are larger than %(megabytes)s MB, which is too much for one PDF. Please choose the ZIP, or "
        "narrow the list."
    )


class ZipTooLarge(Problem):
    message = "Together these files are larger than %(megabytes)s MB. Please take them in smaller parts."


class BundleGone(Problem):
    message = "This file is no longer kept here. Please make it again."


class BundleBroken(Problem):
    message = "Making the file ended unexpectedly. Please begin again."


@dataclass(frozen=True)
class Bundle:
    """What is being made, and how far it is. to_sign: letters without the mark KONSEP. problem: why it failed, in English.

    ids: of the documents. left_out: how many of those chosen cannot be made so. year, code, staff_photos: of evidence for Kota
    Layak Anak; code: of one indicator, "" for all. parts: how many documents, if that is known only when they are made.
    """

    user_id: int
    of: BundleOf
    form: BundleForm
    ids: tuple[int, ...]
    begun_at: datetime
    to_sign: bool = False
    left_out: int = 0
    year: int = 0
    code: str = ""
    staff_photos: bool = False
    parts: int = 0
    done: int = 0
    state: BundleState = BundleState.RUNNING
    problem: str = ""
    values: dict[str, str] = field(default_factory=dict)  # of the problem
    at_document: str = ""  # the title of the document that has the problem

    @property
    def total(self) -> int:
        return self.parts or len(self.ids)


@dataclass(frozen=True)
class BundlePart:
    """A document of the file. name, folder: in the ZIP; the folder is safe as it is. make: returns its bytes; None skips it."""

    title: str
    name: str
    make: Callable[[Press], bytes | None]
    folder: str = ""


def begin(bundle: Bundle, *, now: datetime, launch: Callable[[str], object] | None = None) -> str:
    """Start making the file; return its key. launch: starts the process."""
    key = secrets.token_urlsafe(24)
    forget_old(now=now)
    _write(key, bundle)
    (launch or _launch)(key)
    return key


def read(key: str, *, by: User) -> Bundle:
    """Return how far it is. Raise BundleGone if it is unknown, too old or another user's."""
    found = _read(key)
    if found.user_id != by.id:
        raise BundleGone
    if found.state is BundleState.RUNNING and time.time() - _path(key, "json").stat().st_mtime > SILENT_S:
        return replace(found, state=BundleState.FAILED, problem=BundleBroken.message)
    return found


def result(key: str, *, by: User) -> tuple[Bundle, Path]:
    """Return the finished file. Raise BundleGone."""
    found = read(key, by=by)
    path = _path(key, found.form.value)
    if found.state not in (BundleState.DONE, BundleState.STOPPED) or not path.exists():
        raise BundleGone
    return found, path


def stop(key: str, *, by: User) -> None:
    """Ask the process to stop; the file then has the letters made so far. Raise BundleGone."""
    read(key, by=by)
    _path(key, "stop").touch(mode=0o600)


def forget_old(*, now: datetime) -> int:
    """Delete what is older than a day; return how many files. Letters name people, so an engine calls it, too."""
    oldest, deleted = (now - KEPT_FOR).timestamp(), 0
    for path in _folder().iterdir():
        with contextlib.suppress(FileNotFoundError):  # another process deleted it
            if path.stat().st_mtime < oldest:
                path.unlink()
                deleted += 1
    return deleted


def forget_all() -> None:
    """Delete all files, also those that are being made: they may name somebody who was just erased."""
    for path in _folder().glob("*.json"):
        _path(path.stem, "gone").touch(mode=0o600)  # before anything is deleted: the process looks for it at its end
    for path in _folder().iterdir():
        if path.suffix != ".gone":
            path.unlink(missing_ok=True)


def of_key(key: str) -> BundleOf:
    """Return of what the file is made, for the process that makes it. Raise BundleGone."""
    return _read(key).of


def work(key: str, parts: Callable[[Bundle], Iterable[BundlePart]]) -> None:
    """Make the file, in the process of its own. Needs an app context. parts: the documents in order; a list tells how many."""
    bundle = _read(key)
    title = ""
    try:
        with press() as on:
            planned = parts(bundle)
            if isinstance(planned, Sized):
                bundle = replace(bundle, parts=len(planned))
                _write(key, bundle)
            made = _Making(key, bundle)
            for part in planned:
                title = part.title
                if _path(key, "stop").exists() or _path(key, "gone").exists():
                    break
                made.add(part, part.make(on))
            made.finish()
    except Problem as problem:
        said = {name: str(value) for name, value in problem.values.items()}
        _fail(key, problem=problem.message, values=said, at_document=title)
    except BaseException:
        _fail(key, problem=BundleBroken.message)
        raise
    finally:
        _path(key, "part").unlink(missing_ok=True)
        if _path(key, "gone").exists():
            for path in _folder().glob(f"{key}.*"):
                if path.suffix != ".gone":
                    path.unlink(missing_ok=True)


def _fail(key: str, **why: Any) -> None:
    with contextlib.suppress(BundleGone):
        _write(key, replace(_read(key), state=BundleState.FAILED, **why))


class _Making:
    """The file as far as it is. It grows on the disk."""

    def __init__(self, key: str, bundle: Bundle) -> None:
        self.key, self.bundle = key, bundle
        self._done = 0
        self._bytes = 0
        self._pages: JoinedPdf | None = None
        self._archive: zipfile.ZipFile | None = None
        self._unfinished = _path(key, "part")
        self._wrote = time.monotonic()

    def add(self, part: BundlePart, data: bytes | None) -> None:
        self._bytes += len(data or b"")
        if data is None:
            pass
        elif self.bundle.form is BundleForm.ZIP:
            if self._bytes > MOST_ZIP_BYTES:
                raise ZipTooLarge(megabytes=MOST_ZIP_BYTES // 1024**2)
            name = files.plain_name(part.name.replace("/", "-"))
            self._archive = self._archive or self._opened()
            self._archive.writestr(f"{part.folder}/{name}" if part.folder else name, data)
        else:
            if self._bytes > MOST_PDF_BYTES:
                raise BundleTooLarge(megabytes=MOST_PDF_BYTES // 1024**2)
            if self._pages is None:
                self._unfinished.touch(mode=0o600)
                self._pages = JoinedPdf(self._unfinished)
            self._pages.add(data)
        self._done += 1
        if time.monotonic() - self._wrote >= WRITES_S:
            self._wrote = time.monotonic()
            _write(self.key, replace(self.bundle, done=self._done))

    def finish(self) -> None:
        whole = self._done == self.bundle.total
        if self._archive is not None:
            self._archive.close()
        if self._pages is not None:
            self._pages.finish()
        if self._done:
            self._unfinished.replace(_path(self.key, self.bundle.form.value))
        state = BundleState.DONE if whole else BundleState.STOPPED
        _write(self.key, replace(self.bundle, done=self._done, state=state))

    def _opened(self) -> zipfile.ZipFile:
        self._unfinished.touch(mode=0o600)
        return zipfile.ZipFile(self._unfinished, "w", zipfile.ZIP_STORED)  # PDFs are compressed already


def _launch(key: str) -> None:
    process = subprocess.Popen(  # noqa: S603  our own program, and a key of our own
        [sys.executable, "-m", "outreach", "documents", key],
        cwd=ROOT,
        env={**os.environ, **environment(current_settings())},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
    )
    threading.Thread(target=process.wait, name="documents", daemon=True).start()  # removes it from the process table


def _read(key: str) -> Bundle:
    if not _KEY.fullmatch(key) or _path(key, "gone").exists():
        raise BundleGone
    try:
        return codec.from_json(Bundle, json.loads(_path(key, "json").read_text("utf-8")))
    except (OSError, ValueError):
        raise BundleGone from None


def _write(key: str, bundle: Bundle) -> None:
    """Replace the description at once, so that nobody reads half of it."""
    fresh = _path(key, "new")
    fresh.touch(mode=0o600)
    fresh.write_text(json.dumps(codec.to_json(bundle)), "utf-8")
    fresh.replace(_path(key, "json"))


def _path(key: str, kind: str) -> Path:
    return _folder() / f"{key}.{kind}"


def _folder() -> Path:
    folder = current_settings().instance / "documents"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder
