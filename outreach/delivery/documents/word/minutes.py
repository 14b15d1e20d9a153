"""Minutes as .docx, filled in the sandbox as letters are. The template is built here, in the order of the PDF's parts."""

import io
from collections.abc import Sequence
from datetime import datetime
from functools import cache
from typing import Any

from docx import Document
from docx.enum.text import WD_ALIGN_PARAGRAPH
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from outreach.delivery.documents.minutes import Approval, words_of
from outreach.delivery.documents.word.letters import EMBLEM_MM, cleaned, known_picture
from outreach.delivery.documents.word.render import WordDocument, render
from outreach.domain.documents import Letterhead
from outreach.domain.minutes.content import MinutesValues

FONT, SIZE = "Times New Roman", Pt(11)
WIDTH = 163.0  # millimetres of text on a page: A4 without its margins


def word(
    values: MinutesValues, letterhead: Letterhead, *, office: str, at: datetime, draft: bool, emblem: bytes = b"",
    approval: Approval | None = None,
) -> WordDocument:  # fmt: skip
    """Return the minutes for Word. office: its short name, the document's author. Raise a Problem of render.py."""
    said = words_of(values, approval)
    words = cleaned(
        {
            **said,
            "kop": list(letterhead.lines),
            "alamat_kop": list(letterhead.address),
            "items": [
                {**item, "about": " · ".join(part for part in (item["time"], item["speakers"]) if part),
                 "discussion": _lines(item["discussion"]), "decisions": _lines(item["decisions"])}
                for item in said["items"]
            ],
            "further": _lines(said["further"]),
            "draft": "KONSEP" if draft else "",
        }
    )  # fmt: skip
    return render(
        shipped(), words, {"lambang": (known_picture(emblem, at), EMBLEM_MM)}, replaced={},
        title=f"Notula {values.text.title}", author=office, at=at,
    )  # fmt: skip


def _lines(blocks: Sequence[Any]) -> list[dict[str, str]]:
    """Return paragraphs and list lines one by one, each with what stands before it."""
    found = []
    for kind, lines in blocks:
        for number, line in enumerate(lines, start=1):
            found.append({"before": {"ul": "•", "ol": f"{number}."}.get(kind, ""), "text": line})
    return found


@cache
def shipped() -> bytes:
    """Return the template."""
    document = Document()
    section = document.sections[0]
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin = Mm(18), Mm(24)
    section.left_margin, section.right_margin = Mm(25), Mm(22)
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, SIZE
    style.paragraph_format.space_after = Pt(0)
    for part in (_head, _title, _facts, _talks, _tasks, _signatures, _participants):
        part(document)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def _head(document: Any) -> None:
    _block(document, "if lambang", lambda: _centred(document, "{{ lambang }}"), "endif")
    _block(document, "for baris in kop", lambda: _centred(document, "{{ baris }}", size=Pt(14), bold=True), "endfor")
    _block(document, "for baris in alamat_kop", lambda: _centred(document, "{{ baris }}", size=Pt(9.5)), "endfor")
    _rule(_text(document, "", after=6))


def _title(document: Any) -> None:
    _block(document, "if draft", lambda: _centred(document, "{{ draft }}", bold=True, size=Pt(12)), "endif")
    _centred(document, "NOTULA", bold=True, size=Pt(14), before=6)
    _centred(document, "{{ title }}", bold=True, size=Pt(12.5), after=10)


def _facts(document: Any) -> None:
    table = _table(document, (34, 4, WIDTH - 38))
    _loop(table, "for baris in facts", ("{{ baris[0] }}", ":", "{{ baris[1] }}"))


def _talks(document: Any) -> None:
    _heading(document, "Pembahasan dan keputusan")
    _tag(document, "for butir in items")
    _text(
        document, "{{ loop.index }}. {{ butir.topic }}", bold=True, before=8, after=2
    ).paragraph_format.keep_with_next = True
    _block(document, "if butir.about", lambda: _text(document, "{{ butir.about }}", size=Pt(9.5), after=3), "endif")
    _said(document, "butir.discussion")
    _tag(document, "if butir.decisions")
    _text(document, "Keputusan", bold=True, before=3, after=2).paragraph_format.keep_with_next = True
    _said(document, "butir.decisions")
    _tag(document, "endif")
    _tag(document, "endfor")
    _tag(document, "if further")
    _heading(document, "Hal lain")
    _said(document, "further")
    _tag(document, "endif")


