"""The review desk: what there is to decide on an order is in one answer, for who may know it, and the decision is
about the order as it was looked at."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, flt, nowdate
from frappe.utils.password import update_password

from metalcraft_workflow.desk.my_work import get_my_work
from metalcraft_workflow.desk.review import decide, get_comparison, get_review
from metalcraft_workflow.desk.standing import get_standing
from metalcraft_workflow.gates.signature import SignatureRequired
from metalcraft_workflow.tests.support import factories, quotations, rest
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	CONTROLLER,
	PACKER,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
)

CUSTOMER = "MT Review"
OTHER_APPROVER = "approver2@metalcraft.test"
VALVE = "MT-CYL-02"


class ReviewCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		factories.make_customer(CUSTOMER)

	def waiting(self, *lines, **fields):
		"""An order that waits for its approval."""
		order = factories.make_order(*lines, **{"customer": CUSTOMER, **fields})
		return act(order, "Request Approval", SUPPORT)

	def quoted(self, change=None, quotation=None):
		"""An order made from a quotation, other than was quoted."""
		from erpnext.selling.doctype.quotation.quotation import make_sales_order

		quotation = quotation or quotations.make_quotation(CUSTOMER)
		with as_user(SUPPORT):
			order = make_sales_order(quotation.name)
			order.update({"po_no": frappe.generate_hash(length=8), "po_date": nowdate()})
			order.delivery_date = add_days(nowdate(), 60)
			if change:
				change(order)
			order.insert()
			factories.attach(order, "customer_po_file", "purchase-order.pdf")
			order.save()
		return order

	def review(self, name: str = "", user: str = APPROVER) -> dict:
		with as_user(user):
			return get_review(name)

	def order(self, order, user: str = APPROVER) -> dict:
		return self.review(order.name, user)["order"]

	def decide(self, order, action: str, user: str = APPROVER, **given):
		with as_user(user):
			decide(order.name, action, **{"seen": str(order.reload().modified), **given})
		return order.reload()

	def actions(self, order, user: str = APPROVER) -> list[str]:
		return [action["label"] for action in self.order(order, user)["actions"]]


def cheaper(order):
	order.items[0].rate = 90
	order.items[1].qty = 4


def half(order):
	"""So little that another order of the quotation has room beside it, as ERPNext 16 wants it."""
	order.items[0].update({"rate": 90, "qty": 5})
	order.items[1].qty = 2


class TestWhatIsShown(ReviewCase):
	def test_the_purchase_order_and_what_it_says(self):
		order = self.waiting()
		shown = self.order(order)
		self.assertEqual(shown["file"]["kind"], "pdf")
		self.assertEqual(shown["file"]["url"], order.customer_po_file)
		facts = dict(shown["facts"])
		self.assertEqual(facts["Customer's Purchase Order"], order.po_no)
		self.assertIn("12 Dock Road", facts["Ship To"])
		(line,) = shown["lines"]
		self.assertEqual((line["qty"], line["marks"]), ("10 Nos", {}))
		self.assertIn("1,000.00", line["amount"])
		self.assertIn("1,000.00", dict(shown["totals"])["Total"])
		self.assertEqual([row["label"] for row in shown["actions"] if row["leads_on"]], ["Approve"])
		self.assertEqual(
			{row["label"]: row["asks_reason"] for row in shown["actions"]},
			{"Approve": False, "Send Back": True, "Reject": True},
		)

	def test_what_an_order_comes_to_adds_up(self):
		taxes = quotations.taxed()["taxes"]
		for kind, discount in (("Net Total", 9.5), ("Grand Total", 11), ("Net Total", 0)):
			order = factories.make_order(
				customer=CUSTOMER, taxes=taxes, apply_discount_on=kind, discount_amount=discount
			)
			totals = {
				label: flt(value.replace(",", "").split()[-1]) for label, value in self.order(order)["totals"]
			}
			lines = totals.get("Total of the Lines", totals["Net Total"])
			self.assertEqual(lines, 1000)
			self.assertEqual(totals["Net Total"], flt(lines + totals.get("Discount", 0), 2))
			parts = ("Net Total", "Taxes and Charges", "Rounding")
			self.assertEqual(totals["Total"], flt(sum(totals.get(part, 0) for part in parts), 2))
			self.assertEqual("Discount" in totals, bool(discount))

	def test_names_are_shown_as_they_are_written(self):
		order = self.waiting()
		order.db_set("shipping_address", "Smith &amp; Sons<br>12 Dock Road<br>")
		self.assertEqual(dict(self.order(order)["facts"])["Ship To"], "Smith & Sons, 12 Dock Road")

	def test_a_file_that_a_browser_does_not_show_is_opened(self):
		order = factories.make_order(customer=CUSTOMER)
		with as_user(SUPPORT):
			factories.attach(order, "customer_po_file", "order.docx", b"PK\x03\x04 as Word writes it")
			order.save()
		file = self.order(order)["file"]
		self.assertEqual((file["kind"], file["url"]), ("", order.customer_po_file))
		self.assertIn("cannot be shown", file["message"])

	def test_a_file_that_is_gone_or_never_came_is_said(self):
		order = factories.make_order(customer=CUSTOMER, with_file=False)
		self.assertEqual(self.order(order)["file"]["message"], "No purchase order is attached.")
		for url in ("/private/files/of-another.pdf", "https://elsewhere.test/po.pdf", "javascript:alert(1)"):
			order.db_set("customer_po_file", url)
			file = self.order(order)["file"]
			self.assertEqual((file["kind"], file["url"]), ("", ""))
			self.assertTrue(file["message"])

	def test_what_differs_from_the_quotation_is_marked_in_the_line(self):
		order = act(self.quoted(cheaper), "Request Approval", SUPPORT)
		shown = self.order(order)
		self.assertEqual(len(shown["differences"]), 2)
		self.assertIn("price 90 instead of 100", shown["differences"][0])
		self.assertEqual([row["marks"] for row in shown["lines"]], [{"rate": "100"}, {"qty": "5"}])
		self.assertEqual(shown["compared_with"], "Quoted")

	def test_a_line_that_was_not_quoted_is_marked_as_such(self):
		item = factories.make_item("MT-MORE")
		order = self.quoted(lambda order: order.append("items", {"item_code": item, "qty": 1, "rate": 5}))
		self.assertEqual(self.order(order)["lines"][2]["marks"], {"line": ""})

	def test_a_changed_order_is_compared_with_what_was_approved(self):
		order = approve(factories.make_order(customer=CUSTOMER))
		change_quantity(order, 12)
		shown = self.order(order.reload(), OTHER_APPROVER)
		self.assertEqual(shown["lines"][0]["marks"], {"qty": "10"})
		self.assertEqual(shown["compared_with"], "As Approved")
		self.assertIn(
			("10", "12"), [(row["old"], row["new"]) for row in shown["changes"] if "Quantity" in row["what"]]
		)

	def test_credit_is_erpnexts_and_for_who_knows_amounts(self):
		customer = factories.make_customer(f"MT Limit {frappe.generate_hash(length=6)}")
		doc = frappe.get_doc("Customer", customer)
		doc.append("credit_limits", {"company": factories.COMPANY, "credit_limit": 5000})
		doc.save()
		approve(factories.make_order((factories.make_item(), 10, 300), customer=customer))
		order = self.waiting((factories.make_item(), 10, 100), customer=customer)
		credit = self.order(order)["credit"]
		self.assertIn("4,000.00", credit["exposure"])
		self.assertIn("5,000.00", credit["limit"])
		self.assertFalse(credit["over"])
		with as_user(SUPPORT):
			order = factories.make_order((factories.make_item(), 10, 300), customer=customer)
		self.assertIn("1,000.00", self.order(order)["credit"]["over"])

	def test_the_last_orders_of_the_customer(self):
		customer = factories.make_customer(f"MT Regular {frappe.generate_hash(length=6)}")
		earlier = [approve(factories.make_order(customer=customer)).name for _number in range(2)]
		draft = factories.make_order(customer=customer)
		order = self.waiting(customer=customer)
		last = self.order(order)["last_orders"]
		self.assertEqual({row["name"] for row in last}, set(earlier))
		self.assertNotIn(draft.name, str(last))
		self.assertEqual(last[0]["stage"], "In Production")
		frappe.db.set_value(
			"Sales Order", {"name": ("in", earlier)}, {"grand_total": 999.6, "rounded_total": 1000}
		)
		self.assertIn("1,000.00", self.order(order)["last_orders"][0]["total"])

	def test_why_it_came_and_what_is_missing(self):
		order = self.waiting()
		self.decide(order, "Send Back", reason="The price is wrong.")
		self.assertEqual(self.order(order)["checklist"][0]["arrival"].reason, "The price is wrong.")

	def test_in_the_language_of_the_reader(self):
		order = act(self.quoted(cheaper), "Request Approval", SUPPORT)
		before = frappe.local.lang
		self.addCleanup(setattr, frappe.local, "lang", before)
		frappe.local.lang = "de"
		shown = self.order(order)
		self.assertIn("Preis 90 statt 100", shown["differences"][0])

	def test_costs_few_queries(self):
		order = act(self.quoted(cheaper), "Request Approval", SUPPORT)
		self.order(order)  # fills Frappe's caches
		with as_user(APPROVER), counted() as asked:
			get_review(order.name)
		self.assertLessEqual(len(asked), 35, "\n".join(asked))


class TestWhoSeesWhat(ReviewCase):
	def test_is_for_who_decides(self):
		order = self.waiting()
		for user in (SUPPORT, PACKER, "Guest"):
			with as_user(user):
				self.assertRaises(frappe.PermissionError, get_review, order.name)

	def test_who_may_not_read_the_order_sees_nothing_of_it(self):
		order, other = self.waiting(), self.waiting(customer=factories.make_customer())
		frappe.permissions.add_user_permission("Customer", CUSTOMER, APPROVER, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", APPROVER)
		with as_user(APPROVER):
			self.assertRaises(frappe.PermissionError, get_review, other.name)
			self.assertRaises(
				frappe.PermissionError, decide, other.name, "Approve", str(other.reload().modified)
			)
		self.assertEqual(self.order(order)["name"], order.name)
		self.assertNotIn(other.name, self.all_in_turn())

	def test_orders_of_others_are_not_among_the_last_ones(self):
		order = self.waiting(customer=factories.make_customer(f"MT Two {frappe.generate_hash(length=6)}"))
		company = approve(factories.make_order(customer=order.customer))
		frappe.share.add("Sales Order", order.name, APPROVER, read=1, write=1)
		frappe.permissions.add_user_permission("Sales Order", order.name, APPROVER, ignore_permissions=True)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Sales Order", APPROVER)
		self.assertNotIn(company.name, str(self.order(order)["last_orders"]))

	def all_in_turn(self, user: str = APPROVER) -> list[str]:
		"""Every order that the buttons lead to, from the first to the last."""
		found, answer = [], self.review(user=user)
		while answer["order"]:
			found.append(answer["order"]["name"])
			self.assertEqual(answer["place"], len(found))
			if not answer["next"]:
				break
			answer = self.review(answer["next"], user)
		return found

	def test_one_after_the_other_the_oldest_promise_first(self):
		later, first = self.waiting(), self.waiting()
		for order, days in ((later, -1900), (first, -2000)):
			order.items[0].db_set("delivery_date", add_days(nowdate(), days))
		self.assertEqual(self.all_in_turn()[:2], [first.name, later.name])
		self.assertEqual(self.review(later.name)["previous"], first.name)

	def test_what_waits_for_somebody_else_is_in_no_turn(self):
		draft = factories.make_order(customer=CUSTOMER)
		answer = self.review(draft.name)
		self.assertEqual((answer["place"], answer["previous"]), (0, ""))
		self.assertEqual(answer["order"]["actions"], [])
		self.assertNotIn(draft.name, self.all_in_turn())

	def test_nothing_waits(self):
		factories.make_user("nobody@metalcraft.test", ["Order Approver"])
		frappe.permissions.add_user_permission(
			"Customer",
			factories.make_customer("MT Without Orders"),
			"nobody@metalcraft.test",
			ignore_permissions=True,
		)
		self.assertEqual(
			self.review(user="nobody@metalcraft.test"),
			{"order": None, "place": 0, "total": 0, "previous": "", "next": ""},
		)

	def test_accounts_decide_on_credit_here(self):
		customer = factories.make_customer(f"MT Held {frappe.generate_hash(length=6)}")
		frappe.get_doc("Customer", customer).update(
			{"credit_hold": 1, "credit_hold_reason": "Two invoices are late"}
		).save()
		order = self.waiting(customer=customer)
		shown = self.order(order, CONTROLLER)
		self.assertIn("Two invoices are late", shown["hold_reason"])
		self.assertTrue(shown["credit"]["on_hold"])
		self.assertEqual(shown["actions"][0]["label"], "Release Credit Hold")
		self.assertIn(order.name, self.all_in_turn(CONTROLLER))
		self.assertNotIn(order.name, self.all_in_turn(APPROVER))

	def test_my_work_and_the_form_lead_here(self):
		order = self.waiting()
		order.items[0].db_set("delivery_date", add_days(nowdate(), -999))
		with as_user(APPROVER):
			rows = [row for section in get_my_work()["sections"] for row in section["rows"]]
			(row,) = [row for row in rows if row["name"] == order.name]
			# What cannot be approved as it is, is looked at first
			self.assertTrue(row["missing"])
			self.assertEqual([action["kind"] for action in row["actions"]][:2], ["review", "open"])
			self.assertTrue(get_standing("Sales Order", order.name)["is_reviewed"])
		with as_user(SUPPORT):
			self.assertFalse(get_standing("Sales Order", order.name)["is_reviewed"])


class TestDeciding(ReviewCase):
	def test_approves_and_sends_back_as_the_form_does(self):
		order = self.decide(self.waiting(), "Approve")
		self.assertEqual((order.docstatus, order.workflow_state), (1, "Approved"))
		order = self.waiting()
		with as_user(APPROVER), self.assertRaises(frappe.ValidationError):
			decide(order.name, "Send Back", str(order.reload().modified))
		order = self.decide(order, "Send Back", reason="Line 1 is wrong.")
		self.assertEqual(order.workflow_state, "Sent Back")

	def test_who_asked_does_not_approve_here_either(self):
		order = factories.make_order(customer=CUSTOMER)
		user = frappe.get_doc("User", OTHER_APPROVER)
		user.add_roles("Customer Support")
		self.addCleanup(user.remove_roles, "Customer Support")
		act(order, "Request Approval", OTHER_APPROVER)
		(approve_it,) = [row for row in self.order(order, OTHER_APPROVER)["actions"] if row["leads_on"]]
		self.assertTrue(approve_it["lacks"])
		with self.assertRaises(frappe.ValidationError):
			self.decide(order, "Approve", OTHER_APPROVER)

	def test_the_differences_are_read_first(self):
		order = act(self.quoted(cheaper), "Request Approval", SUPPORT)
		(action,) = [row for row in self.order(order)["actions"] if row["leads_on"]]
		self.assertEqual((action["lacks"], action["asks_look"]), ([], True))
		with self.assertRaises(frappe.ValidationError):
			self.decide(order, "Approve")
		order = self.decide(order, "Approve", acknowledged=True)
		self.assertEqual((order.docstatus, order.differences_acknowledged), (1, 1))

	def test_differences_that_another_order_has_made_are_read_first(self):
		"""The approval of one order takes of what was quoted: others of the quotation differ by that, unsaved."""
		for is_ticked in (False, True):
			quotation = quotations.make_quotation(CUSTOMER)
			order, other = (self.quoted(half, quotation) for _number in range(2))
			for each in (order, other):
				act(each, "Request Approval", SUPPORT)
			if is_ticked:
				with as_user(OTHER_APPROVER):
					order.reload().update({"differences_acknowledged": 1}).save()
			before = self.order(order)
			self.assertEqual(before["acknowledged"], is_ticked)
			self.decide(other, "Approve", acknowledged=True)
			now = self.order(order)
			self.assertFalse(now["acknowledged"])
			self.assertNotEqual(now["differences"], before["differences"])
			(action,) = [row for row in now["actions"] if row["leads_on"]]
			self.assertEqual((action["lacks"], action["asks_look"]), ([], True))
			with self.assertRaisesRegex(frappe.ValidationError, "changed since"):
				self.decide(order, "Approve", acknowledged=True, differences=before["differences_digest"])
			order = self.decide(order, "Approve", acknowledged=True, differences=now["differences_digest"])
			self.assertEqual((order.docstatus, order.differences_acknowledged), (1, 1))

	def test_who_may_not_see_prices_does_not_say_that_they_have_read_them(self):
		approver = factories.make_user("blind@metalcraft.test", ["Order Approver"])
		order = act(self.quoted(cheaper), "Request Approval", SUPPORT)
		with patch("metalcraft_workflow.desk.review.knows_amounts", return_value=False):
			shown = self.order(order, approver)
			(action,) = [row for row in shown["actions"] if row["leads_on"]]
			self.assertFalse(action["asks_look"])
			self.assertIn("Prices differ", action["lacks"][0])
			self.assertIn("Prices differ", shown["differences"][-1])
			with self.assertRaises(frappe.PermissionError):
				self.decide(order, "Approve", approver, acknowledged=True)
		self.assertEqual(order.reload().docstatus, 0)

	def test_an_order_that_was_changed_meanwhile_is_looked_at_again(self):
		order = act(self.quoted(), "Request Approval", SUPPORT)
		seen = str(order.reload().modified)
		with as_user(OTHER_APPROVER):
			order.items[0].rate = 1
			order.save()
		with as_user(APPROVER), self.assertRaisesRegex(frappe.ValidationError, "changed since"):
			decide(order.name, "Approve", seen, acknowledged=True)
		self.assertEqual(order.reload().docstatus, 0)

	def test_a_decision_is_signed_where_the_gate_asks_for_it(self):
		update_password(APPROVER, "kT7-correct-horse-battery")
		settings = frappe.get_doc("Metalcraft Settings")
		settings.set("signatures", [{"gate": "approve"}])
		settings.save()
		order = self.waiting()
		with self.assertRaises(SignatureRequired):
			self.decide(order, "Approve")
		given = {"name": order.name, "action": "Approve", "seen": str(order.reload().modified)}
		try:
			answer = rest.call(
				APPROVER,
				"metalcraft_workflow.desk.review.decide",
				transition_password="kT7-correct-horse-battery",
				**given,
			)
			self.assertEqual(answer.status, 200, answer.words)
			record = frappe.get_last_doc(
				"Release Record", {"process_id": order.process_id, "gate": "approve"}
			)
			self.assertEqual(record.signature, "Password")
		finally:
			settings = frappe.get_doc("Metalcraft Settings")
			settings.set("signatures", [])
			settings.save()
			frappe.db.commit()


class TestComparison(ReviewCase):
	def test_customer_support_sees_what_the_approver_will_see(self):
		order = self.quoted(cheaper)
		with as_user(SUPPORT):
			found = get_comparison(order.name)
		self.assertEqual(found["differences"], self.order(order)["differences"])
		self.assertEqual([row["marks"] for row in found["lines"]], [{"rate": "100"}, {"qty": "5"}])

	def test_prices_are_for_who_knows_amounts(self):
		order = self.quoted(cheaper)
		with as_user(PACKER):
			found = get_comparison(order.name)
		self.assertFalse(
			any(row["rate"] or row["amount"] or "rate" in row["marks"] for row in found["lines"])
		)
		self.assertNotIn("price", " ".join(found["differences"]))

	def test_is_for_who_may_read_the_order(self):
		order = self.quoted()
		with as_user("Guest"):
			self.assertRaises(frappe.PermissionError, get_comparison, order.name)
