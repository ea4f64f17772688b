"""Step 5: approval, credit, and what happens to an order that is changed."""

import json

import frappe
from erpnext.controllers.accounts_controller import update_child_qty_rate
from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_invoice
from frappe.model.workflow import bulk_workflow_approval
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from metalcraft_workflow.facts import credit_limit
from metalcraft_workflow.gates.checklist import get_checklist
from metalcraft_workflow.gates.guard import GateNotMet, PassageRefused
from metalcraft_workflow.gates.waiver import waive
from metalcraft_workflow.tests.support import concurrency, deliveries, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	COMPANY,
	CONTROLLER,
	MANAGER,
	SUPPORT,
	act,
	as_user,
)

APPROVER2 = "approver2@metalcraft.test"
SALES = "sales@metalcraft.test"


class TestApproval(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def test_who_asked_and_who_approved_is_on_the_order(self):
		order = factories.make_order()
		order = act(order, "Request Approval", SUPPORT)
		self.assertEqual(
			(stored(order).approval_requested_by, stored(order).approved_by),
			(SUPPORT, None),
		)
		act(order, "Approve", APPROVER)
		order = stored(order)
		self.assertEqual((order.approval_requested_by, order.approved_by), (SUPPORT, APPROVER))
		self.assertTrue(order.approved_on)

	def test_nobody_approves_what_they_asked_for(self):
		order = factories.make_order()
		with as_user("Administrator"):
			act(order, "Request Approval", "Administrator")
			with self.assertRaises(GateNotMet):
				act(order, "Approve", "Administrator")
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_bulk_approval_takes_those_it_may(self):
		good, own = factories.make_order(), factories.make_order()
		act(good, "Request Approval", SUPPORT)
		roles = frappe.get_doc("User", APPROVER2)
		roles.append("roles", {"role": "Customer Support"})
		roles.save()
		act(own, "Request Approval", APPROVER2)
		frappe.db.commit()  # the bulk action rolls back what fails
		with as_user(APPROVER2):
			bulk_workflow_approval(json.dumps([own.name, good.name]), "Sales Order", "Approve")
		roles.reload()
		roles.roles = [row for row in roles.roles if row.role != "Customer Support"]
		roles.save()
		frappe.db.commit()  # as the bulk action has done with the orders
		self.assertEqual((stored(good).docstatus, stored(own).docstatus), (1, 0))

	def test_sent_back_and_rejected_orders_come_again(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		act(order, "Send Back", APPROVER, "Delivery date is too early")
		act(order, "Request Approval", SUPPORT)
		act(order, "Reject", APPROVER, "We do not make these")
		with as_user(SUPPORT), self.assertRaises(PassageRefused):
			order.reload()
			order.po_no = "other"
			order.save()
		act(order, "Reopen", APPROVER)
		self.assertEqual(factories.approve(order).docstatus, 1)
		self.assertEqual(
			frappe.get_all(
				"Release Record",
				{"reference_name": order.name, "reason": ["is", "set"]},
				pluck="reason",
				order_by="creation",
			),
			["Delivery date is too early", "We do not make these"],
		)

	def test_lines_changed_by_the_approver_are_asked_for_again(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		with as_user(APPROVER):
			order.reload()
			order.items[0].rate = 50
			order.save()
		order = stored(order)
		self.assertEqual(order.workflow_state, "Draft")
		self.assertFalse(order.approval_requested_by)

	def test_changing_and_approving_in_one_go_is_refused(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		with as_user(APPROVER):
			order.reload()
			order.items[0].rate = 50
			order.workflow_state = "Approved"
			with self.assertRaises(GateNotMet) as refusal:
				order.submit()
		self.assertIn("changed since approval was asked for", str(refusal.exception))

	def test_what_the_customer_owes_and_whether_it_is_delivered_is_approved_as_asked_for(self):
		charge = {
			"charge_type": "Actual",
			"account_head": f"Sales Expenses - {factories.ABBR}",
			"description": "Freight",
			"tax_amount": -500,
		}
		changes = {
			"charges": lambda order: order.append("taxes", charge),
			"terms": lambda order: order.payment_schedule[0].update({"due_date": add_days(nowdate(), 900)}),
			"no delivery note": lambda order: order.update({"skip_delivery_note": 1}),
			"maintenance": lambda order: order.update({"order_type": "Maintenance"}),
		}
		for name, change in changes.items():
			order = factories.make_order()
			act(order, "Request Approval", SUPPORT)
			with self.subTest(name), as_user(APPROVER):
				order.reload()
				change(order)
				order.workflow_state = "Approved"
				with self.assertRaises(GateNotMet) as refusal:
					order.submit()
				self.assertIn("changed since approval was asked for", str(refusal.exception))

	def test_an_amended_order_starts_over(self):
		order = factories.approve(factories.make_order())
		act(order, "Cancel Order", APPROVER)
		with as_user(SUPPORT):
			# As the desk's Amend does, which copies more than Duplicate
			amended = frappe.copy_doc(stored(order))
			amended.update(
				{
					"amended_from": order.name,
					"docstatus": 0,
					"workflow_state": "Approved",
				}
			)
			for field in (
				"approved_by",
				"approved_on",
				"approval_requested_by",
				"customer_po_file",
			):
				amended.set(field, stored(order).get(field))
			try:
				amended.insert()
			except PassageRefused:
				amended.workflow_state = None
				amended.insert()
		self.assertEqual(amended.workflow_state, "Draft")
		for field in ("approved_by", "approved_on", "approval_requested_by"):
			self.assertFalse(amended.get(field), field)
		with as_user(SUPPORT):
			factories.attach(amended, "customer_po_file", "purchase-order.pdf")
			amended.save()
		self.assertEqual(factories.approve(amended).docstatus, 1)


class TestChangedOrders(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_item()
		factories.make_item("MT-VALVE-01")

	def approved(self, **fields):
		return factories.approve(
			factories.make_order(("MT-CYL-01", 10, 100), ("MT-VALVE-01", 5, 20), **fields)
		)

	def test_update_items_leads_to_the_review(self):
		order = self.approved()
		update_items(order, APPROVER, lambda rows: rows[0].update(qty=12))
		order = stored(order)
		self.assertEqual((order.workflow_state, order.docstatus), ("Change Review", 1))
		self.assertFalse(order.approved_by)
		self.assertEqual(order.items[0].qty, 12)

	def test_every_kind_of_change_leads_to_the_review(self):
		changes = {
			"rate": lambda rows: rows[0].update(rate=90),
			"date": lambda rows: rows[0].update(delivery_date=add_days(nowdate(), 30)),
			"added": lambda rows: rows.append({"item_code": "MT-CYL-01", "qty": 1, "rate": 1, "idx": 3}),
			"removed": lambda rows: rows.pop(),
		}
		for name, change in changes.items():
			with self.subTest(name):
				order = self.approved()
				update_items(order, APPROVER, change)
				self.assertEqual(stored(order).workflow_state, "Change Review")

	def test_update_items_without_a_change_keeps_the_approval(self):
		order = self.approved()
		update_items(order, APPROVER, lambda rows: None)
		self.assertEqual(stored(order).workflow_state, "Approved")
		self.assertEqual(stored(order).approved_by, APPROVER)

	def test_only_the_role_of_the_state_updates_items(self):
		for user in (SUPPORT, SALES, MANAGER):
			order = self.approved()
			frappe.db.savepoint("not_yet")
			with (
				self.subTest(user),
				self.assertRaises((frappe.ValidationError, frappe.PermissionError)),
			):
				update_items(
					order,
					user,
					lambda rows: rows[0].update(delivery_date=add_days(nowdate(), 30)),
				)
			frappe.db.rollback(save_point="not_yet")
			self.assertEqual(stored(order).workflow_state, "Approved")

	def test_somebody_else_accepts_the_changes(self):
		order = self.approved()
		update_items(order, APPROVER, lambda rows: rows[0].update(qty=12))
		with self.assertRaises(GateNotMet):
			act(order, "Accept Changes", APPROVER)
		order = act(order, "Accept Changes", APPROVER2)
		self.assertEqual(order.workflow_state, "Approved")
		self.assertEqual(stored(order).approved_by, APPROVER2)

	def test_who_changes_it_further_cannot_accept_it_either(self):
		order = self.approved()
		update_items(order, APPROVER, lambda rows: rows[0].update(qty=12))
		update_items(order, APPROVER2, lambda rows: rows[0].update(qty=13))
		for user in (APPROVER, APPROVER2, "Administrator"):
			if user == "Administrator":
				self.assertEqual(act(order, "Accept Changes", user).workflow_state, "Approved")
			else:
				with self.assertRaises(GateNotMet):
					act(order, "Accept Changes", user)

	def test_an_order_is_taken_to_the_review_by_hand(self):
		order = self.approved()
		order = act(order, "Review Changes", APPROVER, "Customer called about the quantity")
		self.assertEqual(order.workflow_state, "Change Review")
		update_items(order, APPROVER, lambda rows: rows[0].update(qty=11))
		with self.assertRaises(GateNotMet):
			act(order, "Accept Changes", APPROVER)
		self.assertEqual(act(order, "Accept Changes", APPROVER2).workflow_state, "Approved")

	def test_a_line_changed_through_the_api_leads_to_the_review(self):
		for doctype, field, value in (
			("Sales Order Item", "delivery_date", add_days(nowdate(), 40)),
			("Sales Order", "po_no", frappe.generate_hash(length=8)),
		):
			order = factories.approve(factories.make_order())
			name = order.name if doctype == "Sales Order" else order.items[0].name
			with self.subTest(field), as_user(APPROVER):
				frappe.get_attr("frappe.client.set_value")(doctype, name, field, value)
				self.assertEqual(stored(order).workflow_state, "Change Review")

	def test_a_line_written_on_its_own_is_held_to_whose_turn_it_is(self):
		order = factories.make_order()
		act(order, "Request Approval", SUPPORT)
		row = {"doctype": "Sales Order Item", "name": order.items[0].name, "rate": 1}
		with as_user(SUPPORT):
			line = frappe.get_doc("Sales Order Item", row["name"])
			line.rate = 1
			for write in (line.save, line.delete):
				with self.assertRaises(PassageRefused):
					write()
		# An approver may, but then approval has to be asked for again
		with as_user(APPROVER):
			line = frappe.get_doc("Sales Order Item", row["name"])
			line.rate = 1
			line.save()
		with self.assertRaises(GateNotMet):
			act(order, "Approve", APPROVER)

	def test_notes_and_the_keep_open_switch_change_nothing_approved(self):
		order = self.approved()
		with as_user(APPROVER):
			order = stored(order)
			order.update({"keep_open": 1, "production_notes": "Pack in pairs"})
			order.save()
		self.assertEqual(stored(order).workflow_state, "Approved")


class TestCredit(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_item()

	def customer(self, limit: float = 0, bypass: int = 0, **fields) -> str:
		if limit or bypass:
			fields["credit_limits"] = [
				{
					"company": COMPANY,
					"credit_limit": limit,
					"bypass_credit_limit_check": bypass,
				}
			]
		return factories.make_customer(f"MT Credit {frappe.generate_hash(length=8)}", **fields)

	def request(self, customer: str, qty: float = 10):
		order = factories.make_order(("MT-CYL-01", qty, 100), customer=customer)
		return act(order, "Request Approval", SUPPORT)

	def limit_of(self, customer: str) -> list:
		rows = frappe.get_all(
			"Customer Credit Limit",
			{"parent": customer},
			["credit_limit", "bypass_credit_limit_check"],
		)
		return [(row.credit_limit, row.bypass_credit_limit_check) for row in rows]

	def test_within_the_limit_nobody_waits(self):
		order = self.request(self.customer(limit=1000))
		self.assertEqual(order.workflow_state, "Pending Approval")
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_over_the_limit_the_order_waits_for_accounts(self):
		customer = self.customer(limit=999)
		order = self.request(customer)
		self.assertEqual(order.workflow_state, "Credit Hold")
		self.assertIn("over the credit limit", order.credit_hold_reason)
		for user in (SUPPORT, APPROVER, MANAGER, factories.ACCOUNTS):
			with self.subTest(user), self.assertRaises(frappe.ValidationError):
				act(order, "Release Credit Hold", user)
		order = act(order, "Release Credit Hold", CONTROLLER, "Payment promised for Friday")
		self.assertEqual(order.workflow_state, "Pending Approval")
		self.assertFalse(stored(order).credit_hold_reason)
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)
		# ERPNext's own limit stands as it was
		self.assertEqual(self.limit_of(customer), [(999.0, 0)])
		waiver = frappe.get_last_doc("Release Record", {"reference_name": order.name, "kind": "Waiver"})
		self.assertEqual(
			(waiver.user, waiver.requirement, waiver.role, waiver.reason),
			(CONTROLLER, "credit", "Accounts Manager", "Payment promised for Friday"),
		)

	def test_of_two_approved_at_the_same_moment_the_later_counts_the_earlier(self):
		"""Real processes: what is made here stays on the site."""
		customer = self.customer(limit=1500)
		orders = [self.request(customer), self.request(customer)]
		for order in orders:
			self.assertEqual(order.workflow_state, "Pending Approval")
		said = concurrency.run(*((APPROVER, "Approve", order) for order in orders), overlap=False)
		self.assertEqual(sorted(word.split()[0] for word in said), ["done", "failed:"])
		self.assertIn("GateNotMet", " ".join(said))
		self.assertEqual(sorted(stored(order).docstatus for order in orders), [0, 1])

	def test_this_order_and_the_earlier_ones_count_together(self):
		customer = self.customer(limit=1500)
		factories.approve(factories.make_order(("MT-CYL-01", 10, 100), customer=customer))
		self.assertEqual(self.request(customer, qty=5).workflow_state, "Pending Approval")
		self.assertEqual(self.request(customer, qty=6).workflow_state, "Credit Hold")

	def test_customer_on_hold(self):
		customer = self.customer(credit_hold=1, credit_hold_reason="Two invoices overdue")
		order = self.request(customer)
		self.assertEqual(order.workflow_state, "Credit Hold")
		self.assertIn("Two invoices overdue", order.credit_hold_reason)
		act(order, "Release Credit Hold", CONTROLLER)
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_sales_does_not_make_credit_easier(self):
		customer = self.customer(limit=100, credit_hold=1)
		easier = {
			"off hold": lambda doc: doc.update({"credit_hold": 0}),
			"raised": lambda doc: doc.credit_limits[0].update({"credit_limit": 200}),
			"bypassed": lambda doc: doc.credit_limits[0].update({"bypass_credit_limit_check": 1}),
			"removed": lambda doc: doc.set("credit_limits", []),
		}
		for user in (SUPPORT, SALES):
			for name, change in easier.items():
				with self.subTest(name, user=user), as_user(user):
					doc = frappe.get_doc("Customer", customer)
					change(doc)
					with self.assertRaises(frappe.PermissionError):
						doc.save()
		with as_user(SUPPORT):
			doc = frappe.get_doc("Customer", customer)
			doc.credit_hold_reason = "Cheque came back"
			doc.credit_limits[0].credit_limit = 50
			doc.save()
		self.assertEqual(self.limit_of(customer), [(50.0, 0)])

	def test_sales_may_take_a_bypass_away(self):
		customer = self.customer(limit=100, bypass=1)
		with as_user(SUPPORT):
			doc = frappe.get_doc("Customer", customer)
			doc.credit_limits[0].bypass_credit_limit_check = 0
			doc.save()
		self.assertEqual(self.limit_of(customer), [(100.0, 0)])

	def test_sales_does_not_make_credit_easier_around_the_customer_or_its_group(self):
		group = frappe.get_doc(
			{
				"doctype": "Customer Group",
				"customer_group_name": f"MT Group {frappe.generate_hash(length=6)}",
				"parent_customer_group": "All Customer Groups",
				"credit_limits": [{"company": COMPANY, "credit_limit": 500}],
			}
		).insert()
		own = {"company": COMPANY, "credit_limit": 900}
		for change in ({"credit_limits": [own]}, {"customer_group": "Commercial"}):
			customer = self.customer(customer_group=group.name)
			with self.subTest(change), as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
				frappe.get_doc("Customer", customer).update(change).save()
		customer = self.customer(limit=100)
		with as_user(SUPPORT):
			row = frappe.get_doc("Customer", customer).credit_limits[0]
			row.credit_limit = 900
			with self.assertRaises(frappe.PermissionError):
				row.save()
		self.assertEqual(self.limit_of(customer), [(100.0, 0)])

	def test_sales_does_not_make_a_customer_with_easier_credit_than_its_group_or_company(self):
		group = frappe.get_doc(
			{
				"doctype": "Customer Group",
				"customer_group_name": f"MT Group {frappe.generate_hash(length=6)}",
				"parent_customer_group": "All Customer Groups",
				"credit_limits": [{"company": COMPANY, "credit_limit": 500}],
			}
		).insert()

		def make(**row):
			return frappe.get_doc(
				{
					"doctype": "Customer",
					"customer_name": f"MT Credit {frappe.generate_hash(length=8)}",
					"customer_type": "Company",
					"customer_group": group.name,
					"territory": "All Territories",
					"credit_limits": [{"company": COMPANY, **row}] if row else [],
				}
			).insert()

		easier = ({"credit_limit": 900}, {"credit_limit": 500, "bypass_credit_limit_check": 1})
		with as_user(SUPPORT):
			for row in easier:
				with (
					self.subTest(row),
					self.assertRaisesRegex(frappe.PermissionError, "raise a credit limit"),
				):
					make(**row)
			self.assertEqual(self.limit_of(make().name), [])
			self.assertEqual(self.limit_of(make(credit_limit=100).name), [(100.0, 0)])
		frappe.db.set_value("Company", COMPANY, "credit_limit", 400)
		self.addCleanup(frappe.db.set_value, "Company", COMPANY, "credit_limit", 0)
		group.set("credit_limits", [])
		group.save()
		with as_user(SUPPORT), self.assertRaises(frappe.PermissionError):
			make(credit_limit=900)
		self.assertEqual(self.limit_of(make(credit_limit=900).name), [(900.0, 0)])

	def test_nothing_is_waived_where_there_is_no_gate(self):
		order = factories.make_order(("MT-CYL-01", 1, 100))
		for doctype, name, gate in (
			("User", "Administrator", "approve"),
			("Sales Order", order.name, "clear"),
			("Sales Order", order.name, "<b>no gate"),
		):
			with self.subTest(doctype=doctype, gate=gate):
				with self.assertRaisesRegex(frappe.ValidationError, "nothing to waive"):
					waive(doctype, name, gate, "credit", "Because")

	def test_limits_of_the_group_and_the_company_count(self):
		group = frappe.get_doc(
			{
				"doctype": "Customer Group",
				"customer_group_name": f"MT Group {frappe.generate_hash(length=6)}",
				"parent_customer_group": "All Customer Groups",
				"credit_limits": [{"company": COMPANY, "credit_limit": 500}],
			}
		).insert()
		customer = self.customer(customer_group=group.name)
		order = self.request(customer)
		self.assertEqual(order.workflow_state, "Credit Hold")
		act(order, "Release Credit Hold", CONTROLLER)
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)
		self.assertEqual(self.limit_of(customer), [])

		frappe.db.set_value("Company", COMPANY, "credit_limit", 400)
		self.addCleanup(frappe.db.set_value, "Company", COMPANY, "credit_limit", 0)
		self.assertEqual(self.request(self.customer()).workflow_state, "Credit Hold")

	def test_a_bypassed_customer_is_not_checked_at_the_order(self):
		order = self.request(self.customer(limit=10, bypass=1))
		self.assertEqual(order.workflow_state, "Pending Approval")

	def test_a_bypassed_customer_is_checked_at_the_delivery_by_what_it_owes(self):
		customer = self.customer(limit=1000, bypass=1)
		first = deliveries.delivery(("MT-CYL-01", 10, 90), customer=customer)
		factories.approve(factories.make_order(("MT-CYL-01", 10, 500), customer=customer))
		self.assertEqual(deliveries.shipped(first).docstatus, 1)
		other = frappe.db.get_value("Company", {"name": ["!=", COMPANY]})
		customer = factories.make_customer(
			f"MT Credit {frappe.generate_hash(length=8)}",
			credit_limits=[{"company": other, "credit_limit": 1}],
		)
		self.assertEqual(self.request(customer).workflow_state, "Pending Approval")

	def test_the_total_of_the_same_save_decides(self):
		customer = self.customer(limit=1000)
		order = factories.make_order(("MT-CYL-01", 5, 100), customer=customer)
		with as_user(SUPPORT):
			order.items[0].qty = 50
			order.workflow_state = "Pending Approval"
			order.save()
		self.assertEqual(order.workflow_state, "Credit Hold")

	def test_credit_gone_bad_while_the_order_waits(self):
		customer = self.customer(limit=1000)
		order = self.request(customer)
		frappe.get_doc("Customer", customer).db_set({"credit_hold": 1, "credit_hold_reason": "Bankrupt"})
		with self.assertRaises(GateNotMet) as refusal:
			act(order, "Approve", APPROVER)
		self.assertIn("Bankrupt", str(refusal.exception))
		for user in (APPROVER, MANAGER):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				waive("Sales Order", order.name, "approve", "credit", "Never mind")
		with as_user(CONTROLLER):
			waive("Sales Order", order.name, "approve", "credit", "Paid in advance")
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_a_release_lapses_with_the_lines(self):
		order = self.request(self.customer(limit=999))
		act(order, "Release Credit Hold", CONTROLLER)
		act(order, "Send Back", APPROVER, "More of them")
		with as_user(SUPPORT):
			order.reload()
			order.items[0].qty = 11
			order.save()
		self.assertEqual(act(order, "Request Approval", SUPPORT).workflow_state, "Credit Hold")

	def test_a_release_holds_while_the_lines_stay(self):
		order = self.request(self.customer(limit=999))
		act(order, "Release Credit Hold", CONTROLLER)
		act(order, "Send Back", APPROVER, "Contact person is wrong")
		self.assertEqual(act(order, "Request Approval", SUPPORT).workflow_state, "Pending Approval")

	def test_a_changed_order_is_released_anew(self):
		customer = self.customer(limit=999)
		order = self.request(customer)
		act(order, "Release Credit Hold", CONTROLLER)
		act(order, "Approve", APPROVER)
		update_items(order, APPROVER, lambda rows: rows[0].update(qty=20))
		self.assertEqual(self.limit_of(customer), [(999.0, 0)])
		with self.assertRaises(GateNotMet) as refusal:
			act(order, "Accept Changes", APPROVER2)
		self.assertIn("2,000.00", str(refusal.exception))
		with as_user(CONTROLLER):
			waive("Sales Order", order.name, "approve", "credit", "Insured up to 5000")
		self.assertEqual(act(order, "Accept Changes", APPROVER2).workflow_state, "Approved")
		self.assertEqual(self.limit_of(customer), [(999.0, 0)])

	def test_an_approved_order_is_saved_though_the_limit_was_lowered(self):
		customer = self.customer(limit=5000)
		order = factories.approve(factories.make_order(customer=customer))
		frappe.db.set_value("Customer Credit Limit", {"parent": customer}, "credit_limit", 10)
		with as_user(APPROVER):
			order = stored(order)
			order.keep_open = 1
			order.save()
		self.assertEqual(self.limit_of(customer), [(10.0, 0)])

	def test_a_submit_that_fails_leaves_the_limit(self):
		customer = self.customer(limit=999)
		order = self.request(customer)
		act(order, "Release Credit Hold", CONTROLLER)
		frappe.db.commit()
		rule = frappe.get_doc(
			{
				"doctype": "Authorization Rule",
				"transaction": "Sales Order",
				"based_on": "Grand Total",
				"company": COMPANY,
				"value": 1,
				"approving_role": "System Manager",
				"system_role": "",
			}
		).insert()
		frappe.db.commit()
		try:
			with self.assertRaises(frappe.ValidationError):
				act(order, "Approve", APPROVER)
			frappe.db.rollback()
			self.assertEqual(self.limit_of(customer), [(999.0, 0)])
			self.assertEqual(stored(order).docstatus, 0)
		finally:
			frappe.delete_doc("Authorization Rule", rule.name, force=True)
			frappe.db.commit()
		self.assertEqual(act(order, "Approve", APPROVER).docstatus, 1)

	def test_the_limit_is_back_before_a_commit_whatever_happens(self):
		customer = self.customer(limit=999)
		frappe.db.commit()
		credit_limit.lift(customer, COMPANY)
		self.assertEqual(self.limit_of(customer), [(credit_limit.NO_LIMIT, 0)])
		frappe.db.commit()
		self.assertEqual(self.limit_of(customer), [(999.0, 0)])

	def test_a_delivery_released_on_record_ships_and_is_billed(self):
		"""ERPNext checks customers with its "bypass" at the delivery and at the invoice."""
		customer = self.customer(limit=10, bypass=1)
		order = deliveries.approved_order(("MT-CYL-01", 10, 100), customer=customer)
		deliveries.bring(order)
		note = deliveries.packed(order)
		note = act(note, "Complete Packing", factories.PACKER)
		with self.assertRaises(GateNotMet) as refusal:
			act(note, "Clear for Shipment", SUPPORT)
		self.assertIn("over the credit limit", str(refusal.exception))
		with as_user(CONTROLLER):
			waive("Delivery Note", note.name, "clear", "credit", "Paid by card today")
		act(note, "Clear for Shipment", SUPPORT)
		note = act(deliveries.ready_to_ship(note), "Ship", factories.SHIPPER)
		self.assertEqual(note.docstatus, 1)
		with as_user(SUPPORT):
			invoice = make_sales_invoice(note.name)
			invoice.insert().submit()
		self.assertEqual(invoice.docstatus, 1)
		self.assertEqual(self.limit_of(customer), [(10.0, 1)])

	def test_the_checklist_says_it_beforehand(self):
		customer = self.customer(limit=999)
		order = factories.make_order(customer=customer)
		with as_user(SUPPORT):
			entries = get_checklist("Sales Order", order.name)
		self.assertEqual([entry["next_state"] for entry in entries], ["Credit Hold"])
		self.assertIn("over the credit limit", stored(order).credit_hold_reason)


def stored(order):
	return frappe.get_doc("Sales Order", order.name)


def update_items(order, user: str, change) -> None:
	"""What "Update Items" of the form sends."""
	rows = [
		{
			"docname": row.name,
			"name": row.name,
			"item_code": row.item_code,
			"qty": row.qty,
			"rate": row.rate,
			"uom": row.uom,
			"conversion_factor": row.conversion_factor,
			"delivery_date": str(row.delivery_date),
			"idx": row.idx,
		}
		for row in stored(order).items
	]
	change(rows)
	with as_user(user):
		update_child_qty_rate("Sales Order", json.dumps(rows), order.name)
