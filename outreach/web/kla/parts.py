"""What goes into a bundle of evidence for Kota Layak Anak: a folder for each indicator, in it one for each activity.

Everything is read when the bundle is made. Names of folders and files tell nothing but days, neutral titles and numbers;
`daftar-isi.txt` says what stands where, and `daftar-kekurangan` what is missing. It is always in Indonesian: assessors read it.
"""

import io
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import partial
from typing import Any

from flask_babel import gettext as _
from flask_babel import ngettext
from werkzeug.utils import secure_filename

from outreach import clock
from outreach.delivery import spreadsheets
from outreach.delivery.documents import kla as paper
from outreach.delivery.documents.kla import MissingPaper, MissingRow, MissingSection
from outreach.delivery.documents.typeset import Press
from outreach.delivery.spreadsheets import ListColumn
from outreach.delivery.words.formats import day, moment
from outreach.delivery.words.kla import gap_words, in_words
from outreach.delivery.words.labels import label
from outreach.domain.kla.evidence import APPROVED, EvidenceKind
from outreach.domain.kla.indicators import Indicator
from outreach.domain.problems import Problem
from outreach.domain.states import MinutesState
from outreach.extensions import current_settings, db
from outreach.models import Activity, Certificate, Letter
from outreach.queries import documentation
from outreach.queries.door import attendance
from outreach.queries.door.attendance import ShownAttendance
from outreach.queries.kla import files
from outreach.queries.kla.files import KeptFile
from outreach.queries.kla.year import IndicatorLine, KlaYear, TaggedActivity, kla_year
from outreach.queries.minutes import page as minutes_pages
from outreach.queries.reports import document as reports
from outreach.queries.reports.figures import ReportScope, report
from outreach.services import bundles
from outreach.services.bundles import Bundle, BundlePart
from outreach.services.certificates import document as certificate_document
from outreach.services.certificates.document import CertificateMaker
from outreach.services.letters import document as letter_document
from outreach.services.letters.document import DocumentMaker
from outreach.services.minutes import send as minutes_document
from outreach.web.exports.columns import MIDDLE, WIDE, belongs_to
from outreach.web.frame.access import office
from outreach.web.frame.looks import office_zone
from outreach.web.frame.say import say
from outreach.web.kla.blueprint import KLA
from outreach.web.reports.content import content_of

ENDINGS = {
    "application/pdf": ".pdf", "image/jpeg": ".jpg", "image/png": ".png", "image/webp": ".webp",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation": ".pptx",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document": ".docx",
    "application/vnd.oasis.opendocument.presentation": ".odp",
}  # fmt: skip
LONGEST_FOLDER = 40  # characters of a title in a folder's name: Windows allows 260 for a whole path
Make = Callable[[Press], bytes | None]


def work(key: str) -> None:
    """Make the file, in the process of its own. Needs an app context."""
    bundles.work(key, parts)


def parts(bundle: Bundle) -> list[BundlePart]:
    """Return the files of the bundle. Raise KlaYearMissing or IndicatorMissing."""
    now = clock.now()
    page = kla_year(bundle.year, now=now)
    lines = [page.line(bundle.code)] if bundle.code else list(page.lines)
    return _Plan(page, lines, staff_photos=bundle.staff_photos, now=now).parts()


