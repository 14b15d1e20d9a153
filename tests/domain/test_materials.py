"""Which files of speakers are taken, what a picture loses, and until when materials are wanted."""

from datetime import datetime
from io import BytesIO
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from outreach.domain import materials
from outreach.domain.materials import FetchesFromElsewhere, FileNotTaken, PartsNotTaken, PhotoNotTaken, UnpacksTooLarge
from outreach.domain.problems import Problem
from outreach.domain.states import ActivityState, InvitationState
from tests.world import JAKARTA, at
from tests.world import uploads as made

HTML = b"<!doctype html><script>alert(1)</script>"
SVG = b'<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


@pytest.mark.parametrize(
    ("data", "name", "kept"),
    [
        (made.PDF, "Paparan.pdf", "Paparan.pdf"),
        (made.office(), "Paparan PATBM (final).PPTX", "Paparan PATBM (final).pptx"),
        (made.office("ppt/media/icon.svg", "ppt/embeddings/data.xlsx"), "a.pptx", "a.pptx"),
        (made.office(main="word/document.xml"), "a.docx", "a.docx"),
        (made.odp(), "a.odp", "a.odp"),
        (made.jpeg(), "a.jpeg", "a.jpg"),
        (made.png(), "a.png", "a.png"),
        (made.webp(), "a.webp", "a.webp"),
        (made.PDF, "a.html", "a.pdf"),
        (made.PDF, "passwd", "passwd.pdf"),
        (made.PDF, "<b>.pdf", "b.pdf"),
        (made.PDF, ".pdf", "materi.pdf"),
        (made.PDF, "a\u202efdp.exe", "a fdp.pdf"),
        (made.PDF, "x" * 300 + ".pdf", "x" * 80 + ".pdf"),
    ],
)
def test_a_file_is_known_by_its_content_and_gets_the_ending_of_its_kind(data, name, kept):
    assert materials.taken(data, name).name == kept


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", FileNotTaken),
        (HTML, FileNotTaken),
        (SVG, FileNotTaken),
        (b"%PDF-1.7\n" + HTML, FileNotTaken),
        (b"MZ\x90\x00", FileNotTaken),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 512, FileNotTaken),
        (made.office(main="xl/workbook.xml"), FileNotTaken),
        (b"PK\x03\x04" + b"\0" * 100, FileNotTaken),
        (made.office("ppt/vbaProject.bin"), PartsNotTaken),
        (made.office("run.js"), PartsNotTaken),
        (made.office("index.html"), PartsNotTaken),
        (made.office("evil.svg"), PartsNotTaken),
        (made.office("../../etc/passwd"), PartsNotTaken),
        (made.office("/etc/passwd"), PartsNotTaken),
        (b"\xff\xd8\xff" + HTML, FileNotTaken),
        (made.jpeg()[:40], FileNotTaken),
        (made.jpeg(width=60_000, height=60_000), FileNotTaken),
        (made.png()[:60], FileNotTaken),
        (made.png(width=60_000, height=60_000), FileNotTaken),
        (made.webp()[:40], FileNotTaken),
    ],
)
def test_anything_else_is_refused(data, problem):
    with pytest.raises(problem):
        materials.taken(data, "Paparan.pdf")


def test_an_office_file_that_would_fill_the_disk_is_refused_without_unpacking_it(tmp_path):
    path = tmp_path / "bomb.pptx"
    with ZipFile(path, "w", ZIP_DEFLATED) as archive:
        archive.writestr("[Content_Types].xml", "")
        archive.writestr("ppt/presentation.xml", "")
        for number in range(4):
            with archive.open(f"ppt/media/{number}.bin", "w") as part:
                for _megabyte in range(80):
                    part.write(bytes(1024 * 1024))
    data = path.read_bytes()
    assert len(data) < 1024 * 1024
    with pytest.raises(UnpacksTooLarge):
        materials.taken(data, "bomb.pptx")


def test_an_office_file_of_very_many_parts_is_refused():
    with pytest.raises(UnpacksTooLarge):
        materials.taken(made.office(*(f"p{number}" for number in range(materials.MOST_PARTS))), "a.pptx")


def test_an_office_file_of_more_parts_than_it_may_have_is_refused_before_its_list_is_read(monkeypatch):
    data = made.office(*(f"p{number}" for number in range(materials.MOST_PARTS)))
    monkeypatch.setattr(materials, "ZipFile", None)
    with pytest.raises(UnpacksTooLarge):
        materials.taken(data, "a.pptx")


