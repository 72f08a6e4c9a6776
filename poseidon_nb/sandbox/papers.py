"""Invoices as files: CSV in the columns of the specification's example, and a PDF of plain lines."""

from __future__ import annotations

import csv
import io
import time
from typing import TYPE_CHECKING

from poseidon_nb.sandbox.bills import usd

if TYPE_CHECKING:
    from collections.abc import Sequence

    from poseidon_nb.sandbox.bills import Charge

_COLUMNS = ("product", "group_description", "description", "hours", "start", "end", "USD", "project_name", "category")
_LINES_ON_PAGE = 60
_LINE_MOST = 95


def csv_of(charges: Sequence[Charge]) -> bytes:
    """Give an invoice's lines as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(_COLUMNS)
    for one in charges:
        times = (time.strftime("%Y-%m-%d %H:%M:%S +0000", time.gmtime(at)) for at in (one.start, one.end))
        writer.writerow([one.product, "", one.description, one.hours, *times, f"${usd(one.cents)}", "", "iaas"])
    return text.getvalue().encode("utf-8", "surrogatepass")


def pdf_of(lines: Sequence[str]) -> bytes:
    """Give lines of text as a PDF, as many pages as they need; what Latin-1 lacks becomes a question mark."""
    pages = [lines[first : first + _LINES_ON_PAGE] for first in range(0, len(lines), _LINES_ON_PAGE)]
    # 1 is the catalogue, 2 the tree of pages, 3 the font; then each page and what is on it.
    numbers = [4 + 2 * index for index in range(len(pages))]
    kids = " ".join(f"{number} 0 R" for number in numbers)
    objects = [
        b"<< /Type /Catalog /Pages 2 0 R >>",
        f"<< /Type /Pages /Kids [{kids}] /Count {len(pages)} >>".encode(),
        b"<< /Type /Font /Subtype /Type1 /BaseFont /Courier /Encoding /WinAnsiEncoding >>",
    ]
    for number, page in zip(numbers, pages, strict=True):
        content = b"BT /F1 9 Tf 40 800 Td 12 TL\n" + b"".join(b"(%b) Tj T*\n" % _escaped(line) for line in page) + b"ET"
        objects.append(
            b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 595 842] "
            b"/Resources << /Font << /F1 3 0 R >> >> /Contents %d 0 R >>" % (number + 1)
        )
        objects.append(b"<< /Length %d >>\nstream\n%b\nendstream" % (len(content), content))
    made = bytearray(b"%PDF-1.4\n")
    places = []
    for number, content in enumerate(objects, start=1):
        places.append(len(made))
        made += b"%d 0 obj\n%b\nendobj\n" % (number, content)
    table = len(made)
    made += b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1)
    made += b"".join(b"%010d 00000 n \n" % place for place in places)
    made += b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF\n" % (len(objects) + 1, table)
    return bytes(made)


def _escaped(line: str) -> bytes:
    text = "".join(sign if sign.isprintable() else "?" for sign in line[:_LINE_MOST])
    return text.encode("latin-1", "replace").replace(b"\\", b"\\\\").replace(b"(", b"\\(").replace(b")", b"\\)")
