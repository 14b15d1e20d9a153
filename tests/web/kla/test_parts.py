"""A bundle of evidence is read back as an assessor would: each file, what is missing, and what must not be in it."""

import io
import re
import zipfile

import pypdfium2
import pytest
from python_calamine import CalamineWorkbook

from outreach.domain.kinds import AgeGroup, Sex
from outreach.domain.kla.evidence import EvidenceKind
from outreach.domain.kla.indicators import Indicator, IndicatorList
from outreach.domain.letters.values import LetterKind
from outreach.domain.photos import PhotoAudience
from outreach.extensions import db
from outreach.models import ActivityPhoto, AuditEntry, Documentation, SignedList, StoredFile
from outreach.services import bundles
from outreach.services.bundles import BundleState, ZipTooLarge
from outreach.services.documentation import photos, press
from outreach.services.documentation.photos import UploadedPhoto
from outreach.services.documentation.press import PressValues
from outreach.services.kla import bundle, lists
from outreach.services.kla.lists import IndicatorMissing
from outreach.services.kla.tag import TagChange, tag
from outreach.services.letters import compose, make
from outreach.services.letters.compose import text_of
from outreach.services.letters.versions import last_values
from outreach.web.kla import parts
from tests.support.copied import copied
from tests.world import NOW, a_person, an_invitation, at, draft_activity, fresh, rows_of, stop_clock
from tests.world.held import came, held, many_came
from tests.world.letters.papers import LETTER, paper
from tests.world.letters.signed import signed_letter
from tests.world.pictures import PLACE, opened, photo

METRO = "18.72.01.1001"
EVERY = IndicatorList(
    (
        Indicator("7", "Klaster II", "Pencegahan perkawinan anak", tuple(EvidenceKind)),
        Indicator("8", "Klaster II", "Konsultasi pengasuhan", (EvidenceKind.LETTER,)),
        Indicator("9", "Klaster II", "Pengasuhan alternatif", (EvidenceKind.PHOTOS,)),
    ),
    "Lembar 2027",
)


@pytest.fixture(autouse=True)
def afterwards(monkeypatch):
    stop_clock(monkeypatch, at(30))


@copied
def evidence(programme, hall, coordinator, ani):
    """A held activity with much evidence, and one with nothing; both tagged with 7, the first also with 8."""
    full, empty = (draft_activity(programme, hall, day) for day in (18, 19))
    full.title, full.public_title = "Sosialisasi pencegahan kekerasan", "Pertemuan warga"
    db.session.commit()
    lists.replace(2027, EVERY, 0, "kla.csv", by=coordinator, now=NOW)
    tag({full.id: TagChange(frozenset("78")), empty.id: TagChange(frozenset("7"))}, by=coordinator, now=NOW)
    signed_letter(an_invitation(full, a_person("Rini")), data=paper(LETTER))
    draft = make.make(LetterKind.INVITATION, [an_invitation(full, a_person("Dedi")).id], by=coordinator, now=NOW)
    compose.compose(draft.id, text_of(last_values(draft)), draft.version, by=coordinator, now=NOW)
    make.make(
        LetterKind.INVITATION, [an_invitation(full, a_person("Euis")).id], by=coordinator, now=NOW
    )  # read by nobody
    came(full, ani)
    came(full, a_person("Putri Melati", age_group=AgeGroup.UNDER_18, phone="+6281211112222"))
    many_came(full, 3, region_code=METRO, sex=Sex.FEMALE, age_group=AgeGroup.UNDER_18)
    for name, kind in (("scan.pdf", "application/pdf"), ("scan 1.png", "image/png"), ("b.jpg", "image/jpeg")):
        kept = StoredFile(sha256="0" * 64, size=4, media_type=kind, name=name, data=b"scan", uploaded_at=NOW)
        db.session.add(SignedList(activity_id=full.id, file=kept))
    db.session.commit()
    sent = [UploadedPhoto(photo(colour=colour), "Putri.jpg") for colour in ("teal", "gold")]
    photos.add(full.id, sent, by=coordinator, now=NOW)
    ids = [one.id for one in rows_of(ActivityPhoto)]
    photos.describe(
        full.id, dict(zip(ids, ("Diskusi kelompok", "MELATI bertanya"), strict=True)), by=coordinator, now=NOW
    )
    said = PressValues("Warga belajar", "Satu.\n\nDua.", PhotoAudience.PUBLIC)
    press.save(full.id, said, 0, by=coordinator, now=NOW)
    held(fresh(full))
    held(fresh(empty))
    return full, empty


