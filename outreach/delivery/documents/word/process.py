"""A separate program that fills a .docx template. The job comes on standard input, the document goes to standard output.

delivery/documents/word/render.py runs it with limits on memory and time. An office may upload a template, so the template is not
trusted: this process looks into it before python-docx does, fills it in Jinja's sandbox, and can by then open no file and no
connection any more. This file imports nothing of Outreach.

A job is a line of JSON, {"words", "pictures", "replaced", "properties", "files": [[name, bytes], …]}, followed by the files'
bytes. FORM is the template; "replaced" names files that take the place of pictures of that name. The answer is a line of
JSON, {"bytes", "texts"} followed by the document, or {"error", "said", "near"}. texts: of the document and of its headers
and footers, a list of what stands in each `w:t`.
"""

import contextlib
import io
import json
import re
import sys
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from importlib import import_module
from typing import Any, BinaryIO

from docx.exceptions import PythonDocxError
from docx.opc.exceptions import OpcError
from docx.shared import Mm
from docxtpl import DocxTemplate, InlineImage
from jinja2 import StrictUndefined, nodes
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment
from lxml import etree

FORM = "form.docx"
QR_NAME = "qr.png"  # the picture in a template that becomes the QR code
MEMORY = 1024 * 1024 * 1024  # bytes of address space
SECONDS = 20  # of the processor
MOST_ENTRIES = 500
MOST_BYTES = 30 * 1024 * 1024  # of all entries, unpacked
MAIN_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
FOOTNOTES = "application/vnd.openxmlformats-officedocument.wordprocessingml.footnotes+xml"
LOADED_LATE = ("jinja2.debug", "pprint", "docx.image.image", "encodings.cp437", "encodings.unicode_escape")
W = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
_HYPERLINK = re.compile(r"/relationships/hyperlink$")
_HARMLESS = re.compile(r"https?://|mailto:", re.IGNORECASE)
_PROGRAMS = re.compile(
    r"vba|macroEnabled|activeX|oleObject|relationships/package$|embeddings/|aFChunk|/control$", re.IGNORECASE
)
_FIELDS = re.compile(
    r"\b(DDE|DDEAUTO|INCLUDE|INCLUDEPICTURE|INCLUDETEXT|IMPORT|LINK|DATABASE|RD|MACROBUTTON|AUTOTEXT|EMBED)\b",
    re.IGNORECASE,
)


class Refused(Exception):
    """The template is not taken. error: which of render.py's sentences says why."""

    def __init__(self, error: str, said: str = "", near: str = "") -> None:
        self.error, self.said, self.near = error, said, near
        super().__init__(error)


class Sandbox(ImmutableSandboxedEnvironment):
    """Jinja without what reaches Python's inside, and without what lets a value through as markup."""

    def __init__(self) -> None:
        super().__init__(autoescape=True, undefined=StrictUndefined)
        del self.filters["safe"]
        self.globals.pop("lipsum")

    def from_string(self, source: Any, *args: Any, **options: Any) -> Any:
        if any(self.parse(source).find_all(nodes.EvalContextModifier)):  # {% autoescape false %}
            raise SecurityError("autoescape")
        return super().from_string(source, *args, **options)


class WordForm(DocxTemplate):
    """docxtpl, with the sandbox everywhere: no path of it makes an environment or a Template of its own."""

    def render_xml_part(self, src_xml: str, part: Any, context: Mapping[str, Any], jinja_env: Any = None) -> str:
        """Fill a part. Unlike docxtpl's, it never does without the environment, and tells near which text it went wrong."""
        source = re.sub(r"<w:p([ >])", r"\n<w:p\1", src_xml)  # one line a paragraph
        self.current_rendering_part = part
        try:
            made = jinja_env.from_string(source).render(context)
        except Exception as error:
            raise Refused("wrong", _said(error), _near(error, source)) from None
        made = self.resolve_listing(re.sub(r"\n<w:p([ >])", r"<w:p\1", made))
        try:
            etree.fromstring(made.encode(), etree.XMLParser(resolve_entities=False))
        except etree.XMLSyntaxError:  # docxtpl would mend it by leaving something out
            raise Refused("broken") from None
        return made

    def render_properties(self, context: Mapping[str, Any], jinja_env: Any = None) -> None:
        try:
            super().render_properties(context, jinja_env)
        except Exception as error:
            raise Refused("properties", _said(error)) from None

    def render_footnotes(self, context: Mapping[str, Any], jinja_env: Any = None) -> None:
        """Fill the footnotes once. docxtpl does it once a section, and would take the values for template the second time."""
        for part in self.docx.part.package.parts:
            if part.content_type == FOOTNOTES:
                made = self.render_xml_part(self.patch_xml(part.blob.decode()), part, context, jinja_env)
                part._blob = made.encode()


class Picture:
    """A picture as a template may use it: printed, it is the picture, and nothing else of it can be reached."""

    def __init__(self, form: WordForm, data: bytes, width_mm: float) -> None:
        self._image = InlineImage(form, io.BytesIO(data), width=Mm(width_mm))

    def __html__(self) -> str:
        return self._image.__html__()  # type: ignore[no-any-return]


