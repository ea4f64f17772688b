"""The one vocabulary of every gate: a requirement, met or not; and of what is wrong with rows and lines.

Messages here are templates that the translation extractor can find; they are translated and
filled in `gates`, where Frappe is at hand.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


def _lt(text: str) -> str:
	"""Mark `text` for translation. It is translated when it is shown, not here.

	Frappe's extractor finds it by this name.
	"""
	return text


# Its name in 1.0, by which other apps import it. Until 2.0
_ = _lt


@dataclass(frozen=True)
class Link:
	"""Where a requirement can be mended: a document, and the field on it when there is one."""

	doctype: str
	name: str
	fieldname: str = ""


@dataclass(frozen=True)
class Phrase:
	"""Words with {placeholders}, which may stand in the `params` of others.

	`params` hold numbers as `rules.quantity` has them, and days as dates: they are written for whoever
	reads them. `discreet` is what those read in place of `message` who may not know amounts.
	"""

	message: str
	params: Mapping[str, Any] = field(default_factory=dict)
	discreet: str = ""

	def __str__(self) -> str:
		return self.message.format(**self.params)


@dataclass(frozen=True)
class Listing:
	"""Several phrases or names in one place of a sentence, with commas."""

	rows: tuple[Phrase | str, ...]

	def __str__(self) -> str:
		return ", ".join(map(str, self.rows))


@dataclass(frozen=True)
class Problem(Phrase):
	"""One thing that is wrong, as a sentence that says where and what to do."""


@dataclass(frozen=True)
class Requirement:
	"""One thing that a gate asks for.

	code     stable name, unique within its gate ("po_number"); waivers and settings refer to it
	label    what is asked for, in a few words
	message  what to do when it is not met: a sentence, with {placeholders} for `params`; see `Phrase`
	met      whether it is met
	discreet what is said in place of `message` to who may not know amounts
	also     further sentences, where several things are to be done
	link     where to mend it
	waivable whether the settings can name a role that may waive it
	"""

	code: str
	label: str
	message: str
	met: bool
	params: Mapping[str, Any] = field(default_factory=dict)
	discreet: str = ""
	also: tuple[Problem, ...] = ()
	link: Link | None = None
	waivable: bool = True


def unmet(requirements: list[Requirement]) -> list[Requirement]:
	"""Those of `requirements` that are not met, in their order."""
	return [requirement for requirement in requirements if not requirement.met]
