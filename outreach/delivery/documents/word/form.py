"""The template that Outreach comes with, as .docx: form and order of a letter, as in templates/letters/letter.typ.

It is built when it is needed, so it has a source. An office may download it, change it in Word and upload it as its own.
Each part of the letter is a function; PARTS has their order. Words between braces are values from letters.py.
"""

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

from docx import Document
from docx.enum.section import WD_SECTION
from docx.enum.table import WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Mm, Pt

from outreach.delivery.documents.word.process import QR_NAME

FONT = "Times New Roman"  # is on every office's machine
SIZE = Pt(11.5)
WIDTH = 163.0  # millimetres of text on a page: A4 without its margins
# Word refuses properties in any other order (ECMA-376, 17.4.59 and 17.3.1.26).
ORDER = {
    "w:tblPr": ("tblStyle", "tblW", "jc", "tblInd", "tblBorders", "tblLayout", "tblCellMar", "tblLook"),
    "w:pPr": ("pStyle", "keepNext", "keepLines", "pageBreakBefore", "pBdr", "tabs", "spacing", "ind", "jc", "rPr"),
}
BORDERS = ("top", "left", "bottom", "right", "insideH", "insideV")


@cache
def shipped() -> bytes:
    """Return the template."""
    document = Document()
    _page(document)
    _styles(document)
    _footer(document)
    for part in PARTS:
        part(document)
    _put_in_order(document.element)
    _put_in_order(document.sections[0].footer._element)
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def head(document: Any) -> None:
    _only(document, "{%p if lambang %}")
    table = _table(document, (22, WIDTH - 44, 22))
    picture, words, _empty = table.rows[0].cells
    for cell in table.rows[0].cells:
        cell.vertical_alignment = 1
    _write(picture.paragraphs[0], "{{ lambang }}")
    _head_words(lambda: words.add_paragraph())
    _size(words.paragraphs[0], Pt(1))  # a cell without a paragraph is broken
    _only(document, "{%p else %}")
    _head_words(lambda: document.add_paragraph())
    _only(document, "{%p endif %}")
    _border(_paragraph(document, "", size=Pt(3)), "bottom", "thickThinSmallGap", 18)


def place_and_date(document: Any) -> None:
    paragraph = _paragraph(document, "{{ kota }}, ", before=6)
    paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
    _bookmarked(paragraph, "{{ tanggal }}", "tanggal_surat", 1)


def about(document: Any) -> None:
    table = _table(document, (20, 4, 86))
    for index, (label, value) in enumerate(
        (("Nomor", "{{ nomor }}"), ("Sifat", "{{ sifat }}"), ("Lampiran", "{{ lampiran }}"), ("Hal", "{{ hal }}"))
    ):
        row = table.rows[0] if index == 0 else table.add_row()
        first, colon, last = (cell.paragraphs[0] for cell in row.cells)
        _write(first, label)
        _write(colon, ":")
        if label == "Nomor":
            _bookmarked(last, value, "nomor_surat", 2)
        else:
            _write(last, value, bold=label == "Hal")


def addressees(document: Any) -> None:
    _paragraph(document, "", size=Pt(6))
    _only(document, "{%p if daftar_terlampir %}")
    _paragraph(document, "Yth. {{ daftar_terlampir }}")
    _only(document, "{%p elif tujuan|length == 1 %}")
    _hanging(_paragraph(document, "Yth.\t{{ tujuan[0] }}"), 9)
    _only(document, "{%p else %}")
    _only(document, "{%p for yang_dituju in tujuan %}")
    _hanging(
        _paragraph(document, "{% if loop.first %}Yth.{% endif %}\t{{ loop.index }}.\t{{ yang_dituju }}", after=3), 15, 9
    )
    _only(document, "{%p endfor %}")
    _only(document, "{%p endif %}")
    _only(document, "{%p if di %}")
    _paragraph(document, "{{ di }}").paragraph_format.left_indent = Mm(9)
    _only(document, "{%p endif %}")
    _paragraph(document, "", size=Pt(6))


def opening(document: Any) -> None:
    _prose(document, "pembuka")


