"""What the app relies on in ERPNext: the names that it calls, the fields that it reads and writes, and
the behaviour that it counts on. Where ERPNext changes one of them, it fails here, by name."""

import inspect
from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, flt, nowdate

from metalcraft_workflow.facts import credit
from metalcraft_workflow.steps import closing, tracking
from metalcraft_workflow.tests.support import deliveries, erpnext_facts, factories, marks, money
from metalcraft_workflow.tests.support.factories import ACCOUNTS, COMPANY, FINAL_PACK, SUPPORT, as_user

# What is imported or called by name, with the arguments that are given
NAMES = {
	"erpnext.accounts.doctype.payment_entry.payment_entry.get_payment_entry": ("dt", "dn"),
	"erpnext.accounts.doctype.sales_invoice.sales_invoice.make_sales_return": ("source_name",),
	"erpnext.controllers.accounts_controller.update_child_qty_rate": (
		"parent_doctype",
		"trans_items",
		"parent_doctype_name",
	),
	"erpnext.accounts.general_ledger.check_freezing_date": ("posting_date",),
	"erpnext.accounts.general_ledger.validate_accounting_period": ("gl_map",),
	"erpnext.accounts.general_ledger.validate_against_pcv": ("is_opening", "posting_date", "company"),
	"erpnext.accounts.utils.get_fiscal_year": ("date", "company"),
	"erpnext.crm.doctype.lead.lead.make_customer": ("source_name",),
	"erpnext.crm.doctype.lead.lead.make_opportunity": ("source_name",),
	"erpnext.crm.doctype.lead.lead.make_quotation": ("source_name",),
	"erpnext.crm.doctype.opportunity.opportunity.make_quotation": ("source_name",),
	"erpnext.selling.doctype.customer.customer.get_credit_limit": ("customer", "company"),
	"erpnext.selling.doctype.customer.customer.get_customer_outstanding": (
		"customer",
		"company",
		"ignore_outstanding_sales_order",
	),
	"erpnext.selling.doctype.quotation.quotation.create_customer_from_lead": ("lead_name",),
	"erpnext.selling.doctype.quotation.quotation.make_sales_order": ("source_name",),
	"erpnext.selling.doctype.sales_order.sales_order.make_delivery_note": (
		"source_name",
		"target_doc",
		"kwargs",
	),
	"erpnext.selling.doctype.sales_order.sales_order.make_sales_invoice": ("source_name",),
	"erpnext.selling.doctype.sales_order.sales_order.update_status": ("status", "name"),
	"erpnext.setup.utils.before_tests": (),
	"erpnext.stock.doctype.item.item.validate_end_of_life": ("item_code",),
	"erpnext.stock.utils.validate_disabled_warehouse": ("warehouse",),
	"erpnext.stock.doctype.batch.batch.get_batch_qty": ("batch_no", "warehouse", "item_code"),
	"erpnext.stock.doctype.delivery_note.delivery_note.make_sales_invoice": ("source_name",),
	"erpnext.stock.doctype.delivery_note.delivery_note.make_sales_return": ("source_name",),
	"erpnext.stock.doctype.delivery_note.delivery_note.update_delivery_note_status": ("docname", "status"),
}

# States that the app reads by name
STATUSES = {
	"Lead": ("Lead", "Opportunity", "Quotation", "Converted", "Do Not Contact"),
	"Quotation": ("Draft", "Open", "Partially Ordered", "Ordered", "Lost", "Cancelled", "Expired"),
	"Sales Order": (
		"Draft",
		"On Hold",
		"To Deliver and Bill",
		"To Bill",
		"To Deliver",
		"Completed",
		"Cancelled",
		"Closed",
	),
	"Delivery Note": ("Draft", "To Bill", "Completed", "Return Issued", "Cancelled", "Closed"),
	"Sales Invoice": ("Draft", "Unpaid", "Partly Paid", "Paid", "Return", "Credit Note Issued", "Cancelled"),
}

# What ERPNext's own roles may do, where the app leaves a step to them
RIGHTS = {
	("Sales User", "Lead"): "read write create",
	("Sales User", "Quotation"): "read write create submit",
	("Sales User", "Sales Order"): "read write create submit",
	("Sales Manager", "Sales Order"): "read write create submit cancel",
	("Accounts User", "Payment Entry"): "read write create submit cancel",
	("Accounts User", "Journal Entry"): "read write create submit cancel",
	("Accounts User", "Sales Invoice"): "read write create submit",
	("Accounts Manager", "Sales Invoice"): "read write create submit cancel",
}