def made(coordinator, code="", **options):
    key = bundle.start(
        2027, code, **{"staff_photos": False, **options}, by=coordinator, now=at(30), launch=lambda _key: None
    )
    parts.work(key)
    found, path = bundles.result(key, by=coordinator)
    assert found.state is BundleState.DONE
    with zipfile.ZipFile(io.BytesIO(path.read_bytes())) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def pdf_text(data):
    with pypdfium2.PdfDocument(data) as document:
        return re.sub(r"\s+", " ", " ".join(page.get_textpage().get_text_range() for page in document))


def test_a_bundle_holds_every_file_under_neutral_names(any_app, evidence, coordinator):
    full, empty = evidence
    found = made(coordinator, "7")
    own = f"indikator-07/2027-01-18-pertemuan-warga-{full.id}"
    assert set(found) == {
        f"{own}/surat-01.pdf", f"{own}/surat-02-konsep.pdf", f"{own}/daftar-hadir-bertanda-tangan-01.pdf",
        f"{own}/daftar-hadir-bertanda-tangan-02.jpg", f"{own}/daftar-hadir.xlsx", f"{own}/foto-01.jpg", f"{own}/foto-02.jpg",
        f"{own}/keterangan-foto.txt", f"{own}/siaran-pers.txt",
        f"indikator-07/laporan/laporan-2027-01-18-rangkaian-{full.programme_id}.pdf", "laporan-tahun-2027.pdf",
        "daftar-kekurangan.pdf", "daftar-isi.txt",
    }  # fmt: skip
    assert found[f"{own}/surat-01.pdf"] == paper(LETTER), "signed, byte for byte"
    konsep = pdf_text(found[f"{own}/surat-02-konsep.pdf"])
    assert ("KONSEP" in konsep, "Dedi" in konsep) == (True, True)
    [sheet] = CalamineWorkbook.from_filelike(io.BytesIO(found[f"{own}/daftar-hadir.xlsx"])).sheet_names
    rows = (
        CalamineWorkbook.from_filelike(io.BytesIO(found[f"{own}/daftar-hadir.xlsx"]))
        .get_sheet_by_name(sheet)
        .to_python()
    )
    assert (len(rows), "Putri Melati" in str(rows), "2222" in str(rows)) == (6, True, False)
    index = found["daftar-isi.txt"].decode()
    assert f"{own}: “Sosialisasi pencegahan kekerasan” (18 Januari 2027)" in index
    assert all(name.rpartition("/")[2] in index for name in found if name != "daftar-isi.txt")


def test_photos_tell_no_place_and_no_caption_names_a_child(any_app, evidence, coordinator):
    found = made(coordinator, "7")
    pictures = [data for name, data in found.items() if "/foto-" in name]
    assert [(len(opened(data).getexif()), PLACE in data, "comment" in opened(data).info) for data in pictures] == [
        (0, False, False)
    ] * 2
    [captions] = [data.decode() for name, data in found.items() if name.endswith("keterangan-foto.txt")]
    assert captions == "foto-01.jpg: Diskusi kelompok\n"
    assert "1 keterangan foto “Sosialisasi pencegahan kekerasan”" in pdf_text(found["daftar-kekurangan.pdf"])
    assert not any(b"melati" in data.lower() for name, data in found.items() if name.endswith(".txt"))


def test_what_is_missing_is_named_for_each_activity_and_indicator(any_app, evidence, coordinator):
    said = pdf_text(made(coordinator)["daftar-kekurangan.pdf"])
    assert "Kota Layak Anak 2027" in said
    first, second = said.split("Konsultasi pengasuhan")[0], said.split("Konsultasi pengasuhan")[1]
    row_of_full, row_of_empty = first.split("18 Januari 2027")[1].split("19 Januari 2027")
    for missing in ("Sebagian surat belum ditandatangani", "Belum ada notula", "Belum ada materi narasumber"):
        assert missing in row_of_full
    assert "Belum ada foto" not in row_of_full
    for missing in (
        "Belum ada surat",
        "Belum ada foto",
        "Belum ada notula",
        "Kehadiran belum dicatat",
        "Belum ada siaran pers",
    ):
        assert missing in row_of_empty
    assert "Belum ada kegiatan yang ditandai dengan indikator ini." in second.split("Pengasuhan alternatif")[1]
    assert not re.search(r"\d+ ?%|skor|nilai \d|\d+ dari \d+", said.lower().replace("halaman 1 dari 1", ""))


