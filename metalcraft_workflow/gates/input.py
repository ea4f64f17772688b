"""What comes in by a whitelisted method of the app, made sure of before the method runs.

	@frappe.whitelist(methods=["POST"])
	@checked
	def waive(doctype: KnownDocType, name: str, reason: LongText) -> str:

`checked` reads the annotations, which stay what `inspect.signature` shows. What does not fit is refused with
status 417 and a sentence that names the argument, and a missing argument too. It lets nobody in: who may call
the method, and what they may see, is asked by Frappe and by the method itself as before.

What an annotation may be, and `| None` with each:

	str                  a name or a short text, at most NAME characters
	LongText             what people write
	KnownDocType         the name of a DocType
	int, float, bool     a number that is one, within reason; as text, too
	dict, list           as JSON text, too; the method gets what was in it
	Annotated[Sent, Of("Item")]   a document as its form sends it, or nothing

and in Annotated besides: `Each(...)`, what kinds the values of a dict or list are of, and `Says(...)`, the
sentence that stands for all others.
"""

import functools
import inspect
import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from types import NoneType, UnionType
from typing import Annotated, Any, NoReturn, Union, get_args, get_origin, get_type_hints

import frappe
from frappe import _
from frappe.model import no_value_fields, table_fields
from frappe.model.document import Document

# Characters of a name, which is what a Data field takes, and of what people write
NAME, LONG = 140, 10_000
# Of JSON: characters, levels and values. A document of several hundred lines fits
JSON_TEXT, JSON_DEPTH, JSON_VALUES = 10_000_000, 10, 250_000
# Levels of what looks like JSON in a text. Frappe reads that before it washes HTML, until its stack ends
TEXT_DEPTH = 100
# No quantity, price or page is beyond
LARGEST = 10**15


@dataclass(frozen=True)
class Most:
	"""How many characters a text may have."""

	characters: int


@dataclass(frozen=True)
class Of:
	"""The DocType that a document is of."""

	doctype: str


@dataclass(frozen=True)
class Says:
	"""What is said instead of what is wrong in particular; a text to translate."""

	sentence: str


class Each:
	"""What kinds the values of a dict or list are of; a dict among them has single values only."""

	def __init__(self, *kinds: type):
		self.kinds = kinds

	def fits(self, value: Any) -> bool:
		values = value.values() if isinstance(value, dict) else value
		return all(isinstance(each, self.kinds) and not _has_several(each) for each in values)


class _Known:
	"""Marks the name of a DocType."""


LongText = Annotated[str, Most(LONG)]
KnownDocType = Annotated[str, _Known()]
Sent = str | dict | Document | None


class _Wrong(Exception):
	"""Says in a sentence what is wrong with an argument; {0} is its name."""

	def __init__(self, sentence: str, *more):
		super().__init__(sentence)
		self.more = more


def checked(function: Callable) -> Callable:
	"""Decorate a method that stands under `frappe.whitelist`; see above. Refused calls raise ValidationError."""
	signature = inspect.signature(function)
	hints = get_type_hints(function, include_extras=True)

	@functools.wraps(function)
	def call(*args, **kwargs):
		# What goes wrong is told in a sentence, or is in the Error Log: no caller sees the code
		frappe.local.flags.disable_traceback = True
		given = signature.bind_partial(*args, **kwargs)
		for name, parameter in signature.parameters.items():
			if name in given.arguments and name in hints:
				given.arguments[name] = _read(name, given.arguments[name], hints[name], parameter)
			elif name not in given.arguments and parameter.default is parameter.empty:
				if parameter.kind not in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
					_refuse(name, _Wrong(_("{0} is missing.")))
		return function(*given.args, **given.kwargs)

	# Frappe's own check of types answers in words for programmers, and would come first
	call.__annotations__ = {}
	return call


def check_guest() -> None:
	"""Refuse what a guest sends that Frappe cannot wash, which it does before it calls anything. An auth hook;
	raises ValidationError."""
	if frappe.session.user == "Guest" and any(
		_is_deep(value) for value in frappe.form_dict.values() if isinstance(value, str)
	):
		frappe.local.flags.disable_traceback = True
		frappe.throw(_("What was sent is nested too deeply."), title=_("Please Check"))