needs_facts = marks.needs(
	"facts that were written down of this ERPNext (erpnext_facts.keep)",
	lambda: erpnext_facts.file_of_this().exists(),
)


class TestNames(FrappeTestCase):
	def test_functions_take_what_they_are_given(self):
		for path, arguments in NAMES.items():
			with self.subTest(path):
				known = inspect.signature(frappe.get_attr(path)).parameters
				self.assertEqual([name for name in arguments if name not in known], [])

	def test_fields_are_there(self):
		for doctype, names in erpnext_facts.FIELDS.items():
			with self.subTest(doctype):
				meta = frappe.get_meta(doctype)
				self.assertEqual([name for name in names.split() if not meta.has_field(name)], [])

	@needs_facts
	def test_fields_are_as_they_were_written_down(self):
		self.compare("fields", lambda doctype, kept: erpnext_facts.fields_of(doctype, list(kept)))

	@needs_facts
	def test_roles_may_what_was_written_down(self):
		self.compare("permissions", lambda doctype, kept: erpnext_facts.permissions_of(doctype))

	def compare(self, part: str, of) -> None:
		for doctype, kept in erpnext_facts.kept()[part].items():
			found = of(doctype, kept)
			for name in sorted({*kept, *found}):
				with self.subTest(f"{doctype}, {name}"):
					self.assertEqual(found.get(name), kept.get(name))

	def test_statuses_are_there(self):
		for doctype, names in STATUSES.items():
			with self.subTest(doctype):
				options = frappe.get_meta(doctype).get_field("status").options.split("\n")
				self.assertEqual([name for name in names if name not in options], [])

	def test_standard_roles_may_do_their_steps(self):
		for (role, doctype), rights in RIGHTS.items():
			with self.subTest(role=role, doctype=doctype):
				rows = [row for row in frappe.get_meta(doctype).permissions if row.role == role]
				self.assertEqual(
					[right for right in rights.split() if not any(row.get(right) for row in rows)], []
				)


class TestOutputs(FrappeTestCase):
	@needs_facts
	def test_functions_make_what_was_written_down(self):
		made = erpnext_facts.outputs()
		for function, kept in erpnext_facts.kept()["outputs"].items():
			for name in sorted({*kept, *made[function]}):
				with self.subTest(f"{function}, {name}"):
					self.assertEqual(made[function].get(name), kept.get(name))