def facts(document: Any) -> None:
    _only(document, "{%p for kegiatan in keterangan %}")
    table = _table(document, (28, 4, WIDTH - 42), indent=10)
    _loop_rows(table, "for baris in kegiatan", ("{{ baris.label }}", ":", "{{ baris.isi }}"))
    _paragraph(document, "", size=Pt(6))
    _only(document, "{%p endfor %}")


def closing(document: Any) -> None:
    _prose(document, "penutup")


def signature(document: Any) -> None:
    lines: Sequence[tuple[str, str, dict[str, Any]]] = (
        ("jabatan", "{{ jabatan }},", {"before": 8}),
        ("", "{{ ttd }}", {"before": 26, "after": 26}),
        ("", "{{ nama }}", {"bold": True, "underline": True}),
        ("pangkat", "{{ pangkat }}", {}),
        ("nip", "{{ label_nip }} {{ nip }}", {}),
    )
    for shown_if, text, look in lines:
        if shown_if:
            _only(document, f"{{%p if {shown_if} %}}")
        paragraph = _paragraph(document, text, **look)
        paragraph.paragraph_format.left_indent = Mm(WIDTH - 78)
        paragraph.paragraph_format.keep_with_next = shown_if != "nip"
        paragraph.paragraph_format.keep_together = True
        if shown_if:
            _only(document, "{%p endif %}")


def copies(document: Any) -> None:
    _only(document, "{%p if tembusan %}")
    _paragraph(document, "Tembusan:", before=10).paragraph_format.keep_with_next = True
    _only(document, "{%p for penerima in tembusan %}")
    _hanging(_paragraph(document, "{{ loop.index }}.\t{{ penerima }}"), 6)
    _only(document, "{%p endfor %}")
    _only(document, "{%p endif %}")


def attached_list(document: Any) -> None:
    _only(document, "{%p if daftar_terlampir %}")
    _attachment(document, "DAFTAR YANG DITUJU")
    _only(document, "{%p for yang_dituju in tujuan %}")
    _hanging(_paragraph(document, "{{ loop.index }}.\t{{ yang_dituju }}", after=4), 10)
    _only(document, "{%p endfor %}")
    _only(document, "{%p endif %}")


def attached_agenda(document: Any) -> None:
    _only(document, "{%p if susunan_acara %}")
    _attachment(document, "SUSUNAN ACARA")
    table = _table(document, (34, 77, 52), border=4)
    for cell, title in zip(table.rows[0].cells, ("Waktu ({{ zona }})", "Acara", "Narasumber/Petugas"), strict=True):
        _write(cell.paragraphs[0], title, bold=True)
    _repeats(table.rows[0])
    row = _loop_begins(table, "for baris in susunan_acara")
    row = _loop_begins(table, "if baris.hari_baru")
    row = table.add_row()
    _write(row.cells[0].merge(row.cells[2]).paragraphs[0], "{{ baris.hari }}", bold=True)
    _loop_begins(table, "endif")
    row = table.add_row()
    for cell, text in zip(row.cells, ("{{ baris.waktu }}", "{{ baris.acara }}", "{{ baris.narasumber }}"), strict=True):
        _write(cell.paragraphs[0], text)
    _loop_begins(table, "endfor")
    _only(document, "{%p endif %}")


PARTS: Sequence[Callable[[Any], None]] = (
    head,
    place_and_date,
    about,
    addressees,
    opening,
    facts,
    closing,
    signature,
    copies,
    attached_list,
    attached_agenda,
)


def _put_in_order(element: Any) -> None:
    for name, order in ORDER.items():
        places = {qn(f"w:{one}"): place for place, one in enumerate(order)}
        for properties in element.iter(qn(name)):
            properties[:] = sorted(properties, key=lambda one: places[one.tag])


def _page(document: Any) -> None:
    section = document.sections[0]
    section.start_type = WD_SECTION.NEW_PAGE
    section.page_width, section.page_height = Mm(210), Mm(297)
    section.top_margin, section.bottom_margin, section.left_margin, section.right_margin = (
        Mm(18),
        Mm(36),
        Mm(25),
        Mm(22),
    )
    section.footer_distance = Mm(10)


