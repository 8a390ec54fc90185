"""Tables as files, written row by row: CSV, JSON, XLSX. No cell of them is ever a formula.

A text that a spreadsheet would take for one (`=`, `+`, `-`, `@`, tab, line break at its beginning) gets a `'` before
it, in XLSX too: there a cell is text by its type, until somebody edits it. JSON keeps texts as they are.
"""

import csv
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Final
from xml.sax.saxutils import escape

Rows = Iterable[Sequence[Any]]  # of str and bool

_FORMULA: Final = re.compile(r"\s*[=+\-@＝＋－＠\t\r\n]")
_NOT_XML: Final = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_BOM: Final = "\ufeff"  # else spreadsheets read Cyrillic as something else


def harmless(text: str) -> str:
    """The same, and no formula."""
    return f"'{text}" if _FORMULA.match(text) else text


def as_csv(columns: Sequence[str], rows: Rows) -> bytes:
    """RFC 4180, UTF-8 with a byte order mark."""
    written = io.StringIO()
    table = csv.writer(written)
    table.writerow(columns)
    for row in rows:
        table.writerow([_plain(value) for value in row])
    return (_BOM + written.getvalue()).encode()


def as_json(columns: Sequence[str], rows: Rows) -> bytes:
    """A list of objects, a row a line."""
    lines = (json.dumps(dict(zip(columns, row, strict=True)), ensure_ascii=False) for row in rows)
    return ("[\n" + ",\n".join(lines) + "\n]\n").encode()


def _plain(value: Any) -> str:
    return ("yes" if value else "no") if isinstance(value, bool) else harmless(value)


# --- XLSX (ECMA-376): the least that spreadsheets take; texts lie in their cells -------------------------------------

_HEAD: Final = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_SPREADSHEET: Final = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_RELATIONS: Final = "http://schemas.openxmlformats.org/package/2006/relationships"
_OFFICE: Final = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_TYPES: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_AROUND: Final = {
    "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPES}.sheet.main+xml"/>'
    f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPES}.worksheet+xml"/></Types>',
    "_rels/.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
    "xl/workbook.xml": f'<workbook xmlns="{_SPREADSHEET}" xmlns:r="{_OFFICE}">'
    '<sheets><sheet name="Ortoo" sheetId="1" r:id="rId1"/></sheets></workbook>',
    "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{_RELATIONS}">'
    f'<Relationship Id="rId1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/></Relationships>',
}


def as_xlsx(columns: Sequence[str], rows: Rows) -> bytes:
    """A workbook with one sheet."""
    whole = io.BytesIO()
    with zipfile.ZipFile(whole, "w", zipfile.ZIP_DEFLATED) as package:
        for name, part in _AROUND.items():
            package.writestr(name, _HEAD + part)
        with package.open("xl/worksheets/sheet1.xml", "w") as sheet:
            sheet.write(f'{_HEAD}<worksheet xmlns="{_SPREADSHEET}"><sheetData>'.encode())
            sheet.write(_line(columns))
            for row in rows:
                sheet.write(_line(row))
            sheet.write(b"</sheetData></worksheet>")
    return whole.getvalue()


def _line(row: Sequence[Any]) -> bytes:
    return f"<row>{''.join(map(_cell, row))}</row>".encode()


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return f'<c t="b"><v>{int(value)}</v></c>'
    text = escape(_NOT_XML.sub("\ufffd", harmless(value)))
    return f'<c t="inlineStr"><is><t xml:space="preserve">{text}</t></is></c>'


FORMATS: Final[Mapping[str, Callable[[Sequence[str], Rows], bytes]]] = {
    "csv": as_csv,
    "json": as_json,
    "xlsx": as_xlsx,
}
