"""Spreadsheets of people for tests of imports."""

import io

import xlsxwriter

HEADER = ["No", "Nama Lengkap", "Kelurahan", "No. HP/WA", "Email", "Jenis Kader"]
ANI = [1, "Ani Wijaya", "Imopuro", "081234567890", "ani@example.com", "PATBM"]


def a_sheet(*rows, header=HEADER, **more_sheets):
    """Return an .xlsx with a header and rows; more_sheets: lists of rows by sheet name."""
    stream = io.BytesIO()
    book = xlsxwriter.Workbook(stream)
    for name, lines in {"Kader": [header, *rows], **more_sheets}.items():
        sheet = book.add_worksheet(name)
        for at, line in enumerate(lines):
            sheet.write_row(at, 0, line)
    book.close()
    return stream.getvalue()