def _styles(document: Any) -> None:
    style = document.styles["Normal"]
    style.font.name, style.font.size = FONT, SIZE
    fonts = style.element.rPr.rFonts
    for name in ("w:ascii", "w:hAnsi", "w:cs", "w:eastAsia"):
        fonts.set(qn(name), FONT)
    language = OxmlElement("w:lang")
    for name in ("w:val", "w:eastAsia", "w:bidi"):
        language.set(qn(name), "id-ID")
    style.element.rPr.append(language)
    form = style.paragraph_format
    form.space_before = form.space_after = Pt(0)
    form.line_spacing_rule = WD_LINE_SPACING.SINGLE


def _footer(document: Any) -> None:
    """The code of the letter stands on every page, with the address where anybody can check it."""
    footer = document.sections[0].footer
    table = footer.add_table(1, 2, Mm(WIDTH))
    _shape(table, (19, WIDTH - 19))
    _border(table._tbl.tblPr, "top", "single", 4, table=True)
    code, words = table.rows[0].cells
    code.vertical_alignment = words.vertical_alignment = 1
    code.paragraphs[0].add_run().add_picture(io.BytesIO(_blank_png()), width=Mm(15))
    for shape in code.paragraphs[0]._p.iter(qn("pic:cNvPr"), qn("wp:docPr")):
        shape.set("name", QR_NAME)
        shape.set("descr", "Kode QR alamat pemeriksaan surat")
    for index, text in enumerate(
        ("Kode surat: {{ kode }}", "Periksa surat ini di {{ alamat_periksa }}", "{{ tanpa_biaya }}")
    ):
        paragraph = words.paragraphs[0] if index == 0 else words.add_paragraph()
        _write(paragraph, text, size=Pt(8))
    _size(footer.paragraphs[0], Pt(1))
    footer._element.append(footer.paragraphs[0]._p)  # Word wants a paragraph after a table


def _head_words(added: Callable[[], Any]) -> None:
    for text, size, bold in (
        ("{%p for baris in kop %}", SIZE, False),
        ("{{ baris }}", Pt(14), True),
        ("{%p endfor %}", SIZE, False),
        ("{%p for baris in alamat_kop %}", SIZE, False),
        ("{{ baris }}", Pt(9.5), False),
        ("{%p endfor %}", SIZE, False),
    ):
        paragraph = added()
        paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
        _write(paragraph, text, bold=bold, size=size)


def _prose(document: Any, name: str) -> None:
    _only(document, f"{{%p for alinea in {name} %}}")
    _paragraph(document, "{{ alinea }}", after=6).alignment = WD_ALIGN_PARAGRAPH.JUSTIFY
    _only(document, "{%p endfor %}")


def _attachment(document: Any, title: str) -> None:
    """Begin a page that repeats the letter's number and date. They are fields: who types them once in Word, has them here too."""
    first = _paragraph(document, "Lampiran surat")
    first.paragraph_format.page_break_before = True
    number = _paragraph(document, "Nomor ")
    _repeated(number, "nomor_surat", "{{ nomor_ulang }}")
    dated = _paragraph(document, "Tanggal ")
    _repeated(dated, "tanggal_surat", "{{ tanggal_ulang }}")
    for paragraph in (first, number, dated):
        paragraph.paragraph_format.left_indent = Mm(WIDTH - 80)
    heading = _paragraph(document, title, bold=True, before=10, after=6)
    heading.alignment = WD_ALIGN_PARAGRAPH.CENTER


def _only(document: Any, tag: str) -> None:
    """Add a paragraph with nothing but a tag; docxtpl takes the paragraph away."""
    document.add_paragraph(tag)


def _paragraph(document: Any, text: str, *, before: float = 0, after: float = 0, **look: Any) -> Any:
    paragraph = document.add_paragraph()
    paragraph.paragraph_format.space_before, paragraph.paragraph_format.space_after = Pt(before), Pt(after)
    _write(paragraph, text, **look)
    if not text and "size" in look:
        _size(paragraph, look["size"])
    return paragraph


def _write(paragraph: Any, text: str, *, bold: bool = False, underline: bool = False, size: Any = None) -> None:
    if text:
        run = paragraph.add_run(text)
        run.bold, run.underline = bold or None, underline or None
        run.font.size = size


def _size(paragraph: Any, size: Any) -> None:
    """Make an empty paragraph as high as its type."""
    marks = paragraph._p.get_or_add_pPr()
    look, height = OxmlElement("w:rPr"), OxmlElement("w:sz")
    height.set(qn("w:val"), str(int(size.pt * 2)))
    look.append(height)
    marks.append(look)


