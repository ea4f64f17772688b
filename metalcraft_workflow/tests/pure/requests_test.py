"""What people outside the house may ask for: names, patterns and tables."""

import unittest

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules import open_calls, requests
from metalcraft_workflow.rules.requests import ALWAYS, GUEST, PORTALS, SIGNED_IN, Allowed, find, matches

KINDS = {
	*("list", "record", "print", "keyed print", "form", "own form", "published", "document", "comment"),
	*("upload", "file", "app", "missing", "redirect", "static", "login"),
}


class TestNames(unittest.TestCase):
	def test_a_star_stands_for_any_characters_and_nothing_else_does(self):
		for pattern, name, fits in (
			("frappe.ping", "frappe.ping", True),
			("frappe.ping", "frappe.pings", False),
			("frappe.ping", "frappexping", False),
			("frappe.*", "frappe.ping", True),
			("frappe.*", "my.frappe.ping", False),
			("/courses*", "/courses/a/b", True),
			("list:*", "list:Sales Order", True),
			("list:Sales Order", "list:sales order", False),
			("list:Sales Order", "list:Sales Order ", False),
			("a*c", "abc\n", False),
			("[ab]", "a", False),
		):
			self.assertEqual(matches(pattern, name), fits, (pattern, name))

	@given(st.text(), st.text(), st.text())
	def test_what_stands_around_a_star_has_to_be_there(self, before, between, after):
		self.assertTrue(matches(f"{before}*{after}".replace("**", "*"), before + between + after))

	@given(st.text(alphabet="ab.:/", max_size=8), st.text(alphabet="ab.:/", max_size=8))
	def test_without_a_star_only_the_name_itself_fits(self, pattern, name):
		self.assertEqual(matches(pattern, name), pattern == name)


class TestTables(unittest.TestCase):
	def test_a_role_that_somebody_lacks_allows_nothing(self):
		rows = (Allowed("why", "Supplier", ("list:Purchase Order",)),)
		self.assertIsNone(find(rows, "list:Purchase Order", ["Guest", "All", "Customer"]))
		self.assertEqual(find(rows, "list:Purchase Order", ["Supplier"]), rows[0])

	def test_nobody_gets_a_document_a_file_or_another_app_by_the_table_alone(self):
		for name in (
			"document:Sales Order",
			"document:File",
			"list:Sales Order",
			"record:Delivery Note",
			"print:Quotation",
			"form:addresses",
			"file:private",
			"comment:Sales Order",
			"upload:Sales Order",
			"app:webshop",
			"/backups",
			"/printview",
			"/list",
			"/order",
			"no page",
			"no method",
			"",
		):
			self.assertIsNone(find(ALWAYS, name, [GUEST, SIGNED_IN, "Customer", "Supplier"]), name)

	def test_every_name_is_of_a_known_kind(self):
		rows = (*ALWAYS, *(row for portal in PORTALS for row in portal.rows))
		for name in (name for row in rows for name in row.names):
			if not name.startswith("/") and "." not in name:
				self.assertIn(name.partition(":")[0], KINDS, name)
			self.assertNotIn(name.strip("*"), ("", "frappe.", "erpnext.", "metalcraft_workflow.", "/"))

	def test_a_ticked_portal_adds_its_rows_and_no_others(self):
		roles = [GUEST, SIGNED_IN, "Customer"]
		for portal in PORTALS:
			rows = requests.allowed_by([portal.field])
			self.assertEqual(rows, ALWAYS + portal.rows)
			for other in PORTALS:
				for name in (name for row in other.rows for name in row.names if "*" not in name):
					if not any(name in row.names for row in rows):
						self.assertIsNone(find(rows, name, [*roles, "Supplier"]), (portal.field, name))

	def test_the_first_row_for_a_method_decides(self):
		update = (
			"erpnext.stock.doctype.serial_and_batch_bundle.serial_and_batch_bundle.update_serial_or_batch"
		)
		self.assertEqual(open_calls.needs_of([update]).permission, "write")
		self.assertIsNone(open_calls.needs_of(["frappe.client.get_list"]))
		self.assertEqual(open_calls.needs_of(["erpnext.stock.new_in_this_release"]).permission, "read")
