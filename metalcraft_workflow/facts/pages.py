"""Pictures and PDFs as pages of a PDF. Whatever is opened of them is opened in a process of its own, with an
end of its memory and of its time: a few hundred bytes can grow to gigabytes, or keep a library busy for hours.
"""

import json
import subprocess  # nosec B404: what it runs is this app's own, named below
import sys
import tempfile
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from frappe import _
from frappe.utils.caching import request_cache

from metalcraft_workflow.rules import files

READER = Path(__file__).with_name("page_reader.py")

# What one file may take, and what a whole package may take, in megabytes and seconds
ONE_FILE = {"memory": 768, "seconds": 30}
ONE_PACKAGE = {"memory": 1536, "seconds": 60}

LIMITS = {"pixels": files.MOST_PIXELS, "pages": files.MOST_PAGES, "frames": files.MOST_FRAMES}


class NotOpened(Exception):
	"""A file that is not opened; its text says why in the user's language, as it goes on after its name."""

	def __init__(self, code: str, **params):
		super().__init__(_(files.NOT_OPENED[code]).format(**params))
		self.code = code


@dataclass(frozen=True)
class Pages:
	"""A PDF, and how many pages it has."""

	pdf: bytes
	number: int


@dataclass(frozen=True)
class Part:
	"""Something that goes into a PDF under a title: the pages of a PDF, or a file that is attached to it by its
	name."""

	title: str
	content: bytes
	attached_as: str = ""


@request_cache
def too_much(content: bytes, kind: str) -> str:
	"""Why a file of this kind (of rules.files) has too many pixels or pages to be opened; empty when it has
	not, or is of no kind that is opened."""
	if kind not in files.OPENED:
		return ""
	try:
		_open("measure", content, kind)
	except NotOpened as refused:
		return str(refused) if refused.code in files.TOO_MUCH else ""
	return ""


def pages_of(content: bytes, kind: str, paper: tuple[float, float]) -> Pages:
	"""A PDF or picture (a kind of rules.files) as pages; pictures are laid on `paper` (width, height in
	points). Raises NotOpened."""
	answer, pdf = _open("pages", content, kind, paper=paper)
	return Pages(pdf, answer["pages"])


def bind(parts: Iterable[Part], title: str) -> bytes:
	"""`parts` in one PDF, each with a bookmark or attached. Raises NotOpened when that takes too much."""
	parts = list(parts)
	said = [
		{
			"file": str(number),
			"title": part.title,
			"name": part.attached_as,
			"attached": bool(part.attached_as),
		}
		for number, part in enumerate(parts)
	]
	contents = {str(number): part.content for number, part in enumerate(parts)}
	return _run("bind", contents, ONE_PACKAGE, parts=said, title=title)[1]


def _open(task: str, content: bytes, kind: str, **said) -> tuple[dict, bytes]:
	try:
		return _run(task, {"in": content}, ONE_FILE, kind=kind, limits=LIMITS, **said)
	except NotOpened as refused:
		if refused.code == "damaged" and kind in files.PICTURES:
			raise NotOpened("damaged_picture") from None
		raise


def _run(task: str, contents: dict[str, bytes], most: dict[str, int], **said) -> tuple[dict, bytes]:
	"""Have the reader do `task` with `contents` (name of a file -> what is in it); gives its answer, and the
	file that it wrote. Raises NotOpened."""
	line = {"task": task, "memory": most["memory"] * 1024 * 1024, "seconds": most["seconds"], **said}
	with tempfile.TemporaryDirectory(prefix="metalcraft-pages-") as folder:
		for name, content in contents.items():
			Path(folder, name).write_bytes(content)
		try:
			done = subprocess.run(  # nosec B603: no shell, and nothing of the file is in the command
				[sys.executable, "-I", str(READER), json.dumps(line)],
				cwd=folder,
				stdin=subprocess.DEVNULL,
				stdout=subprocess.PIPE,
				stderr=subprocess.DEVNULL,  # the libraries say of a file as much as it has them say
				timeout=2 * most["seconds"],
				check=False,
			)
		except subprocess.TimeoutExpired:
			raise NotOpened("too_much") from None
		if done.returncode < 0:
			raise NotOpened("too_much")
		if done.returncode:
			raise RuntimeError(done.stdout.decode(errors="replace"))
		answer = json.loads(done.stdout.decode().splitlines()[-1])
		if code := answer.pop("refused", None):
			raise NotOpened(code, **answer)
		out = Path(folder, "out")
		return answer, out.read_bytes() if out.exists() else b""