def _said(document: Any, name: str) -> None:
    _tag(document, f"for baris in {name}")
    _tag(document, "if baris.before")
    listed = _text(document, "{{ baris.before }}\t{{ baris.text }}", after=2)
    listed.paragraph_format.left_indent, listed.paragraph_format.first_line_indent = Mm(8), Mm(-6)
    listed.paragraph_format.tab_stops.add_tab_stop(Mm(8))
    _tag(document, "else")
    _text(document, "{{ baris.text }}", after=5).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _tag(document, "endif")
    _tag(document, "endfor")


def _tasks(document: Any) -> None:
    _tag(document, "if tasks")
    _heading(document, "Tugas hasil rapat")
    table = _table(document, (10, 73, 48, 32), titles=("No.", "Tugas", "Penanggung jawab", "Batas waktu"))
    _loop(
        table, "for tugas in tasks", ("{{ loop.index }}", "{{ tugas[0] }}", "{{ tugas[1] }}", "{{ tugas[2] }}"),
        first=False,
    )  # fmt: skip
    _tag(document, "endif")


def _signatures(document: Any) -> None:
    _text(document, "", before=14)
    table = _table(document, (WIDTH / 2, WIDTH / 2))
    for cell, label, name, post in zip(
        table.rows[0].cells, ("Notulis,", "Pemimpin rapat,"), ("{{ taker or '………………………' }}", "{{ chair or '………………………' }}"),
        ("", "{{ chair_post }}"), strict=True,
    ):  # fmt: skip
        cell.paragraphs[0].add_run(label)
        for text, bold in (("", False), ("", False), ("", False), (name, True), (post, False)):
            cell.add_paragraph().add_run(text).bold = bold or None
    _block(document, "if approved", lambda: _text(document, "{{ approved }}.", size=Pt(9), before=6), "endif")


def _participants(document: Any) -> None:
    _tag(document, "if groups")
    heading = _heading(document, "Lampiran: daftar peserta")
    heading.paragraph_format.page_break_before = True
    _tag(document, "for kelompok in groups")
    _text(document, "{{ kelompok.heading }} ({{ kelompok.rows|length }})", bold=True, before=8, after=3)
    table = _table(document, (10, 62, 55, 36), titles=("No.", "Nama", "Jabatan, instansi", "Alasan"))
    _loop(
        table, "for baris in kelompok.rows", ("{{ loop.index }}", "{{ baris[0] }}", "{{ baris[1] }}", "{{ baris[2] }}"),
        first=False,
    )  # fmt: skip
    _tag(document, "endfor")
    _tag(document, "endif")


def _tag(document: Any, tag: str) -> None:
    """Add a paragraph with nothing but a tag; docxtpl takes the paragraph away."""
    document.add_paragraph(f"{{%p {tag} %}}")


def _block(document: Any, begins: str, add: Any, ends: str) -> None:
    _tag(document, begins)
    add()
    _tag(document, ends)


def _text(
    document: Any, text: str, *, before: float = 0, after: float = 0, bold: bool = False, size: Any = None
) -> Any:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    if text:
        run = paragraph.add_run(text)
        run.bold, run.font.size = bold or None, size
    return paragraph


def _centred(document: Any, text: str, **look: Any) -> None:
    _text(document, text, **look).alignment = WD_ALIGN_PARAGRAPH.CENTER


def _heading(document: Any, text: str) -> Any:
    paragraph = _text(document, text, bold=True, size=Pt(12), before=12, after=4)
    paragraph.paragraph_format.keep_with_next = True
    return paragraph


def _rule(paragraph: Any) -> None:
    borders, bottom = OxmlElement("w:pBdr"), OxmlElement("w:bottom")
    for name, value in (("val", "thickThinSmallGap"), ("sz", "18"), ("space", "1"), ("color", "auto")):
        bottom.set(qn(f"w:{name}"), value)
    borders.append(bottom)
    paragraph._p.get_or_add_pPr().insert(0, borders)


def _table(document: Any, widths: Sequence[float], *, titles: Sequence[str] = ()) -> Any:
    table = document.add_table(1, len(widths))
    table.autofit = False
    if titles:
        table.style = "Table Grid"
    for index, (cell, width) in enumerate(zip(table.rows[0].cells, widths, strict=True)):
        cell.width = table.columns[index].width = Mm(width)
        if titles:
            cell.paragraphs[0].add_run(titles[index]).bold = True
    return table


def _loop(table: Any, begins: str, texts: Sequence[str], *, first: bool = True) -> None:
    """Add a row that is repeated, between two rows with a tag, which docxtpl takes away."""
    row = table.rows[0] if first else table.add_row()
    row.cells[0].paragraphs[0].add_run(f"{{%tr {begins} %}}")
    for cell, text in zip(table.add_row().cells, texts, strict=True):
        cell.paragraphs[0].add_run(text)
    table.add_row().cells[0].paragraphs[0].add_run("{%tr endfor %}")
