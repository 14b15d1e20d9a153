"""A template of Word reaches nothing: not Python's inside, not a file, not what is elsewhere. Each place of it is tried."""

import io
import zipfile

import pytest
from docx import Document

from outreach.delivery.documents.word import form, process
from outreach.delivery.documents.word.process import FORM, Refused
from tests.support.word_forms import NAMESPACE, a_form, changed, entries, packed, saved, text_of, with_files

JOB = {"words": {"hal": "Undangan", "hostile": "<w:br/> & {{ 7 * 7 }}", "many": [1, 2, 3]}, "pictures": {}, "replaced": [],
       "properties": {}}  # fmt: skip
PLACES = ("body", "header", "footer", "footnote", "title", "author", "comments", "subject", "identifier", "language")
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"


def filled(data, **more):
    return process.filled({FORM: data, **more.pop("files", {})}, JOB | more)


def refused(data, **more):
    with pytest.raises(Refused) as refusal:
        filled(data, **more)
    return refusal.value


@pytest.mark.parametrize("place", PLACES)
def test_nothing_reaches_pythons_inside_in_any_place(place):
    made = refused(a_form(**{place: "{{ hal.__class__ }}"}))
    assert made.error == ("wrong" if place in PLACES[:4] else "properties")
    assert made.said == "access to attribute '__class__' of 'str' object is unsafe."


@pytest.mark.parametrize(
    "text",
    [
        "{{ hal.__class__.__mro__[1].__subclasses__() }}",
        "{{ hal|attr('__class__') }}",
        "{{ hal['__class__'] }}",
        "{{ '{0.__class__}'.format(hal) }}",
        "{{ ''.format.__globals__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{{ many.append(4) }}",
    ],
)
def test_no_way_leads_to_pythons_inside(text):
    made = refused(a_form(text))
    assert made.error == "wrong"
    assert "unsafe" in made.said or "undefined" in made.said or "no attribute" in made.said


@pytest.mark.parametrize("place", PLACES)
def test_each_place_is_filled_by_the_same_sandbox(place):
    data, _texts = filled(a_form(**{place: "Hal {{ hal }}"}))
    found = [name for name, part in entries(data).items() if b"Hal Undangan" in part]
    assert len(found) == 1
    assert not [name for name, part in entries(data).items() if b"{{" in part]


@pytest.mark.parametrize("place", ["body", "header", "footer", "footnote"])
def test_a_value_carries_no_markup_and_is_no_template_in_any_place(place):
    data, _texts = filled(a_form(**{place: "Ini {{ hostile }}"}, sections=3))
    assert [name for name, part in entries(data).items() if b"Ini &lt;w:br/&gt; &amp; {{ 7 * 7 }}" in part] != []


@pytest.mark.parametrize("text", ["{{ hostile|safe }}", "{% autoescape false %}{{ hostile }}{% endautoescape %}"])
def test_a_template_cannot_let_a_value_through_as_markup(text):
    assert refused(a_form(text)).error == "wrong"


def test_a_value_that_a_template_escapes_and_unescapes_is_escaped_again():
    data, _texts = filled(a_form("{{ (hostile|e).unescape() }}"))
    assert b"&lt;w:br/&gt; &amp; {{" in entries(data)["word/document.xml"]


def test_a_picture_offers_a_template_nothing_but_itself():
    picture = next(data for name, data in entries(form.shipped()).items() if name.endswith(".png"))
    job = {"pictures": {"lambang": 20.0}, "files": {"lambang": picture}}
    data, _texts = filled(a_form("{{ lambang }}"), **job)
    assert b"<w:drawing>" in entries(data)["word/document.xml"]
    for text in (
        "{{ lambang._image }}",
        "{{ lambang.tpl }}",
        "{{ lambang.__html__() }}",
        "{{ lambang._image.tpl.save('x') }}",
    ):
        assert refused(a_form(text), **job).error == "wrong"


@pytest.mark.parametrize("text", ['{% include "/etc/passwd" %}', '{% extends "x" %}', '{% import "x" as y %}'])
def test_a_template_includes_no_file(text):
    assert refused(a_form(text)).error == "wrong"


def test_an_error_says_what_is_wrong_and_near_which_text():
    form = saved(document_of("Satu", "Hal: {{ perihal }}", "Tiga"))
    made = refused(form)
    assert (made.error, made.said, made.near) == ("wrong", "'perihal' is undefined", "Hal: {{ perihal }}")
    unfinished = refused(saved(document_of("Satu", "Dua {% if hal %} ada", "Tiga {% endfor %}")))
    assert unfinished.error == "wrong"
    assert "endfor" in unfinished.said
    assert "Tiga" in unfinished.near


def test_a_condition_that_begins_in_a_paragraph_and_ends_in_a_table_is_refused_and_not_mended():
    document = document_of("Satu {% if not many %}")
    document.add_table(1, 1).rows[0].cells[0].text = "Dua {% endif %}"
    assert refused(saved(document)).error == "broken"


def document_of(*paragraphs):
    document = Document()
    for text in paragraphs:
        document.add_paragraph(text)
    return document


# --- What is looked at before anything is filled ---


def relationship(kind, target, mode="External"):
    return f'<Relationship Id="rId99" Type="{kind}" Target="{target}" TargetMode="{mode}"/></Relationships>'