def relationship(kind: str, target: str) -> bytes:
    return (
        '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships"><Relationship Id="r1" '
        f'Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/{kind}" Target="{target}" '
        'TargetMode="External"/></Relationships>'
    ).encode()


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'<Types><Override ContentType="application/vnd.ms-office.vbaProject"/></Types>', PartsNotTaken),
        (
            b'<Types><Override ContentType="application/vnd.ms-word.document.macroEnabled.main+xml"/></Types>',
            PartsNotTaken,
        ),
        (b'<!DOCTYPE a [<!ENTITY e "External">]><a/>', PartsNotTaken),
        (b"<Types>", FileNotTaken),
        (relationship("attachedTemplate", "http://example.com/a.dotm"), FetchesFromElsewhere),
        (relationship("attachedTemplate", "file:///\\\\example.com\\a.dotm"), FetchesFromElsewhere),
        (relationship("oleObject", "mhtml:http://example.com/a.html"), FetchesFromElsewhere),
        (relationship("frame", "\\\\example.com\\a.html"), FetchesFromElsewhere),
    ],
)
def test_an_office_file_that_hides_a_macro_or_fetches_something_is_refused(content, problem):
    with pytest.raises(problem):
        materials.taken(
            made.office("word/_rels/settings.xml.rels", main="word/document.xml", content=content), "a.docx"
        )


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        ("attachedTemplate", "file:///C:\\Users\\Ani\\Surat.dotx"),
        ("hyperlink", "https://example.com/"),
        ("video", "https://example.com/a.mp4"),
    ],
)
def test_an_office_file_with_links_and_the_name_of_its_own_template_is_taken(kind, target):
    data = made.office("word/_rels/settings.xml.rels", main="word/document.xml", content=relationship(kind, target))
    assert materials.taken(data, "a.docx").kind is materials.DOCX


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\xd8" + b"\xff\xe0\x00\x02" * (materials.MOST_SEGMENTS + 1) + made.jpeg()[2:],
        made.png()[:33] + b"\0\0\0\0tEXt\0\0\0\0" * (materials.MOST_SEGMENTS + 1) + made.png()[33:],
    ],
)
def test_a_picture_of_very_many_pieces_is_refused(data):
    with pytest.raises(FileNotTaken):
        materials.taken(data, "a.jpg")


@pytest.mark.parametrize("data", [made.jpeg(), made.png(), made.webp()])
def test_a_picture_loses_what_it_tells_about_its_place_and_what_follows_its_end(data):
    assert made.GPS in data
    kept = materials.taken(data, "a").data
    assert made.GPS not in kept
    assert materials.taken(kept, "a").data == kept


def test_a_jpeg_keeps_its_pixels_and_which_side_is_up():
    kept = materials.taken(made.jpeg(orientation=6), "a.jpg").data
    assert kept[-len(made.PIXELS) - 2 :] == made.PIXELS + b"\xff\xd9"
    assert b"\x01\x12\x00\x03\x00\x00\x00\x01\x00\x06" in kept
    assert b"Exif" not in materials.taken(made.jpeg(orientation=1), "a.jpg").data


def test_a_photo_must_be_a_picture():
    assert materials.photo(made.jpeg(), "saya.jpg").name == "saya.jpg"
    for data in (made.PDF, HTML, SVG, b""):
        with pytest.raises(PhotoNotTaken):
            materials.photo(data, "saya.jpg")


KINDS = (made.PDF, made.office(), made.odp(), made.jpeg(), made.png(), made.webp())


@given(st.sampled_from(KINDS), st.integers(0, 400), st.binary(max_size=8), st.integers(0, 400))
def test_a_damaged_file_is_taken_or_refused_in_words(data, at_byte, inserted, cut):
    damaged = data[:at_byte] + inserted + data[at_byte + cut :]
    try:
        found = materials.taken(damaged, "a.pdf")
    except Problem:
        return
    assert found.name.endswith(found.kind.ending)


@pytest.mark.parametrize(
    ("days", "wanted"),
    [
        (3, datetime(2027, 1, 15, 16, tzinfo=JAKARTA)),
        (0, datetime(2027, 1, 18, 8, tzinfo=JAKARTA)),  # the start, as it is before 16.00
    ],
)
def test_materials_are_wanted_at_16_some_days_before_and_never_after_the_start(days, wanted):
    assert materials.wanted_by(at(18, 8), JAKARTA, days) == wanted


@pytest.mark.parametrize(
    ("activity", "invitation", "now", "may"),
    [
        (ActivityState.PUBLISHED, InvitationState.COMING, at(18, 7, 59), True),
        (ActivityState.PUBLISHED, InvitationState.COMING, at(18, 8), False),
        (ActivityState.PUBLISHED, InvitationState.INVITED, at(17), True),
        (ActivityState.PUBLISHED, InvitationState.REPRESENTED, at(17), True),
        (ActivityState.PUBLISHED, InvitationState.NOT_COMING, at(17), False),
        (ActivityState.PUBLISHED, InvitationState.WITHDRAWN, at(17), False),
        (ActivityState.POSTPONED, InvitationState.COMING, at(19), True),
        (ActivityState.CANCELLED, InvitationState.COMING, at(17), False),
        (ActivityState.HELD, InvitationState.COMING, at(19), False),
    ],
)
def test_a_speaker_may_send_until_the_activity_begins(activity, invitation, now, may):
    assert materials.may_send(activity, invitation, at(18, 8), now) is may


@pytest.mark.parametrize(("stream", "is_taken"), [("Equation Native", True), ("\x01Ole10Native", False)])
def test_an_object_that_encloses_a_file_is_refused_and_an_old_equation_is_not(stream: str, is_taken: bool):
    held = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504) + stream.encode("utf-16-le") + b"MZ\x90"
    slides = BytesIO(made.office())
    with ZipFile(slides, "a", ZIP_DEFLATED) as archive:
        archive.writestr("ppt/embeddings/oleObject1.bin", held)
    if is_taken:
        assert materials.taken(slides.getvalue(), "a.pptx").kind is materials.PPTX
    else:
        with pytest.raises(PartsNotTaken):
            materials.taken(slides.getvalue(), "a.pptx")
