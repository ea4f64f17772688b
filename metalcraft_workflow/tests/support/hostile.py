"""Pictures and PDFs that are made to be too much."""

import io
import zlib

from PIL import Image


def pdf(*objects: bytes) -> bytes:
	"""A PDF of these objects, the first of which is its catalog."""
	out, places = io.BytesIO(), []
	out.write(b"%PDF-1.5\n")
	for number, content in enumerate(objects, 1):
		places.append(out.tell())
		out.write(b"%d 0 obj\n%s\nendobj\n" % (number, content))
	begins = out.tell()
	out.write(b"xref\n0 %d\n0000000000 65535 f \n" % (len(objects) + 1))
	out.write(b"".join(b"%010d 00000 n \n" % place for place in places))
	out.write(b"trailer\n<< /Size %d /Root 1 0 R >>\nstartxref\n%d\n%%%%EOF" % (len(objects) + 1, begins))
	return out.getvalue()


PAGE = b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] >>"
CATALOG = b"<< /Type /Catalog /Pages 2 0 R >>"


def many_pages(number: int) -> bytes:
	"""A PDF with that many pages, which says that it has one."""
	kids = b" ".join(b"%d 0 R" % (3 + each) for each in range(number))
	return pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [%s] >>" % kids, *[PAGE] * number)


def ring_of_pages() -> bytes:
	"""A PDF whose tree of pages leads to itself."""
	return pdf(CATALOG, b"<< /Type /Pages /Count 1 /Kids [2 0 R] >>")


def doubled_pages(levels: int) -> bytes:
	"""A PDF of a few lines in which each level of pages is there twice: 2 to the power of `levels` pages."""
	tree = [
		b"<< /Type /Pages /Count 1 /Kids [%d 0 R %d 0 R] >>" % (3 + each, 3 + each) for each in range(levels)
	]
	return pdf(CATALOG, *tree, PAGE)


def picture_in_itself() -> bytes:
	"""A PDF with a drawing that draws itself."""
	return pdf(
		CATALOG,
		b"<< /Type /Pages /Count 1 /Kids [3 0 R] >>",
		b"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 100 100] /Resources << /XObject << /X 4 0 R >> >> >>",
		b"<< /Type /XObject /Subtype /Form /BBox [0 0 9 9] /Resources << /XObject << /X 4 0 R >> >> /Length 5"
		b" >>\nstream\n/X Do\nendstream",
	)


def blown_up(megabytes: int) -> bytes:
	"""A small PDF, one of whose streams of objects grows to that size when it is read."""
	packer = zlib.compressobj(9)
	packed = packer.compress(b"2 0 ") + b"".join(
		packer.compress(bytes(1024 * 1024)) for _ in range(megabytes)
	)
	packed += packer.flush()
	head = b"%PDF-1.5\n"
	catalog = b"1 0 obj\n" + CATALOG + b"\nendobj\n"
	stream = b"<< /Type /ObjStm /N 1 /First 4 /Length %d /Filter /FlateDecode >>" % len(packed)
	stream = b"3 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (stream, packed)
	places = [len(head), len(head) + len(catalog), len(head) + len(catalog) + len(stream)]
	rows = ((0, 0, 255), (1, places[0], 0), (2, 3, 0), (1, places[1], 0), (1, places[2], 0))
	table = b"".join(
		kind.to_bytes(1, "big") + at.to_bytes(4, "big") + bytes([more]) for kind, at, more in rows
	)
	xref = b"<< /Type /XRef /Size 5 /W [1 4 1] /Root 1 0 R /Length %d >>" % len(table)
	xref = b"4 0 obj\n%s\nstream\n%s\nendstream\nendobj\n" % (xref, table)
	return head + catalog + stream + xref + b"startxref\n%d\n%%%%EOF" % places[2]


def picture(width: int, height: int, kind: str = "PNG", mode: str = "1", **options) -> bytes:
	"""A blank picture."""
	stream = io.BytesIO()
	Image.new(mode, (width, height)).save(stream, kind, **options)
	return stream.getvalue()


def frames(number: int, kind: str = "TIFF") -> bytes:
	"""A picture with that many frames, all different."""
	found = [Image.new("L", (20, 20), each % 256) for each in range(number)]
	stream = io.BytesIO()
	found[0].save(stream, kind, save_all=True, append_images=found[1:])
	return stream.getvalue()