def with_relationship(kind, target, mode="External"):
    return changed(a_form(), "word/_rels/document.xml.rels", "</Relationships>", relationship(kind, target, mode))


@pytest.mark.parametrize(
    ("kind", "target"),
    [
        (f"{OFFICE}/attachedTemplate", "https://example.com/template.dotm"),
        (f"{OFFICE}/image", "file:///etc/passwd"),
        (f"{OFFICE}/image", "//example.com/logo.png"),
        (f"{OFFICE}/frame", "https://example.com/"),
        (f"{OFFICE}/hyperlink", "file:///etc/passwd"),
        (f"{OFFICE}/hyperlink", "javascript:alert(1)"),
    ],
)
def test_a_document_that_fetches_something_is_refused(kind, target):
    made = refused(with_relationship(kind, target))
    assert (made.error, made.said) == ("external", target)


@pytest.mark.parametrize("target", ["https://example.com/", "mailto:dinas@example.com"])
def test_a_link_that_a_reader_may_click_is_no_harm(target):
    filled(with_relationship(f"{OFFICE}/hyperlink", target))


@pytest.mark.parametrize(
    "field",
    [
        'INCLUDEPICTURE "https://example.com/x.png"',
        'INCLUDETEXT "/etc/passwd"',
        'DDEAUTO c:\\\\cmd.exe "/k calc"',
        "LINK Excel",
    ],
)
def test_a_field_that_fetches_or_runs_something_is_refused(field):
    split = f"<w:r><w:instrText>{field[:4]}</w:instrText></w:r><w:r><w:instrText>{field[4:]}</w:instrText></w:r>"
    simple = field.replace('"', "&quot;")
    for more in (split, f'<w:fldSimple w:instr=" {simple} "/>'):
        made = refused(changed(a_form(), "word/document.xml", "<w:r>", f"{more}<w:r>"))
        assert (made.error, made.said) == ("external", field.split()[0])


def macro_enabled(data):
    main = "wordprocessingml.document.main+xml"
    return changed(
        data,
        "[Content_Types].xml",
        f"vnd.openxmlformats-officedocument.{main}",
        "vnd.ms-word.document.macroEnabled.main+xml",
    )


@pytest.mark.parametrize(
    "data",
    [
        with_files(a_form(), {"word/vbaProject.bin": b"x"}),
        with_files(a_form(), {"word/activeX/activeX1.bin": b"x"}),
        with_files(a_form(), {"word/embeddings/oleObject1.bin": b"x"}),
        macro_enabled(a_form()),
        with_relationship(f"{OFFICE}/oleObject", "x.bin", "Internal"),
        with_relationship(f"{OFFICE}/aFChunk", "x.html", "Internal"),
    ],
    ids=["macros", "controls", "embedded", "said to have macros", "object", "foreign text"],
)
def test_macros_and_embedded_programs_are_refused(data):
    assert refused(data).error == "programs"


def bomb():
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries(a_form()).items():
            archive.writestr(name, data)
        archive.writestr("word/media/image1.bmp", bytes(process.MOST_BYTES + 1))
    return file.getvalue()


def lying_bomb():
    """A zip whose directory states a small size for an entry that unpacks to much."""
    data = bomb()
    real, stated = (process.MOST_BYTES + 1).to_bytes(4, "little"), (100).to_bytes(4, "little")
    assert real in data
    return data.replace(real, stated)


def test_a_zip_bomb_is_refused():
    assert len(bomb()) < 200_000
    assert refused(bomb()).error == "large"
    assert refused(lying_bomb()).error == "no_word"
    assert refused(with_files(a_form(), {f"word/{number}.xml": b"<a/>" for number in range(600)})).error == "large"


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"<html>not Word</html>",
        b"%PDF-1.7",
        packed({"a.txt": b"a"}),
        packed({"[Content_Types].xml": b"<a"}),
        packed({name: data for name, data in entries(a_form()).items() if name != "word/document.xml"}),
        changed(a_form(), "[Content_Types].xml", "wordprocessingml.document.main", "spreadsheetml.sheet.main"),
        with_files(a_form(), {"word/document.xml": b"<!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>"}),
        with_files(a_form(), {"word/styles.xml": "<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16")}),
        with_files(a_form(), {"word/document.xml": f'<w:document xmlns:w="{NAMESPACE}"/>'.encode()}),
        a_form()[:2000],
    ],
    ids=[
        "empty",
        "HTML",
        "PDF",
        "zip",
        "broken types",
        "no document",
        "spreadsheet",
        "entities",
        "UTF-16",
        "no body",
        "cut off",
    ],
)
def test_what_is_no_word_document_is_refused(data):
    assert refused(data).error == "no_word"


def test_texts_are_told_apart_by_where_they_stand():
    _data, texts = filled(a_form("Isi {{ hal }}", header="Atas", footer="Bawah"))
    assert texts == {"document": ["Isi Undangan"], "beside": ["Atas", "Bawah"]}


def test_properties_replace_the_templates():
    data, _texts = filled(a_form(author="Pembuat"), properties={"author": "DP3A & Metro", "created": 1_800_000_000})
    assert Document(io.BytesIO(data)).core_properties.author == "DP3A & Metro"
    assert text_of(data) == "Isi"
