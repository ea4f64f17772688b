"""What comes in by the app's methods is made sure of, and refused in a sentence."""

import inspect
from types import NoneType
from typing import Annotated, Any

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.gates.input import Each, KnownDocType, LongText, Of, Says, Sent, checked
from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.tests.support import factories, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import SUPPORT


@checked
def echo(
	name: str = "",
	text: LongText = "",
	note: LongText | None = None,
	of: KnownDocType | None = None,
	doctype: KnownDocType = "Item",
	page: int = 1,
	qty: float = 0,
	agreed: bool = False,
	rows: Annotated[list | str, Each(dict)] = (),
	values: dict | str | None = None,
	target: Annotated[Sent, Of("Sales Order")] = None,
	either: str | int = "",
	wanted: Annotated[dict | str | None, Each(str, NoneType), Says("Send an address.")] = None,
	**others: Any,
) -> dict:
	"""What arrived."""
	return {key: value for key, value in locals().items() if key != "others"} | others


@checked
def needs(name: str, reason: LongText) -> str:
	return f"{name}: {reason}"


class TestInput(FrappeTestCase):
	def refused(self, *words, function=echo, **arguments):
		with self.subTest(arguments), self.assertRaises(frappe.ValidationError) as caught:
			function(**arguments)
		for word in words:
			self.assertIn(word, str(caught.exception))

	def test_what_fits_arrives_as_what_it_is(self):
		order = {"doctype": "Sales Order", "items": [{"item_code": "X", "qty": 1}], "__onload": {"a": [1]}}
		for name, sent, arrives in (
			("page", "12", 12),
			("page", 3.0, 3),
			("qty", "2.5", 2.5),
			("qty", 2, 2),
			("agreed", "1", True),
			("agreed", 0, False),
			("rows", '[{"name": "a"}]', [{"name": "a"}]),
			("values", '{"a": [1, {"b": null}]}', {"a": [1, {"b": None}]}),
			("values", "", None),
			("target", frappe.as_json(order), order),
			("target", None, None),
			("either", 5, 5),
			("either", "5", "5"),
			("text", "Grüße 😀\nzweite Zeile", "Grüße 😀\nzweite Zeile"),
			("text", "[x] " * 500, "[x] " * 500),
			("text", "See " + "[" * 500, "See " + "[" * 500),
			("wanted", {"a": None}, {"a": None}),
			("note", "x" * 1000, "x" * 1000),
			("note", None, None),
			("of", "Item", "Item"),
			("of", None, None),
			("more", [1], [1]),
		):
			with self.subTest(name, sent=sent):
				self.assertEqual(echo(**{name: sent})[name], arrives)

	def test_what_does_not_is_refused_in_a_sentence(self):
		deep = "x"
		for _level in range(30):
			deep = [deep]
		for name, sent, words in (
			("name", None, "Name is missing"),
			("name", ["x"], "has to be a text"),
			("name", 5, "has to be a text"),
			("name", "x" * 141, "140 characters"),
			("name", "a\0b", "cannot be kept"),
			("name", "\ud800", "cannot be kept"),
			("text", "x" * 10_001, "too long"),
			("doctype", "No Such Thing", "no such document type"),
			("doctype", "item", "no such document type"),
			("doctype", {"a": 1}, "has to be a text"),
			("page", "x", "whole number"),
			("page", 1.5, "whole number"),
			("page", True, "whole number"),
			("page", "9" * 30, "too large"),
			("page", "9" * 5000, "whole number"),
			("qty", "nan", "too large, or is none"),
			("qty", float("inf"), "too large, or is none"),
			("qty", "1e400", "too large, or is none"),
			("qty", [], "has to be a number"),
			("agreed", "maybe", "yes or no"),
			("agreed", [], "yes or no"),
			("rows", "[", "no JSON"),
			("rows", "[" * 100_000, "JSON"),
			("rows", "{}", "has to be a list"),
			("rows", [1], "of another kind"),
			("rows", [{"a": [1]}], "of another kind"),
			("values", deep, "an object"),
			("values", {"a": deep}, "too deeply"),
			("values", {"a": float("nan")}, "too large, or is none"),
			("values", {"a": 10**30}, "too large, or is none"),
			("values", {"a": ["\ud800"]}, "cannot be kept"),
			("target", {"doctype": "User"}, "of the type Sales Order"),
			("target", [], "an object"),
			("target", {"doctype": "Sales Order", "items": {"a": 1}}, "list of rows"),
			("target", {"doctype": "Sales Order", "items": [3]}, "list of rows"),
			("target", {"doctype": "Sales Order", "items": [{"doctype": "User"}]}, "list of rows"),
			("target", {"doctype": "Sales Order", "customer": ["like", "%"]}, "more than one value"),
			("either", [], "has to be a text"),
			("wanted", "{", "Send an address."),
			("wanted", {"a": 1}, "Send an address."),
			("more", deep, "too deeply"),
			("note", "x" * 10_001, "too long"),
			("of", "No Such Thing", "no such document type"),
			("text", "[" * 3000 + "<b>", "too deeply"),
			("text", '["]", ' * 1000, "too deeply"),
			("values", {"a": '{"a": ' * 1000}, "too deeply"),
		):
			self.refused(words, **{name: sent})

	def test_what_is_missing_is_named(self):
		self.refused("Reason is missing", function=needs, name="x")
		self.refused("Name is missing", function=needs)
		self.assertEqual(needs("x", reason="y"), "x: y")

	def test_the_signature_stays_what_it_is(self):
		self.assertEqual(
			list(inspect.signature(waive).parameters), ["doctype", "name", "gate", "requirement", "reason"]
		)
		self.assertIs(inspect.signature(needs).parameters["name"].annotation, str)
		self.assertEqual(echo.__doc__, "What arrived.")

	def test_a_method_with_a_document_of_its_own_is_no_argument(self):
		settings = frappe.get_doc("Metalcraft Settings")
		self.assertEqual(list(inspect.signature(settings.restore_default_workflows).parameters), [])


class TestInputOverRest(FinalPackCase):
	def test_every_refusal_has_a_sentence_and_no_traceback(self):
		order = factories.make_order()
		frappe.db.set_single_value("System Settings", "allow_error_traceback", 1)
		waive = "metalcraft_workflow.gates.waiver.waive"
		key = {"doctype": "Sales Order", "name": order.name, "gate": "approve"}
		for user, arguments, status, words in (
			(SUPPORT, key, 417, "Requirement is missing"),
			(SUPPORT, {**key, "name": ["like", "%"]}, 417, "Name has to be a text"),
			(
				SUPPORT,
				{**key, "doctype": "Nothing", "requirement": "x", "reason": "x"},
				417,
				"no such document type",
			),
			(SUPPORT, {**key, "requirement": "x", "reason": "x" * 20_000}, 417, "too long"),
			(SUPPORT, {**key, "name": "never", "requirement": "x", "reason": "x"}, 404, "not found"),
			(SUPPORT, {**key, "requirement": "x", "reason": "[" * 3000 + "<b>"}, 417, "nested too deeply"),
			("Guest", {}, 403, ""),
			("Guest", {"reason": "[" * 3000}, 417, "nested too deeply"),
		):
			with self.subTest(arguments):
				answer = rest.call(user, waive, **arguments)
				self.assertEqual(answer.status, status, answer.text[:800])
				self.assertIn(words, answer.words)
				self.assertNotIn("metalcraft_workflow/", answer.text)
