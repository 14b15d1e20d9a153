"""Letters as small PDFs, written by hand: pages of text, a scan, and files made to break their reader."""

from collections.abc import Sequence

LETTER = (
    "Nomor : 400.2/123/DPPPA/2027          Metro, 5 Januari 2027",
    "Sifat : Biasa",
    "Hal : Undangan",
    "Yth. Kepala Kantor Contoh",
    "hari/tanggal : Senin, 18 Januari 2027",
    "waktu : pukul 08.00 WIB s.d. selesai",
    "tempat : Aula Kantor Contoh, Jalan Melati 1",
    "Kode surat: K7QM-4TXD",
)


def paper(
    *pages: Sequence[str], catalog: str = "", page: str = "", objects: Sequence[str] = (), contents: str = ""
) -> bytes:
    """Return a PDF with these lines on its pages.

    catalog, page: further entries. objects: further objects, from 4 on. contents: shown on each page in place of the lines.
    """
    first_page = 4 + len(objects)
    kids = " ".join(f"{first_page + 2 * number} 0 R" for number in range(len(pages)))
    bodies = [
        f"<< /Type /Catalog /Pages 2 0 R {catalog} >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>",
        "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>",
        *objects,
    ]
    for number, lines in enumerate(pages):
        shown = "".join(f"({_escaped(line)}) Tj T*\n" for line in lines)
        drawn = f"BT /F1 10 Tf 14 TL 50 780 Td\n{shown}ET" if lines else "0.5 g 50 50 400 700 re f"
        bodies.append(
            "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] /Resources << /Font << /F1 3 0 R >> >> "
            f"/Contents {contents or f'{first_page + 2 * number + 1} 0 R'} {page} >>"
        )
        bodies.append(f"<< /Length {len(drawn.encode('cp1252'))} >>\nstream\n{drawn}\nendstream")
    return _file(bodies)


def scan() -> bytes:
    """Return a PDF of one page that only shows a grey rectangle."""
    return paper(())


def _file(bodies: Sequence[str]) -> bytes:
    data, places = b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n", []
    for number, body in enumerate(bodies, 1):
        places.append(len(data))
        data += f"{number} 0 obj\n{body}\nendobj\n".encode("cp1252")
    start = len(data)
    data += f"xref\n0 {len(bodies) + 1}\n0000000000 65535 f \n".encode()
    data += b"".join(f"{place:010} 00000 n \n".encode() for place in places)
    return data + f"trailer\n<< /Size {len(bodies) + 1} /Root 1 0 R >>\nstartxref\n{start}\n%%EOF\n".encode()


def _escaped(line: str) -> str:
    return line.replace("\\", r"\\").replace("(", r"\(").replace(")", r"\)")
