"""Templates of Word for tests: small documents with a text in each place that docxtpl fills, and letters' whole one changed."""

import io
import re
import zipfile
from collections.abc import Mapping

from docx import Document
from docx.opc.constants import RELATIONSHIP_TYPE
from docx.opc.packuri import PackURI
from docx.opc.part import Part

from outreach.delivery.documents.word import form
from outreach.delivery.documents.word.process import FOOTNOTES

NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


def a_form(body="Isi", *, header="", footer="", footnote="", sections=1, **properties) -> bytes:
    """Return a .docx with these texts. properties: such as title."""
    document = Document()
    document.add_paragraph(body)
    for _more in range(sections - 1):
        document.add_section()
    document.sections[0].header.paragraphs[0].text = header
    document.sections[0].footer.paragraphs[0].text = footer
    for name, value in properties.items():
        setattr(document.core_properties, name, value)
    if footnote:
        xml = (
            f'<w:footnotes xmlns:w="{NAMESPACE}"><w:footnote w:id="1"><w:p><w:r><w:t>{footnote}</w:t></w:r></w:p>'
            "</w:footnote></w:footnotes>"
        )
        part = Part(PackURI("/word/footnotes.xml"), FOOTNOTES, xml.encode(), document.part.package)
        document.part.relate_to(part, RELATIONSHIP_TYPE.FOOTNOTES)
    return saved(document)


def saved(document) -> bytes:
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def entries(data: bytes) -> dict[str, bytes]:
    """Return the files in a .docx."""
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def packed(files: Mapping[str, bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return file.getvalue()


def with_files(data: bytes, files: Mapping[str, bytes]) -> bytes:
    """Return a .docx with more files, or with others."""
    return packed(entries(data) | files)


def changed(data: bytes, name: str, old: str, new: str) -> bytes:
    """Return a .docx with another text in one of its files, which must have the old one."""
    files = entries(data)
    assert old.encode() in files[name], f"{old} is not in {name}"
    return packed(files | {name: files[name].replace(old.encode(), new.encode())})


def own_form(old="", new="") -> bytes:
    """Return the shipped template, changed as an office could have changed it."""
    return changed(form.shipped(), "word/document.xml", old, new) if old else form.shipped()


def text_of(data: bytes, name="word/document.xml") -> str:
    """Return the text of a part, a line for each paragraph."""
    xml = entries(data)[name].decode()
    paragraphs = re.findall(r"<w:p[ >].*?</w:p>", xml, re.DOTALL)
    return "\n".join("".join(re.findall(r"<w:t(?: [^>]*)?>([^<]*)</w:t>", one)) for one in paragraphs)