def _read(name: str, value: Any, hint: Any, parameter: inspect.Parameter) -> Any:
	try:
		if parameter.kind is parameter.VAR_KEYWORD:
			return {key: read(each, hint) for key, each in value.items()}
		return read(value, hint)
	except _Wrong as wrong:
		_refuse(name, wrong)


def _refuse(name: str, wrong: _Wrong) -> NoReturn:
	frappe.throw(str(wrong).format(_(frappe.unscrub(name)), *wrong.more), title=_("Please Check"))


def read(value: Any, hint: Any) -> Any:
	"""`value` as what `hint` says: a number of a text, a dict of JSON. Raises _Wrong."""
	hint, *marks = _unwrapped(hint)
	if get_origin(hint) in (Union, UnionType):
		# `LongText | None`: what is said of one of the kinds holds for the value
		marks += [mark for member in get_args(hint) for mark in _unwrapped(member)[1:]]
	if value is None:
		marks = [mark for mark in marks if isinstance(mark, Says)]
	try:
		return _marked(_of_kind(value, hint, marks), marks)
	except _Wrong:
		for mark in marks:
			if isinstance(mark, Says):
				raise _Wrong(_(mark.sentence)) from None
		raise


def _unwrapped(hint: Any) -> tuple:
	"""A kind, and what an `Annotated` says of it."""
	return get_args(hint) if get_origin(hint) is Annotated else (hint,)


def _members(hint: Any) -> list:
	"""The kinds that a hint allows."""
	kinds = get_args(hint) if get_origin(hint) in (Union, UnionType) else (hint,)
	return [_unwrapped(kind)[0] for kind in kinds]


def _of_kind(value: Any, hint: Any, marks: list) -> Any:
	kinds = tuple(get_origin(kind) or kind for kind in _members(hint))
	if Any in kinds:
		return sound(value)
	if Document in kinds and isinstance(value, Document):
		return value
	if {dict, list} & set(kinds):
		return _structure(value, kinds)
	return _scalar(value, kinds, marks)


def _marked(value: Any, marks: list) -> Any:
	for mark in marks:
		if isinstance(mark, _Known) and not _is_doctype(value):
			raise _Wrong(_("{0}: there is no such document type."))
		if isinstance(mark, Of) and isinstance(value, dict):
			_check_document(value, mark.doctype)
		if isinstance(mark, Each) and value is not None and not mark.fits(value):
			raise _Wrong(_("{0}: something in it is of another kind than it has to be."))
	return value


def _has_several(value: Any) -> bool:
	"""Whether a row has something else than single values."""
	return isinstance(value, dict) and any(isinstance(each, dict | list) for each in value.values())


# One value


def _scalar(value: Any, kinds: tuple, marks: list) -> Any:
	if value is None:
		if NoneType in kinds:
			return None
		raise _Wrong(_("{0} is missing."))
	if str in kinds:
		# A name may be a number where its DocType counts
		if isinstance(value, int) and not isinstance(value, bool) and int in kinds:
			return _number(value, int)
		most = next((mark.characters for mark in marks if isinstance(mark, Most)), NAME)
		return _text(value, most)
	if bool in kinds:
		if value in (True, False, "0", "1", "true", "false"):
			return value in (True, "1", "true")
		raise _Wrong(_("{0} has to be yes or no: 1 or 0."))
	if value == "" and NoneType in kinds:
		return None
	return _number(value, int if int in kinds and float not in kinds else float)


def _text(value: Any, most: int) -> str:
	if not isinstance(value, str):
		raise _Wrong(_("{0} has to be a text."))
	if len(value) > most:
		raise _Wrong(_("{0} is too long. It can have {1} characters at most."), most)
	if "\0" in value or not _is_written(value):
		raise _Wrong(_("{0} has a character in it that cannot be kept. Type it anew."))
	if _is_deep(value):
		raise _Wrong(_("{0} is nested too deeply."))
	return value


def _is_written(text: str) -> bool:
	"""Whether `text` is made of characters: halves of some come along in JSON."""
	try:
		text.encode()
	except UnicodeEncodeError:
		return False
	return True


