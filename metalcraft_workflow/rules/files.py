"""What a file is by its content, whatever its name says."""

import io
import zipfile

from metalcraft_workflow.rules.requirement import _lt

# Kind of content, by how it begins
SIGNATURES = (
	(b"\x89PNG\r\n\x1a\n", "png"),
	(b"\xff\xd8\xff", "jpeg"),
	(b"GIF87a", "gif"),
	(b"GIF89a", "gif"),
	(b"II*\x00", "tiff"),
	(b"MM\x00*", "tiff"),
	(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "office 97"),
)
# Kinds that an extension may stand for
EXTENSIONS = {
	"pdf": "pdf",
	"png": "png",
	"jpg": "jpeg",
	"jpeg": "jpeg",
	"gif": "gif",
	"tif": "tiff",
	"tiff": "tiff",
	"webp": "webp",
	"doc": "office 97",
	"xls": "office 97",
	"docx": "docx",
	"xlsx": "xlsx",
	"odt": "odt",
	"ods": "ods",
}
MACROS = "macros"

# A PDF may have something before its first line; readers look this far
PDF_WITHIN = 1024


def extension(filename: str) -> str:
	"""The extension of a file name in small letters, without its dot."""
	_stem, dot, ending = (filename or "").rpartition(".")
	return ending.strip().lower() if dot else ""


def kind(content: bytes) -> str:
	"""What `content` is: one of the values of EXTENSIONS; `macros` for an office document that carries
	a program; an empty string for everything else."""
	for signature, found in SIGNATURES:
		if content.startswith(signature):
			is_program = found == "office 97" and "_VBA_PROJECT".encode("utf-16-le") in content
			return MACROS if is_program else found
	if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
		return "webp"
	if b"%PDF-" in content[:PDF_WITHIN]:
		return "pdf"
	return _kind_of_archive(content) if content.startswith(b"PK\x03\x04") else ""


def is_what_it_says(filename: str, content: bytes) -> bool:
	"""Whether the extension of a file is a known one and its content is of that kind."""
	return EXTENSIONS.get(extension(filename)) == kind(content) != ""


def _kind_of_archive(content: bytes) -> str:
	"""The kind of an office document, which is a zip archive; nothing is unpacked but its one label."""
	try:
		with zipfile.ZipFile(io.BytesIO(content)) as archive:
			names = archive.namelist()
			if any(name.lower().endswith("vbaproject.bin") for name in names):
				return MACROS
			if "[Content_Types].xml" in names:
				return next(
					(
						found
						for folder, found in (("word/", "docx"), ("xl/", "xlsx"))
						if any(name.startswith(folder) for name in names)
					),
					"",
				)
			if "mimetype" in names and archive.getinfo("mimetype").file_size < 100:
				label = archive.read("mimetype").decode("ascii", "replace").strip()
				return {
					"application/vnd.oasis.opendocument.text": "odt",
					"application/vnd.oasis.opendocument.spreadsheet": "ods",
				}.get(label, "")
	except (zipfile.BadZipFile, RuntimeError, ValueError, NotImplementedError):
		return ""  # an archive that cannot be read is of no kind that is taken
	return ""


# How much of a picture or of a PDF is opened

# A3 at 500 dpi; in memory each pixel takes four bytes
MOST_PIXELS = 64_000_000
MOST_PAGES = 500
# Of a picture that has several, as scanners make them
MOST_FRAMES = 100

PICTURES = ("png", "jpeg", "gif", "tiff", "webp")
OPENED = ("pdf", *PICTURES)

# Why a file is not opened, after its name
NOT_OPENED = {
	"pixels": _lt(
		"has {width} x {height} pixels, and more than {most} million are not opened. Save it smaller and upload"
		" it again."
	),
	"frames": _lt("has more than {most} pictures in it. Save them as several files and upload those."),
	"pages": _lt("has more than {most} pages. Save it as several files and upload those."),
	"too_much": _lt(
		"takes too much to open. Print it to a new PDF, or save the picture smaller, and upload that."
	),
	"locked": _lt("is locked with a password. Upload it without one."),
	"empty": _lt("has no pages. Upload it again."),
	"damaged": _lt("is damaged and cannot be opened. Print it to a new PDF and upload that."),
	"damaged_picture": _lt("is damaged and cannot be shown. Save the picture anew and upload that."),
}

# Refused at the upload; what is damaged may still be shown by some reader
TOO_MUCH = ("pixels", "frames", "pages", "too_much")


# Why a file cannot be read, after its name

LINK = _lt("is a link. Download what it leads to, and upload the file itself.")
GONE = _lt("is no longer there. Upload it again.")
ELSEWHERE = _lt("is kept outside of this site and cannot be read from here. Upload the file itself.")