@dataclass
class _Plan:
    """The files in their order. made: the paths that were written, each with what it is; it grows while the files are made.

    What the lists at the end say of activities is read at the beginning, because an activity can be deleted meanwhile.
    """

    page: KlaYear
    lines: list[IndicatorLine]
    staff_photos: bool
    now: datetime
    found: list[BundlePart] = field(default_factory=list)
    made: list[tuple[str, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.sections = tuple(_section(line) for line in self.lines)
        self.folders = {
            f"{line.indicator.folder}/{folder_of(one.activity)}": _named(one.activity)
            for line in self.lines
            for one in line.held
        }
        self.letter_maker = DocumentMaker(db.session)
        self.certificate_maker = CertificateMaker(db.session)

    def parts(self) -> list[BundlePart]:
        for line in self.lines:
            for one in line.held:
                self._activity(line.indicator, one)
            self._reports(line)
        self._year_report()
        self.notes = list(dict.fromkeys(self.notes))  # one activity can belong to several indicators
        self._add(
            "", "daftar-kekurangan.pdf", _("What is missing"), lambda on: paper.pdf(self._missing(), at=self.now, on=on)
        )
        self._add("", "daftar-kekurangan.txt", _("What is missing"), self._missing_as_text)
        self._add("", "daftar-isi.txt", _("What is in this file"), lambda _on: self._index().encode())
        return self.found

    def _activity(self, indicator: Indicator, one: TaggedActivity) -> None:
        activity, id_ = one.activity, one.activity.id
        folder = f"{indicator.folder}/{folder_of(activity)}"
        for number, letter in enumerate(files.letters(id_), 1):
            if letter.signed is not None:
                self._kept(
                    folder, f"surat-{number:02}", letter.signed, _("Signed letter %(title)s", title=letter.title)
                )
            else:
                make = partial(_konsep, letter.id, self.letter_maker)
                self._add(
                    folder,
                    f"surat-{number:02}-konsep.pdf",
                    _("Letter, not signed: %(title)s", title=letter.title),
                    make,
                )
        for number, kept in enumerate(files.signed_lists(id_), 1):
            self._kept(folder, f"daftar-hadir-bertanda-tangan-{number:02}", kept, _("Signed attendance list"))
        if one.found and one.found.present:
            self._add(folder, "daftar-hadir.xlsx", _("Who was there"), partial(_attendance, activity.id))
        self._photos(folder, one)
        if one.found and one.found.minutes in APPROVED:
            self._add(folder, "notula.pdf", _("Approved minutes"), partial(_minutes, id_))
        if EvidenceKind.MATERIALS in indicator.evidence:
            for number, kept in enumerate(files.materials(id_), 1):
                self._kept(folder, f"materi-{number:02}", kept, _("Materials of a speaker"))
        if EvidenceKind.CERTIFICATES in indicator.evidence:
            for number, (certificate_id, written) in enumerate(files.certificates(id_), 1):
                make = partial(_certificate, certificate_id, self.certificate_maker)
                self._add(folder, f"sertifikat-{number:03}.pdf", _("Certificate %(number)s", number=written), make)

    def _photos(self, folder: str, one: TaggedActivity) -> None:
        """Add the photos and the press text, unless only staff may see them and nobody chose otherwise."""
        activity = one.activity
        if one.found and one.found.photos_for_staff and not self.staff_photos:
            if one.found.photos or one.found.press:
                self.notes.append(
                    _("Photos and press text of %(activity)s: only staff may see them, so they are not in this file.",
                      activity=_named(activity))
                )  # fmt: skip
            return
        captions = []
        photos = files.photos(activity.id)
        for number, photo in enumerate(photos, 1):
            name = f"foto-{number:02}.jpg"
            self._add(folder, name, photo.caption or _("Photo"), partial(_data, photo.file_id))
            captions += [f"{name}: {photo.caption}"] if photo.caption else []
        if left := sum(photo.names_child for photo in photos):
            self.notes.append(
                ngettext(
                    "%(num)d caption of a photo of %(activity)s holds the name of a child, and is left out.",
                    "%(num)d captions of photos of %(activity)s hold the name of a child, and are left out.",
                    left, activity=_named(activity),
                )
            )  # fmt: skip
        if captions:
            self._add(folder, "keterangan-foto.txt", _("Captions of the photos"), _text("\n".join([*captions, ""])))
        row = documentation.of_activity(activity).row
        if row and row.press_title:
            said = _text(f"{row.press_title}\n\n{row.press_text}\n")
            self._add(folder, "siaran-pers.txt", _("Press text"), said)

    def _reports(self, line: IndicatorLine) -> None:
        """Add the reports of the programmes to which the activities belong: as on the page of reports, small counts hidden."""
        programmes = {one.activity.programme_id: one.activity.programme for one in line.held if one.activity.programme}
        for programme_id, programme in programmes.items():
            scope = ReportScope(office_zone(), programme_id=programme_id)
            name = f"laporan-{programme.starts_on.isoformat()}-rangkaian-{programme_id}.pdf"
            words = _("Report of the programme %(title)s", title=programme.title)
            self._add(f"{line.indicator.folder}/laporan", name, words, partial(_report, scope, self.now))

    def _year_report(self) -> None:
        if any(line.held for line in self.lines):
            year = self.page.year
            scope = ReportScope(office_zone(), first=date(year, 1, 1), last=date(year, 12, 31))
            words = _("Report of all activities of %(year)s", year=year)
            self._add("", f"laporan-tahun-{year}.pdf", words, partial(_report, scope, self.now))

    def _kept(self, folder: str, stem: str, kept: KeptFile, words: str) -> None:
        self._add(folder, stem + ENDINGS.get(kept.media_type, ".bin"), words, partial(_data, kept.id))

    def _add(self, folder: str, name: str, words: str, make: Make) -> None:
        path = f"{folder}/{name}" if folder else name
        self.found.append(BundlePart(words, name, partial(self._make, path, words, make), folder))

    def _make(self, path: str, words: str, make: Make, on: Press) -> bytes | None:
        """Return a file's bytes. What cannot be made is named in the list, and the others are still made."""
        try:
            data = make(on)
        except Problem as problem:
            self.notes.append(_("%(what)s could not be made: %(why)s", what=words, why=say(problem)))
            data = None
        finally:
            db.session.rollback()
        if data is not None:
            self.made.append((path, words))
        return data

    def _missing(self) -> MissingPaper:
        our = office()
        head = f"{KLA} {self.page.year}"
        single = self.lines[0].indicator if len(self.lines) == 1 else None
        return MissingPaper(
            title=_("What is missing"),
            subject=_("%(year)s, indicator %(code)s", year=head, code=single.code) if single else head,
            made=_("%(office)s, made on %(moment)s", office=our.short_name if our else "",
                   moment=moment(self.now, office_zone())),
            intro=_("For each activity that was held, this list names the evidence that is expected and not there. It is no "
                    "score, and says nothing of the quality of an activity."),
            sections=self.sections,
            notes_heading=_("Left out of this file"),
            notes=tuple(self.notes),
            words={
                "expected": _("Expected evidence"), "day": _("Day"), "activity": _("Activity"), "missing": _("Missing"),
                "complete": _("Everything expected is there."), "page": _("Page"), "of": _("of"),
            },
        )  # fmt: skip

    def _missing_as_text(self, _on: Press) -> bytes | None:
        """Return the list as text if its PDF could not be made, such as for a title with a character that no font has."""
        printed = any(path == "daftar-kekurangan.pdf" for path, _words in self.made)
        return None if printed else self._missing().text.encode()

    def _index(self) -> str:
        """Return what is in the bundle: each activity's folder with its title, then its files."""
        indicators = {line.indicator.folder: line.indicator for line in self.lines}
        said, shown = [f"{KLA} {self.page.year}", _("What is in this file")], ""
        for path, words in sorted(self.made, key=lambda one: (one[0].count("/") > 0, one[0])):
            folder = path.rpartition("/")[0]
            if folder != shown:
                top = folder.partition("/")[0]
                if top != shown.partition("/")[0]:
                    said += ["", f"{top}: {indicators[top].name}"]
                said += ["", f"{folder}: {self.folders[folder]}" if folder in self.folders else folder]
                shown = folder
            said.append(f"  {path.rpartition('/')[2]}: {words}")
        return "\n".join([*said, ""])


def folder_of(activity: Activity) -> str:
    """Return the name of an activity's folder: its day, its neutral title, and its number."""
    title = secure_filename(activity.neutral_title.lower()).strip("._-")[:LONGEST_FOLDER].strip("._-") or "kegiatan"
    return f"{_day_of(activity).isoformat()}-{title.replace('_', '-')}-{activity.id}"


def _section(line: IndicatorLine) -> MissingSection:
    indicator = line.indicator
    ahead = len(line.not_held)
    if not line.activities:
        remark = _("No activity is tagged with this indicator.")
    elif ahead:
        remark = ngettext("%(num)d activity is not held yet.", "%(num)d activities are not held yet.", ahead)
    else:
        remark = ""
    return MissingSection(
        heading=f"{indicator.code}. {indicator.name}",
        expected=in_words(indicator.evidence) or _("nothing of activities"),
        rows=tuple(
            MissingRow(
                day(_day_of(one.activity), weekday=False),
                one.activity.title,
                tuple(map(gap_words, one.gaps(indicator))),
            )
            for one in line.held
        ),
        remark=remark,
    )


def _named(activity: Activity) -> str:
    return f"“{activity.title}” ({day(_day_of(activity), weekday=False)})"


def _day_of(activity: Activity) -> date:
    return activity.starts_at.astimezone(activity.zone).date()


def _text(said: str) -> Make:
    return lambda _on: said.encode()


def _data(file_id: int, _on: Press) -> bytes | None:
    return files.data_of(file_id)


def _konsep(letter_id: int, maker: DocumentMaker, on: Press) -> bytes | None:
    letter = db.session.get(Letter, letter_id)
    return letter_document.pdf(letter.versions[-1], draft=True, on=on, maker=maker) if letter else None


def _certificate(certificate_id: int, maker: CertificateMaker, on: Press) -> bytes | None:
    found = db.session.get(Certificate, certificate_id)
    return certificate_document.pdf(found, on=on, maker=maker) if found else None


def _minutes(activity_id: int, on: Press) -> bytes | None:
    """Return the PDF that was sent, or the approved version."""
    found = minutes_pages.of_activity(activity_id)
    if found is None or found.state not in APPROVED:
        return None
    if found.state is MinutesState.SENT and found.file_id is not None:
        return files.data_of(found.file_id)
    return minutes_document.pdf(found, on=on)


def _report(scope: ReportScope, now: datetime, on: Press) -> bytes:
    below, our = current_settings().small_numbers_below, office()
    found = report(scope, below=below, now=now)
    content = content_of(found, below=below, office=our.short_name if our else "", now=now)
    return reports.pdf(content, now=now, on=on)


def _attendance(activity_id: int, _on: Press) -> bytes:
    """Return who was there as a spreadsheet: names and where they belong, no addresses and no phone numbers."""
    columns = [
        ListColumn(_("Name"), WIDE, lambda row: row.invitation.invitee.display_name),
        ListColumn(_("Represented by"), WIDE, lambda row: row.invitation.representative_name),
        ListColumn(_("Organisation or kelurahan"), WIDE, lambda row: belongs_to(row.invitation)),
        ListColumn(_("Role"), MIDDLE, lambda row: label(row.invitation.role)),
        ListColumn(_("How"), MIDDLE, lambda row: label(row.invitation.attendance.source)),
    ]
    rows: Iterable[Any] = attendance.whole_sheet(activity_id, "", ShownAttendance.PRESENT)
    made = io.BytesIO()
    spreadsheets.write_xlsx(made, _("Who was there"), columns, rows)
    return made.getvalue()
