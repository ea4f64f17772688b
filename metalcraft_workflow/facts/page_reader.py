"""Opens pictures and PDFs in a process of its own, with an end of its memory and of its time.

A program, and no module: `facts.pages` runs it in a folder with the files, and nothing of the app or of Frappe
is there. It is told what to do in one line of JSON, `{"task": ..., "memory": bytes, "seconds": ..., **what the
task takes}`, and answers in one line: what the task gives, or `{"refused": code, ...}`.
"""

import errno
import io
import json
import resource
import sys

# As many pixels as a print shows, and white around them
PRINTED = (2200, 2200)
MARGIN = 36

# Larger files are not written
MOST_WRITTEN = 512 * 1024 * 1024


class Refused(Exception):
	"""Why a file is not opened: a code of rules.files, and what its sentence says."""

	def __init__(self, code: str, **params):
		super().__init__(code)
		self.answer = {"refused": code, **params}


def main() -> None:
	"""Take the limits upon itself, do the task and say its answer."""
	said = json.loads(sys.argv[1])
	memory, seconds = said.pop("memory"), said.pop("seconds")
	for what, most in (
		(resource.RLIMIT_AS, memory),
		(resource.RLIMIT_CPU, seconds),
		(resource.RLIMIT_FSIZE, MOST_WRITTEN),
		(resource.RLIMIT_CORE, 0),
	):
		hard = resource.getrlimit(what)[1]
		most = most if hard == resource.RLIM_INFINITY else min(most, hard)
		resource.setrlimit(what, (most, most))
	try:
		answer = TASKS[said.pop("task")](**said)
	except Refused as refused:
		answer = refused.answer
	except MemoryError:
		answer = {"refused": "too_much"}
	except OSError as error:
		if error.errno == errno.ENOSPC:
			print(error)  # the server's trouble, and not the file's
			sys.exit(1)
		answer = {"refused": "too_much" if error.errno in (errno.EFBIG, errno.ENOMEM) else "damaged"}
	except Exception as error:
		# Both libraries raise whatever a damaged file makes them stumble over; newer ones have limits of their own
		answer = {"refused": "too_much" if type(error).__name__ == "LimitReachedError" else "damaged"}
	print(json.dumps(answer))


# Tasks


def measure(kind: str, limits: dict) -> dict:
	"""Refuse what has too many pixels or pages, without opening more of it than tells that."""
	if kind == "pdf":
		readable(limits)
	else:
		for _frame in frames(kind, limits):
			pass
	return {}


def pages(kind: str, limits: dict, paper: list[float]) -> dict:
	"""Write the file `in` as pages of a PDF to `out`; pictures are laid on `paper` (width, height)."""
	from pypdf import PdfWriter

	writer = PdfWriter()
	if kind == "pdf":
		# Written out and read back: what is broken in them shows here
		writer.append(readable(limits), import_outline=False)
	else:
		for frame in frames(kind, limits):
			writer.add_page(laid_on(paper, as_page(frame)))
	if not len(writer.pages):
		raise Refused("empty")
	writer.write("out")
	return {"pages": len(writer.pages)}


def bind(parts: list[dict], title: str) -> dict:
	"""Write the files of `parts` as one PDF to `out`: the pages of each under its title, or attached by its
	name."""
	from pypdf import PdfReader, PdfWriter

	writer = PdfWriter()
	for part in parts:
		if part["attached"]:
			with open(part["file"], "rb") as content:
				writer.add_attachment(part["name"], content.read())
			continue
		begins = len(writer.pages)
		for page in PdfReader(part["file"]).pages:
			writer.add_page(page)
		writer.add_outline_item(part["title"], begins)
	writer.add_metadata({"/Title": title})
	writer.write("out")
	return {"pages": len(writer.pages)}


TASKS = {"measure": measure, "pages": pages, "bind": bind}

# PDFs


def readable(limits: dict):
	"""The reader of a PDF that has pages, not too many of them, and no password."""
	from pypdf import PdfReader

	reader = PdfReader("in")
	# Many are locked against changes only, and open without a password
	if reader.is_encrypted and not reader.decrypt(""):
		raise Refused("locked")
	count_pages(reader, limits["pages"])
	return reader


def count_pages(reader, most: int) -> None:
	"""Refuse a PDF with no pages, or more than `most`, before the library makes a list of them. What the file
	itself says of their number may be wrong, and its tree of pages may be deep, or a ring."""
	nodes, leaves, branches = [reader.trailer["/Root"]["/Pages"]], 0, 0
	while nodes:
		node = nodes.pop().get_object()
		if "/Kids" in node:
			branches += 1
			nodes += node["/Kids"]
		else:
			leaves += 1
		if leaves > most or branches > most or len(nodes) > 2 * most:
			raise Refused("pages", most=most)
	if not leaves:
		raise Refused("empty")


# Pictures


def frames(kind: str, limits: dict):
	"""The picture at each of its frames, of which nothing but the head is read yet."""
	from PIL import Image, ImageFile

	Image.MAX_IMAGE_PIXELS = None  # said in words below
	ImageFile.LOAD_TRUNCATED_IMAGES = True  # as in Frappe
	image, number = Image.open("in"), 0
	while True:
		if number == limits["frames"]:
			raise Refused("frames", most=limits["frames"])
		width, height = image.size
		if width * height > limits["pixels"]:
			raise Refused("pixels", width=width, height=height, most=limits["pixels"] // 1_000_000)
		yield image
		if kind == "jpeg":
			return  # what comes after it is a preview, or how bright it is
		number += 1
		try:
			image.seek(number)
		except EOFError:
			return


def as_page(image):
	"""A picture as a page of a PDF: the right way up, without transparency, as small as a print allows.

	Made small first, so that hardly anything is there twice in full size.
	"""
	from PIL import Image, ImageOps
	from pypdf import PdfReader

	scale = min(1, *(most / length for most, length in zip(PRINTED, image.size, strict=True)))
	width, height = (max(1, round(length * scale)) for length in image.size)
	image.draft(None, (2 * width, 2 * height))  # a JPEG is not even decoded in full size
	if image.mode.startswith("I;16"):
		image = image.point(lambda value: value / 256).convert("L")
	elif image.mode == "1":
		image = image.convert("L")
	elif image.mode in ("P", "PA") or "transparency" in image.info:
		image = image.convert("RGBA")
	image = ImageOps.exif_transpose(image.resize((width, height), reducing_gap=2.0))
	if image.mode in ("RGBA", "LA"):
		paper = Image.new("RGB", image.size, "white")
		paper.paste(image, mask=image.getchannel("A"))
		image = paper
	stream = io.BytesIO()
	image.convert("RGB").save(stream, "PDF", resolution=72)
	return PdfReader(stream).pages[0]


def laid_on(paper: list[float], picture):
	"""A page of the size of `paper` with `picture` in its middle, as large as it fits."""
	from pypdf import PageObject, Transformation

	page = PageObject.create_blank_page(width=paper[0], height=paper[1])
	width, height = float(picture.mediabox.width), float(picture.mediabox.height)
	room = paper[0] - 2 * MARGIN, paper[1] - 2 * MARGIN
	scale = min(room[0] / width, room[1] / height)
	place = (
		Transformation()
		.scale(scale)
		.translate(MARGIN + (room[0] - width * scale) / 2, MARGIN + (room[1] - height * scale) / 2)
	)
	page.merge_transformed_page(picture, place)
	return page


if __name__ == "__main__":
	main()
