"""Every text that people read reaches a translator: what is marked in the code is found by Frappe's own
extractors, and what the app brings into a site (fields, workflows, gates) is marked."""

import ast
import json
import re
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import frappe
import frappe.translate
from babel.messages.extract import DEFAULT_KEYWORDS, extract
from frappe.gettext.extractors import doctype, html_template, javascript, python, report, workspace
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.metalcraft_workflow.doctype.metalcraft_settings import metalcraft_settings
from metalcraft_workflow.rules import path
from metalcraft_workflow.setup import custom_fields, defaults, history, workflows

APP = Path(metalcraft_settings.__file__).parents[3]
# What marks a text in Python, and where it comes from
MARKS = {"_": "frappe", "_lt": "metalcraft_workflow.rules.requirement"}

# As `frappe.gettext.translate.generate_pot` has them
KEYWORDS = {**DEFAULT_KEYWORDS, "_lt": None}
EXTRACTORS = {".py": python.extract, ".js": javascript.extract, ".html": html_template.extract}
OF_RECORDS = {"doctype": doctype.extract, "report": report.extract, "workspace": workspace.extract}

# A marked text in a template or script, and what follows it
MARKED = re.compile(
	r"""\b__?\(\s*(?P<quote>["'`])(?P<text>(?:(?!(?P=quote))[^\\]|\\.)*)(?P=quote)\s*(?P<next>.)"""
)


class Text(NamedTuple):
	file: Path
	line: int
	text: str

	@property
	def where(self) -> str:
		return f"{self.file.relative_to(APP)}:{self.line}: {self.text}"


def files(*endings: str) -> list[Path]:
	"""The files of the app with one of these endings, apart from its tests."""
	return [
		file
		for file in sorted(APP.rglob("*"))
		if file.suffix in endings and "tests" not in file.relative_to(APP).parts
	]


def called(node: ast.Call) -> str:
	"""The bare name of what is called: "_" of `frappe._` too."""
	return getattr(node.func, "id", getattr(node.func, "attr", ""))


def calls() -> Iterator[tuple[Path, ast.Call]]:
	"""Where the app's Python translates a text, or marks one."""
	for file in files(".py"):
		for node in ast.walk(ast.parse(file.read_text())):
			if isinstance(node, ast.Call) and called(node) in MARKS and node.args:
				yield file, node


def said_in_python() -> list[Text]:
	return [
		Text(file, call.lineno, call.args[0].value)
		for file, call in calls()
		if isinstance(call.args[0], ast.Constant)
	]


def said_elsewhere() -> Iterator[tuple[Text, str]]:
	"""Texts of scripts and templates, each with what follows it."""
	for file in files(".js", ".html"):
		code = file.read_text()
		for found in MARKED.finditer(code):
			line = code.count("\n", 0, found.start()) + 1
			text = found["text"].replace(f"\\{found['quote']}", found["quote"])
			yield Text(file, line, text), found["next"]


@cache
def in_catalog() -> dict[Path, set[str]]:
	"""What `bench generate-pot-file` finds in the files of the app."""
	found = {file: messages(EXTRACTORS[file.suffix], file) for file in files(*EXTRACTORS)}
	for file in files(".json"):
		extractor = OF_RECORDS.get(file.relative_to(APP).parts[1])
		if extractor:
			found[file] = messages(extractor, file)
	return found


def messages(extractor: Callable, file: Path) -> set[str]:
	with file.open("rb") as opened:
		return {message for _line, message, _comments, _context in extract(extractor, opened, KEYWORDS)}


@cache
def in_csv() -> dict[Path, set[str]]:
	"""What `bench get-untranslated` finds in the code of the app."""
	frappe.flags.scanned_files = set()
	return {
		file: {message for _path, message, *_rest in frappe.translate.get_messages_from_file(str(file))}
		for file in files(*EXTRACTORS)
	}


