"""What the handlers of one save read of the database, each thing once.

Several handlers of a save ask for the same: the orders of a delivery, the records about it, what its items ask
for. What the first of them has read is kept with the document, from the first handler of the save (`begin`) to
the last that needs it (`end`). Outside of that nothing is kept, so nothing can be out of date; who writes
something that is kept has it forgotten.
"""

from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager
from typing import TypeVar

from frappe.model.document import Document

T = TypeVar("T")


def begin(doc: Document) -> None:
	"""Keep what is read for `doc` from here on, and forget what an earlier save has read."""
	doc.flags.read_once = {}


def end(doc: Document) -> None:
	"""Keep nothing any more."""
	doc.flags.read_once = None


def once(doc: Document, key: Hashable, read: Callable[[], T]) -> T:
	"""What `read` gives: read now, or earlier in this save under the same `key`. Do not change it."""
	kept = doc.flags.read_once
	if kept is None:
		return read()
	if key not in kept:
		kept[key] = read()
	return kept[key]


def forget(doc: Document, key: Hashable) -> None:
	"""Have `key` read again by who asks next: it was written."""
	if doc.flags.read_once:
		doc.flags.read_once.pop(key, None)


def is_kept(doc: Document) -> bool:
	"""Whether a save of `doc` is under way, or something else that reads each thing once."""
	return doc.flags.read_once is not None


@contextmanager
def reading(doc: Document) -> Iterator[None]:
	"""Read each thing once for as long as the context lasts, for who asks about `doc` and saves nothing."""
	begin(doc)
	try:
		yield
	finally:
		end(doc)