def _is_deep(text: str) -> bool:
	"""Whether `text` looks like JSON of more levels than are read."""
	if not text.lstrip().startswith(("[", "{")) or text.count("[") + text.count("{") <= TEXT_DEPTH:
		return False
	depth, quoted = 0, False
	for found in re.finditer(r'\\.|["\[\]{}]', text, re.DOTALL):
		if found[0] == '"':
			quoted = not quoted
		elif not quoted and len(found[0]) == 1:
			depth += 1 if found[0] in "[{" else -1
			if depth > TEXT_DEPTH:
				return True
	return False


def _number(value: Any, kind: type) -> int | float:
	number = value
	if isinstance(value, str) and len(value) <= 40 and "_" not in value:
		try:
			number = kind(value)
		except ValueError:
			pass
	if kind is int and isinstance(number, float) and number.is_integer():
		number = int(number)
	if isinstance(number, bool) or not isinstance(number, int if kind is int else int | float):
		raise _Wrong(_("{0} has to be a whole number.") if kind is int else _("{0} has to be a number."))
	_check_number(number)
	return number


def _check_number(number: int | float) -> None:
	if abs(number) > LARGEST or not math.isfinite(number):
		raise _Wrong(_("{0}: a number is too large, or is none."))


# What is made of several values


def _structure(value: Any, kinds: tuple) -> Any:
	if isinstance(value, str):
		value = _parsed(value)
	if value is None:
		if NoneType in kinds:
			return None
		raise _Wrong(_("{0} is missing."))
	wanted = tuple({dict, list} & set(kinds))
	if not isinstance(value, wanted):
		raise _Wrong(
			_("{0} has to be a list.") if wanted == (list,) else _("{0} has to be an object, in JSON.")
		)
	return sound(value)


def _parsed(text: str) -> Any:
	if not text.strip():
		return None
	if len(text) > JSON_TEXT:
		raise _Wrong(_("{0} is too long. It can have {1} characters at most."), JSON_TEXT)
	try:
		return json.loads(text)
	except (ValueError, RecursionError):
		raise _Wrong(_("{0} is no JSON.")) from None


def sound(value: Any) -> Any:
	"""`value`, when everything in it can be worked with: texts of characters, numbers that are finite, not
	too deep and not too much. Raises _Wrong."""
	level, seen = [value], 0
	for _depth in range(JSON_DEPTH + 1):
		below = []
		for each in level:
			if isinstance(each, dict):
				below += each.keys()
				below += each.values()
			elif isinstance(each, list | tuple):
				below += each
			elif isinstance(each, str):
				_text(each, JSON_TEXT)
			elif isinstance(each, int | float):
				_check_number(each)
		seen += len(below)
		if seen > JSON_VALUES:
			raise _Wrong(_("{0} has more values in it than {1}."), JSON_VALUES)
		if not below:
			return value
		level = below
	raise _Wrong(_("{0} is nested too deeply."))


# Documents


def _is_doctype(name: str) -> bool:
	return bool(name) and frappe.db.exists("DocType", name) == name


def _check_document(value: dict, doctype: str) -> None:
	"""Refuse what is no document of `doctype`, or has something else than rows in its tables, or than single
	values in its fields."""
	if value.get("doctype") != doctype:
		raise _Wrong(_("{0} has to be a document of the type {1}."), _(doctype))
	meta = frappe.get_meta(doctype)
	for field in meta.fields:
		found = value.get(field.fieldname)
		if field.fieldtype in table_fields and found is not None and not _are_rows(found, field.options):
			raise _Wrong(_("{0}: the table {1} has to be a list of rows."), _(field.label))
	if not _is_row(value, meta):
		raise _Wrong(_("{0}: a field has more than one value in it."))


def _are_rows(rows: Any, doctype: str) -> bool:
	meta = frappe.get_meta(doctype)
	return isinstance(rows, list) and all(
		isinstance(row, dict) and row.get("doctype", doctype) == doctype and _is_row(row, meta)
		for row in rows
	)


def _is_row(row: dict, meta) -> bool:
	"""Whether every field of `row` has a single value. What is called __something is the form's own."""
	several = {field.fieldname for field in meta.fields if field.fieldtype in (*no_value_fields, "JSON")}
	return not any(
		isinstance(value, dict | list) and name not in several and not name.startswith("_")
		for name, value in row.items()
	)