def test_the_whole_year_has_a_folder_for_each_indicator(any_app, evidence, coordinator):
    full, _empty = evidence
    names = made(coordinator)
    own = f"2027-01-18-pertemuan-warga-{full.id}"
    assert {name.split("/")[0] for name in names if f"/{own}/" in name} == {"indikator-07", "indikator-08"}
    assert len([name for name in names if name.endswith("laporan-tahun-2027.pdf")]) == 1


def test_the_reports_inside_hide_small_counts(any_app, evidence, coordinator):
    found = made(coordinator, "7")
    for name in [name for name in found if "laporan-" in name]:
        said = pdf_text(found[name])
        assert "•" in said, "three girls of one kelurahan"


def test_photos_that_only_staff_see_stay_out_unless_chosen(any_app, evidence, coordinator):
    full, _empty = evidence
    [row] = rows_of(Documentation)
    press.save(
        full.id, PressValues("Warga belajar", "Satu.", PhotoAudience.STAFF), row.version, by=coordinator, now=NOW
    )
    found = made(coordinator, "7")
    assert not any("foto" in name or "siaran" in name for name in found)
    assert "hanya boleh dilihat petugas" in pdf_text(found["daftar-kekurangan.pdf"])
    chosen = made(coordinator, "7", staff_photos=True)
    assert sum("/foto-" in name for name in chosen) == 2


def test_what_was_deleted_is_in_no_later_bundle(any_app, evidence, coordinator):
    full, _empty = evidence
    assert any("foto-02" in name for name in made(coordinator, "7"))
    photos.remove(full.id, rows_of(ActivityPhoto)[1].id, by=coordinator, now=NOW)
    assert not any("foto-02" in name for name in made(coordinator, "7"))


def test_a_title_that_no_font_has_does_not_stop_the_others(any_app, evidence, coordinator):
    full, empty = evidence
    fresh(empty).title = "Pertemuan 会議"
    db.session.commit()
    found = made(coordinator, "7")
    assert ("daftar-kekurangan.pdf" in found, "daftar-kekurangan.txt" in found) == (False, True)
    assert "Pertemuan 会議" in found["daftar-kekurangan.txt"].decode()
    assert any("surat-01" in name for name in found)


def test_a_year_without_activities_says_so(any_app, office, coordinator):
    found = made(coordinator)
    assert set(found) == {"daftar-kekurangan.pdf", "daftar-isi.txt"}
    assert "Belum ada kegiatan" in pdf_text(found["daftar-kekurangan.pdf"])


def test_an_unknown_indicator_and_a_bundle_that_is_too_large_are_refused(evidence, coordinator, monkeypatch):
    with pytest.raises(IndicatorMissing):
        bundle.start(2027, "99", staff_photos=False, by=coordinator, now=NOW, launch=lambda _key: None)
    monkeypatch.setattr(bundles, "MOST_ZIP_BYTES", 1000)
    key = bundle.start(2027, "7", staff_photos=False, by=coordinator, now=at(30), launch=lambda _key: None)
    parts.work(key)
    found = bundles.read(key, by=coordinator)
    assert (found.state, found.problem) == (BundleState.FAILED, ZipTooLarge.message)


def test_each_download_is_in_the_audit_log(evidence, coordinator, coordinator_client):
    key = bundle.start(2027, "7", staff_photos=False, by=coordinator, now=at(30), launch=lambda _key: None)
    parts.work(key)
    response = coordinator_client.get(f"/documents/{key}/file")
    assert response.headers["Content-Disposition"] == "attachment; filename=kla-2027-7-2027-01-30.zip"
    entry = rows_of(AuditEntry)[-1]
    assert (entry.action, entry.subject_name, entry.detail["rows"]) == ("list.downloaded", "kla: 2027-7", 13)