def _hanging(paragraph: Any, indent: float, first_stop: float | None = None) -> None:
    form = paragraph.paragraph_format
    form.left_indent, form.first_line_indent = Mm(indent), Mm(-indent)
    for stop in (first_stop, indent):
        if stop is not None:
            form.tab_stops.add_tab_stop(Mm(stop))


def _table(document: Any, widths: Sequence[float], *, indent: float = 0, border: int = 0) -> Any:
    table = document.add_table(1, len(widths))
    _shape(table, widths, indent)
    if border:
        for side in BORDERS:
            _border(table._tbl.tblPr, side, "single", border, table=True)
    else:
        _no_padding(table)
    return table


def _shape(table: Any, widths: Sequence[float], indent: float = 0) -> None:
    table.autofit = False
    table.alignment = WD_TABLE_ALIGNMENT.LEFT
    for column, width in zip(table.columns, widths, strict=True):
        column.width = Mm(width)
        for cell in column.cells:
            cell.width = Mm(width)
    place = OxmlElement("w:tblInd")
    place.set(qn("w:w"), str(Mm(indent).twips))
    place.set(qn("w:type"), "dxa")
    table._tbl.tblPr.append(place)


def _no_padding(table: Any) -> None:
    margins = OxmlElement("w:tblCellMar")
    for side in ("left", "right"):
        margin = OxmlElement(f"w:{side}")
        margin.set(qn("w:w"), "0")
        margin.set(qn("w:type"), "dxa")
        margins.append(margin)
    table._tbl.tblPr.append(margins)


def _loop_rows(table: Any, loop: str, texts: Sequence[str]) -> None:
    _write(table.rows[0].cells[0].paragraphs[0], f"{{%tr {loop} %}}")
    row = table.add_row()
    for cell, text in zip(row.cells, texts, strict=True):
        _write(cell.paragraphs[0], text)
    _loop_begins(table, "endfor")


def _loop_begins(table: Any, tag: str) -> Any:
    row = table.add_row()
    _write(row.cells[0].paragraphs[0], f"{{%tr {tag} %}}")
    return row


def _repeats(row: Any) -> None:
    header = OxmlElement("w:tblHeader")
    row._tr.get_or_add_trPr().append(header)


def _border(of: Any, side: str, kind: str, eighths: int, *, table: bool = False) -> None:
    holder_name = "w:tblBorders" if table else "w:pBdr"
    properties = of if table else of._p.get_or_add_pPr()
    holder = properties.find(qn(holder_name))
    if holder is None:
        holder = OxmlElement(holder_name)
        properties.append(holder)
    line = OxmlElement(f"w:{side}")
    for name, value in (("val", kind), ("sz", str(eighths)), ("space", "1"), ("color", "auto")):
        line.set(qn(f"w:{name}"), value)
    holder.append(line)


def _bookmarked(paragraph: Any, text: str, name: str, number: int) -> None:
    begin, end = OxmlElement("w:bookmarkStart"), OxmlElement("w:bookmarkEnd")
    for mark in (begin, end):
        mark.set(qn("w:id"), str(number))
    begin.set(qn("w:name"), name)
    paragraph._p.append(begin)
    _write(paragraph, text)
    paragraph._p.append(end)


def _repeated(paragraph: Any, bookmark: str, shown: str) -> None:
    """Add a field that shows a bookmark's text. shown: until a program has filled it in."""
    for kind in ("begin", "instruction", "separate", "shown", "end"):
        run = paragraph.add_run(shown if kind == "shown" else "")
        if kind == "instruction":
            instruction = OxmlElement("w:instrText")
            instruction.set(qn("xml:space"), "preserve")
            instruction.text = f" REF {bookmark} "
            run._r.append(instruction)
        elif kind != "shown":
            mark = OxmlElement("w:fldChar")
            mark.set(qn("w:fldCharType"), kind)
            if kind == "begin":
                mark.set(qn("w:dirty"), "true")
            run._r.append(mark)


def _blank_png() -> bytes:
    """Return a white picture, in whose place comes the QR code."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(b"\0\xff"))
        + chunk(b"IEND", b"")
    )