class TestBehaviour(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def figures(self, order):
		return frappe.db.get_value("Sales Order", order.name, ["status", "per_delivered", "per_billed"])

	def test_an_order_of_a_quotation_says_so_and_marks_it_ordered(self):
		from erpnext.selling.doctype.quotation.quotation import make_sales_order

		customer, item = factories.make_customer(), factories.make_item()
		with as_user(SUPPORT):
			quotation = frappe.get_doc(
				{
					"doctype": "Quotation",
					"quotation_to": "Customer",
					"party_name": customer,
					"company": COMPANY,
					"transaction_date": nowdate(),
					"valid_till": add_days(nowdate(), 30),
					"items": [{"item_code": item, "qty": 3, "rate": 20, "warehouse": FINAL_PACK}],
				}
			).insert()
			quotation.submit()
			self.assertEqual(quotation.status, "Open")
			order = make_sales_order(quotation.name)
		row = order.items[0]
		self.assertEqual(
			(order.customer, row.prevdoc_docname, row.quotation_item, row.qty, row.rate),
			(customer, quotation.name, quotation.items[0].name, 3, 20),
		)
		order.update({"delivery_date": add_days(nowdate(), 5), "po_no": frappe.generate_hash(length=8)})
		order.po_date = nowdate()
		order.insert()
		factories.attach(order, "customer_po_file", "purchase-order.pdf")
		order.save()
		factories.approve(order)
		quotation.reload()
		self.assertEqual(quotation.status, "Ordered")

	def test_a_delivery_and_an_invoice_move_the_figures_of_the_order(self):
		order = money.order((factories.make_item(), 10, 100))
		self.assertEqual(self.figures(order), ("To Deliver and Bill", 0, 0))
		delivery = money.ship(order, 4)
		self.assertEqual(self.figures(order), ("To Deliver and Bill", 40, 0))
		row = delivery.items[0]
		self.assertEqual((row.against_sales_order, row.so_detail), (order.name, order.items[0].name))
		self.assertEqual(
			frappe.db.get_value("Sales Order Item", order.items[0].name, "delivered_qty"), flt(4)
		)

		invoice = money.invoice(delivery)
		self.assertEqual(self.figures(order), ("To Deliver and Bill", 40, 40))
		line = invoice.items[0]
		self.assertEqual(
			(line.sales_order, line.so_detail, line.delivery_note, line.dn_detail, line.qty),
			(order.name, order.items[0].name, delivery.name, row.name, 4),
		)
		self.assertEqual((invoice.status, invoice.outstanding_amount), ("Unpaid", invoice.grand_total))

		money.cancel(invoice)
		self.assertEqual(self.figures(order)[2], 0)

	def test_a_payment_reaches_its_invoice_by_one_change_and_the_order_by_none(self):
		from erpnext.accounts.doctype.payment_entry.payment_entry import get_payment_entry

		order = money.order()
		invoice = money.invoice(money.ship(order))
		with as_user(ACCOUNTS):
			entry = get_payment_entry("Sales Invoice", invoice.name)
			reference = entry.references[0]
			self.assertEqual(
				(reference.reference_name, reference.allocated_amount), (invoice.name, invoice.grand_total)
			)
			entry.update({"reference_no": "1", "reference_date": nowdate()})
			entry.insert()
			with (
				patch.object(closing, "invoice_changed") as of_invoice,
				patch.object(tracking, "sync_order") as of_order,
			):
				entry.submit()
		self.assertEqual([call.args[0].name for call in of_invoice.call_args_list], [invoice.name])
		of_order.assert_not_called()
		invoice.reload()
		self.assertEqual((invoice.status, invoice.outstanding_amount), ("Paid", 0))

	def test_the_apps_events_come_after_the_controllers_own(self):
		seen = []

		def look(doc, method=None):
			seen.append(frappe.db.get_value("Sales Order Item", doc.items[0].so_detail, "delivered_qty"))

		order = money.order()
		deliveries.bring(order)
		ready = deliveries.ready_to_ship(deliveries.cleared(deliveries.packed(order)))
		with patch.object(tracking, "sync_delivery", look):
			factories.act(ready, "Ship", factories.SHIPPER)
		self.assertEqual(seen[-1], order.items[0].qty)

	def test_a_closed_order_keeps_its_delivery_from_being_cancelled(self):
		order = money.order()
		delivery = money.ship(order)
		order.reload()
		order.update_status("Closed")
		self.assertEqual(self.figures(order)[0], "Closed")
		with (
			patch.object(closing, "reopen_before_cancel"),
			self.assertRaises(frappe.ValidationError) as refused,
		):
			money.cancel(delivery, factories.SHIPPER)
		self.assertIn(order.name, str(refused.exception))

	def test_a_return_takes_the_delivery_back_and_a_credit_note_the_bill(self):
		order = money.order()
		delivery = money.ship(order)
		invoice = money.invoice(delivery)
		back = money.take_back(delivery)
		self.assertEqual(
			(back.is_return, back.return_against, back.items[0].dn_detail),
			(1, delivery.name, delivery.items[0].name),
		)
		self.assertEqual(self.figures(order)[1], 0)
		note = money.credit(invoice, update_outstanding_for_self=0)
		self.assertEqual((note.is_return, note.return_against), (1, invoice.name))
		invoice.reload()
		self.assertEqual((invoice.outstanding_amount, invoice.status), (0, "Credit Note Issued"))

	def test_a_batch_of_a_line_leaves_by_a_bundle(self):
		from erpnext.stock.doctype.batch.batch import get_batch_qty

		doc, batches = deliveries.batched()
		batch = doc.items[0].batch_no
		self.assertIn(batch, batches)
		self.assertEqual(
			get_batch_qty(batch_no=batch, warehouse=FINAL_PACK, item_code=doc.items[0].item_code), 5
		)
		doc = deliveries.shipped(doc)
		doc.reload()
		self.assertEqual(
			frappe.get_all(
				"Serial and Batch Entry",
				{"parent": doc.items[0].serial_and_batch_bundle},
				["batch_no", "qty"],
				as_list=True,
			),
			((batch, -5.0),),
		)
		self.assertEqual(
			get_batch_qty(batch_no=batch, warehouse=FINAL_PACK, item_code=doc.items[0].item_code), 0
		)

	def test_a_serial_number_knows_where_it_is(self):
		doc, serials = deliveries.serialised(2)
		self.assertEqual(
			set(frappe.get_all("Serial No", {"name": ["in", serials]}, pluck="warehouse")), {FINAL_PACK}
		)
		deliveries.shipped(doc)
		self.assertEqual(
			frappe.get_all("Serial No", {"name": ["in", serials], "warehouse": ["is", "set"]}), []
		)

	def test_a_bundle_is_packed_as_its_parts(self):
		doc, _batch = deliveries.kits(3)
		self.assertEqual(
			sorted((part.parent_detail_docname, part.item_code, part.qty) for part in doc.packed_items),
			[(doc.items[0].name, "MT-BATCH-01", 6), (doc.items[0].name, "MT-PART-01", 3)],
		)

	def test_an_order_over_the_limit_is_refused_at_its_submit(self):
		customer = factories.make_customer(
			"MT Limited", credit_limits=[{"company": COMPANY, "credit_limit": 100}]
		)
		order = factories.make_order(customer=customer)
		with (
			patch("metalcraft_workflow.gates.guard.check"),
			patch("metalcraft_workflow.gates.guard.choose_branch"),
			self.assertRaises(frappe.ValidationError) as refused,
		):
			order.submit()
		self.assertIn("credit limit", str(refused.exception).lower())

	def test_the_app_finds_the_limit_that_erpnext_finds(self):
		"""The customer's own, else that of the group, else that of the company."""
		from erpnext.selling.doctype.customer.customer import get_credit_limit

		group = frappe.get_doc(
			{"doctype": "Customer Group", "customer_group_name": f"MT Group {frappe.generate_hash(length=6)}"}
		).insert()
		customer = factories.make_customer(
			f"MT Limit {frappe.generate_hash(length=6)}", customer_group=group.name
		)
		order = frappe.new_doc("Sales Order", customer=customer, company=COMPANY)
		self.addCleanup(self.set_limit_of_company, frappe.db.get_value("Company", COMPANY, "credit_limit"))
		for of_customer, of_group, bypass_group, of_company in (
			(0, 0, 0, 0),
			(0, 0, 0, 300),
			(0, 200, 0, 300),
			(0, 200, 1, 300),
			(100, 200, 0, 300),
		):
			with self.subTest((of_customer, of_group, bypass_group, of_company)):
				self.set_limit("Customer", customer, of_customer)
				self.set_limit("Customer Group", group.name, of_group, bypass_group)
				self.set_limit_of_company(of_company)
				self.assertEqual(credit.limit_of(order), get_credit_limit(customer, COMPANY))

	@staticmethod
	def set_limit_of_company(limit: float) -> None:
		frappe.db.set_value("Company", COMPANY, "credit_limit", limit)
		frappe.clear_document_cache("Company", COMPANY)

	@staticmethod
	def set_limit(doctype: str, name: str, limit: float, bypass: int = 0) -> None:
		doc = frappe.get_doc(doctype, name)
		row = {"company": COMPANY, "credit_limit": limit, "bypass_credit_limit_check": bypass}
		doc.set("credit_limits", [row] if limit else [])
		doc.save()

	def test_a_price_with_taxes_and_a_discount_adds_up(self):
		order = factories.make_order(
			(factories.make_item(), 10, 100),
			apply_discount_on="Net Total",
			additional_discount_percentage=10,
			taxes=[
				{
					"charge_type": "On Net Total",
					"account_head": money.WRITE_OFF,
					"description": "Tax",
					"rate": 5,
				}
			],
		)
		self.assertEqual((order.total, order.net_total, order.grand_total), (1000, 900, 945))


class TestRefusals(FrappeTestCase):
	"""What ERPNext refuses by itself, and what is next to it and passes."""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		frappe.set_user("Administrator")

	def refused(self, act, error=frappe.ValidationError) -> None:
		frappe.db.savepoint("before_refusal")
		with self.assertRaises(error):
			act()
		frappe.db.rollback(save_point="before_refusal")

	@staticmethod
	def freezes_by_company() -> bool:
		return frappe.get_meta("Company").has_field("accounts_frozen_till_date")

	def freeze(self, day: str | None) -> None:
		if self.freezes_by_company():
			frappe.db.set_value("Company", COMPANY, "accounts_frozen_till_date", day)
			frappe.clear_document_cache("Company", COMPANY)
		else:
			frappe.db.set_single_value("Accounts Settings", "acc_frozen_upto", day)
			frappe.clear_document_cache("Accounts Settings", "Accounts Settings")

	def test_nothing_is_booked_in_a_period_that_is_frozen(self):
		draft = money.draft_invoice(money.ship(money.order()))
		booked = money.invoice(money.ship(money.order()))
		self.addCleanup(self.freeze, None)
		self.freeze(nowdate())
		with as_user(SUPPORT):
			self.refused(draft.submit)
		self.refused(lambda: money.pay(booked))
		if not self.freezes_by_company():  # ERPNext 16 forgets to ask the company of what is cancelled
			self.refused(lambda: money.cancel(booked))
		self.freeze(add_days(nowdate(), -1))
		with as_user(SUPPORT):
			draft.reload()
			draft.submit()

	def test_no_more_comes_back_than_has_left(self):
		from erpnext.accounts.doctype.sales_invoice import sales_invoice
		from erpnext.stock.doctype.delivery_note import delivery_note

		delivery = money.ship(money.order())
		invoice = money.invoice(delivery)
		for make, source in (
			(sales_invoice.make_sales_return, invoice),
			(delivery_note.make_sales_return, delivery),
		):
			with self.subTest(source.doctype):
				back = make(source.name)
				row = back.items[0]
				# As the form sends it: ERPNext compares what was said in units of stock
				row.update({"qty": row.qty * 10, "stock_qty": row.stock_qty * 10})
				self.refused(back.insert)
				make(source.name).insert()

	def test_payment_terms_add_up(self):
		for portions, passes in (((40,), False), ((60, 50), False), ((60, 40), True)):
			with self.subTest(portions):
				rows = [
					{"due_date": add_days(nowdate(), number), "invoice_portion": portion}
					for number, portion in enumerate(portions, 30)
				]

				def make(rows=rows):
					return factories.make_order(payment_schedule=rows, with_file=False)

				make() if passes else self.refused(make)

	def test_addresses_and_contacts_are_the_customers_own(self):
		customer, other = (
			factories.make_customer(f"MT {word} {frappe.generate_hash(length=6)}")
			for word in ("Own", "Other")
		)
		own, theirs = factories.make_address(customer), factories.make_address(other)
		contact = frappe.get_doc(
			{
				"doctype": "Contact",
				"first_name": "Ada",
				"links": [{"link_doctype": "Customer", "link_name": other}],
			}
		).insert()
		for fields in (
			{"customer_address": theirs},
			{"shipping_address_name": theirs},
			{"contact_person": contact.name},
		):
			with self.subTest(fields):
				self.refused(lambda fields=fields: self.order_of(customer, **fields))
		self.order_of(customer, customer_address=own, shipping_address_name=own)

	@staticmethod
	def order_of(customer: str, **fields):
		return factories.make_order(customer=customer, with_file=False, **fields)

	def test_nothing_leaves_before_it_came(self):
		item = factories.make_item(f"MT-EARLY-{frappe.generate_hash(length=6)}")
		factories.make_stock(item, 5)

		def issue(day: str) -> None:
			frappe.get_doc(
				{
					"doctype": "Stock Entry",
					"stock_entry_type": "Material Issue",
					"company": COMPANY,
					"set_posting_time": 1,
					"posting_date": day,
					"posting_time": "23:59:59",
					"items": [{"item_code": item, "qty": 5, "s_warehouse": FINAL_PACK}],
				}
			).insert().submit()

		self.refused(lambda: issue(add_days(nowdate(), -1)))
		issue(nowdate())

	def test_a_field_takes_as_much_as_it_has_room_for(self):
		def make(length: int) -> None:
			frappe.get_doc({"doctype": "Lead", "first_name": "Ada", "company_name": "x" * length}).insert()

		self.refused(lambda: make(400), frappe.CharacterLengthExceededError)
		make(140)