def main(source: BinaryIO, sink: BinaryIO) -> int:
    """Answer one job."""
    for name in LOADED_LATE:
        import_module(name)
    _limit()
    job = json.loads(source.readline())
    files = {name: source.read(size) for name, size in job["files"]}
    made = b""
    try:
        made, texts = filled(files, job)
        answer: dict[str, Any] = {"bytes": len(made), "texts": texts}
    except Refused as refused:
        answer = {"error": refused.error, "said": refused.said[:300], "near": refused.near[:80]}
    except (MemoryError, RecursionError):
        answer = {"error": "large"}
    sink.write(json.dumps(answer).encode() + b"\n" + made)
    sink.flush()
    return 0


def filled(files: Mapping[str, bytes], job: Mapping[str, Any]) -> tuple[bytes, dict[str, list[str]]]:
    """Return the document and its texts. Raise Refused."""
    look_into(files[FORM])
    form = WordForm(io.BytesIO(files[FORM]))
    form.allow_missing_pics = True
    for name in job["replaced"]:
        form.pics_to_replace[name] = files[name]
    pictures = {
        name: Picture(form, files[name], width_mm) if name in files else ""
        for name, width_mm in job["pictures"].items()
    }
    try:
        form.render(dict(job["words"]) | pictures, Sandbox())
    except (OpcError, PythonDocxError, etree.LxmlError, LookupError, TypeError, ValueError, AttributeError):
        raise Refused("no_word") from None
    properties = form.docx.core_properties
    for name, value in job["properties"].items():
        setattr(properties, name, datetime.fromtimestamp(value, UTC) if isinstance(value, int) else value[:255])
    for name, relation in list(form.docx.part.package.rels.items()):
        if relation.reltype.endswith("/thumbnail"):  # of the template, not of this letter
            form.docx.part.package.rels.pop(name)
    made = io.BytesIO()
    form.save(made)
    return made.getvalue(), _texts(form)


def look_into(data: bytes) -> None:
    """Raise Refused for what is no Word document, or could do something when somebody opens it."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = archive.infolist()
            if len(entries) > MOST_ENTRIES or sum(one.file_size for one in entries) > MOST_BYTES:
                raise Refused("large")
            # zipfile reads no more of an entry than its stated size
            for one in entries:
                _look_at(one.filename, archive.read(one))
            main_type = _main_type(archive)
    except (
        zipfile.BadZipFile,
        KeyError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
        EOFError,
        zlib.error,
    ):
        raise Refused("no_word") from None
    except etree.XMLSyntaxError:
        raise Refused("no_word") from None
    if "macroEnabled" in main_type:
        raise Refused("programs")
    if main_type != MAIN_TYPE:
        raise Refused("no_word")


def _look_at(name: str, data: bytes) -> None:
    if _PROGRAMS.search(name):
        raise Refused("programs")
    if not name.lower().endswith((".xml", ".rels")):
        return
    if b"<!DOCTYPE" in data or b"<!ENTITY" in data or not _is_utf8(data):
        raise Refused("no_word")
    tree = etree.fromstring(data, etree.XMLParser(resolve_entities=False, no_network=True))
    if name.lower().endswith(".rels"):
        for one in tree.iter("{*}Relationship"):
            kind, target = one.get("Type", ""), one.get("Target", "")
            if _PROGRAMS.search(kind):
                raise Refused("programs")
            is_link = _HYPERLINK.search(kind) and _HARMLESS.match(target)
            if one.get("TargetMode", "").lower() == "external" and not is_link:
                raise Refused("external", said=target)
        return
    fields = "".join(one.text or "" for one in tree.iter(f"{W}instrText"))
    simple = " ".join(one.get(f"{W}instr", "") for one in tree.iter(f"{W}fldSimple"))
    if found := _FIELDS.search(f"{fields} {simple}"):
        raise Refused("external", said=found[0])


def _is_utf8(data: bytes) -> bool:
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _main_type(archive: zipfile.ZipFile) -> str:
    types = etree.fromstring(archive.read("[Content_Types].xml"), etree.XMLParser(resolve_entities=False))
    kinds = [one.get("ContentType", "") for one in types.iter("{*}Override", "{*}Default")]
    if any(_PROGRAMS.search(kind) for kind in kinds):
        return "macroEnabled"
    return MAIN_TYPE if MAIN_TYPE in kinds else ""


def _texts(form: WordForm) -> dict[str, list[str]]:
    part = form.docx.part
    beside = [rel.target_part for rel in part.rels.values() if rel.reltype in (form.HEADER_URI, form.FOOTER_URI)]
    return {
        "document": _runs(part.element),
        "beside": [text for one in beside for text in _runs(one.element)],
    }


def _runs(element: Any) -> list[str]:
    return [one.text or "" for one in element.iter(f"{W}t")]


def _said(error: Exception) -> str:
    if isinstance(error, (MemoryError, RecursionError)):
        raise error
    return str(error)


def _near(error: Exception, source: str) -> str:
    """Return the text of the paragraph at which a template went wrong, "" if nobody knows."""
    line = getattr(error, "lineno", None) or next(_lines_of_template(error), 0)
    rows = source.splitlines()
    return " ".join(re.sub(r"<[^>]*>", " ", rows[line - 1]).split()) if 0 < line <= len(rows) else ""


def _lines_of_template(error: Exception) -> Iterator[int]:
    at = error.__traceback__
    while at is not None:
        if at.tb_frame.f_code.co_filename in ("<template>", "<unknown>"):
            yield at.tb_lineno
        at = at.tb_next


def _limit() -> None:
    with contextlib.suppress(ImportError, ValueError, OSError):  # Windows has no such limits
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
        resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))  # standard input, output and error, and nothing else


if __name__ == "__main__":
    sys.exit(main(sys.stdin.buffer, sys.stdout.buffer))