class TestExtraction(FrappeTestCase):
	def assert_found(self, texts: list[Text]) -> None:
		self.assertTrue(texts)
		for extractor in (in_catalog, in_csv):
			missing = [text.where for text in texts if text.text not in extractor()[text.file]]
			self.assertFalse(missing, extractor.__doc__)

	def test_every_text_in_python_is_found(self):
		self.assert_found(said_in_python())

	def test_every_text_in_scripts_and_templates_is_found(self):
		self.assert_found([text for text, _next in said_elsewhere()])

	def test_a_text_stands_whole_in_the_call_that_marks_it(self):
		"""What is put together, or filled in, before it is translated has no translation."""
		for file, call in calls():
			argument = call.args[0]
			with self.subTest(where=f"{file.relative_to(APP)}:{call.lineno}", call=ast.unparse(call)):
				if called(call) == "_lt":
					self.assertIsInstance(argument, ast.Constant)
				elif not isinstance(argument, ast.Constant):
					# What leads to a text that is marked elsewhere; a key of one word may be among it
					self.assertNotIsInstance(argument, ast.JoinedStr | ast.BinOp)
					parts = [part for part in ast.walk(argument) if isinstance(part, ast.Constant)]
					self.assertFalse([part for part in parts if part.value == "" or " " in str(part.value)])
		for text, following in said_elsewhere():
			with self.subTest(where=text.where):
				self.assertIn(following, (",", ")"))
				self.assertNotIn("${", text.text)

	def test_a_text_has_no_spaces_around_it(self):
		for text in (*said_in_python(), *(text for text, _next in said_elsewhere())):
			self.assertEqual(text.text, text.text.strip(), text.where)

	def test_the_words_that_mark_are_what_they_say(self):
		"""`_` translates wherever it stands, and `_lt` marks."""
		for file in files(".py"):
			if file == APP / "rules" / "requirement.py":
				continue
			for node in ast.walk(ast.parse(file.read_text())):
				if isinstance(node, ast.ImportFrom):
					for alias in node.names:
						if (alias.asname or alias.name) in MARKS:
							self.assertEqual(alias.asname, None, file)
							self.assertEqual(node.module, MARKS[alias.name], file)
				elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
					self.assertNotIn(node.id, MARKS, f"{file}:{node.lineno}")


class TestWhatTheAppBrings(FrappeTestCase):
	"""No extractor looks into the tables from which the app makes fields and workflows."""

	def assert_marked(self, texts: set[str]) -> None:
		self.assertTrue(texts)
		self.assertFalse(texts.difference(*in_catalog().values()))

	def test_fields(self):
		texts = set()
		for rows in custom_fields.get_custom_fields().values():
			for row in rows:
				texts |= {row.get("label"), row.get("description")}
				# What a gate is attached by are keys
				if row["fieldtype"] == "Select" and row["fieldname"] != "gate":
					texts |= set(row["options"].split("\n"))
		self.assert_marked(texts - {None, ""})

	def test_workflows(self):
		texts = set(workflows.WORKFLOWS) | set(history.STATES)
		for _doctype, states, transitions in workflows.WORKFLOWS.values():
			texts |= set(states) | {row[1] for row in transitions}
		self.assert_marked(texts)

	def test_gates_and_settings(self):
		self.assert_marked(
			{gate.passed for gate in path.gates()}
			| {title for _gate, _code, title, _role in defaults.GATE_REQUIREMENTS}
			| set(defaults.DOCUMENT_TYPES)
			| set(defaults.STATEMENTS.values())
		)

	def test_roles(self):
		names = frappe.get_hooks("fixtures", app_name="metalcraft_workflow")[0]["filters"][0][2]
		self.assert_marked(set(names))

	def test_prints_and_cards(self):
		for kind in ("print_format", "number_card", "dashboard_chart"):
			records = APP / "metalcraft_workflow" / kind
			self.assert_marked({json.loads(file.read_text())["name"] for file in records.rglob("*.json")})
