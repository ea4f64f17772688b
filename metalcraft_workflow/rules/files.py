"""What a file is by its content, whatever its name says."""

import io
import zipfile

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
