import frappe
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate

from metalcraft_workflow.gates import names, record, registry
from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.patches import keep_fingerprint_makers
from metalcraft_workflow.rules import vouched
from metalcraft_workflow.setup.custom_fields import get_custom_fields
from metalcraft_workflow.tests.support import deliveries, factories
from metalcraft_workflow.tests.support.deliveries import edit
from metalcraft_workflow.tests.support.factories import APPROVER, SHIPPER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.marks import needs_all_fields

DOCUMENTS = ("Sales Order", "Delivery Note")
# What shows it by its place, not by what it says
PLACES = {"Delivery Note Item": {"name"}}
# Fields that ERPNext has in one of the versions alone
ONLY_IN = {
	"Sales Order": {
		"title",
		"advance_payment_status",
		"is_subcontracted",
		"last_scanned_warehouse",
		"source",
		"campaign",
		"utm_source",
		"utm_medium",
		"utm_campaign",
		"utm_content",
	},
	"Sales Order Item": {"fg_item", "fg_item_qty", "subcontracted_qty"},
	"Delivery Note": {
		"title",
		"delivery_trip",
		"last_scanned_warehouse",
		"source",
		"campaign",
		"utm_source",
		"utm_medium",
		"utm_campaign",
		"utm_content",
	},
	"Sales Taxes and Charges": {
		"project",
		"net_amount",
		"base_net_amount",
		"set_by_item_tax_template",
		"is_tax_withholding_account",
		"item_wise_tax_detail",
	},
	"Payment Schedule": {
		"due_date_based_on",
		"credit_days",
		"credit_months",
		"discount_validity_based_on",
		"discount_validity",
	},
}
# Read from the rows of the bundle; the tests of packing change those
BUNDLE = "serial_and_batch_bundle"


def tables_of(doctype: str) -> list[str]:
	return [doctype, *{df.options: None for df in frappe.get_meta(doctype).get_table_fields()}]


class FingerprintCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def tearDown(self):
		frappe.set_user("Administrator")

	def order_in(self, state: str, order):
		self.assertEqual(frappe.db.get_value(order.doctype, order.name, "workflow_state"), state)


class TestEveryField(FingerprintCase):
	"""A field of an order or a delivery is vouched for, or it is named as one that may change."""

	def test_each_is_in_a_fingerprint_or_on_the_list_of_harmless_ones(self):
		fields, harmless = vouched.vouched(), vouched.harmless()
		ours = {(table, row["fieldname"]): row for table, rows in get_custom_fields().items() for row in rows}
		unnamed, both = [], []
		for doctype in DOCUMENTS:
			for table in tables_of(doctype):
				for df in frappe.get_meta(table).fields:
					own = ours.get((table, df.fieldname))
					if df.fieldtype in (*frappe.model.no_value_fields, *frappe.model.table_fields):
						continue
					if df.get("is_custom_field") and not own:
						continue  # another app's, or the site's own
					if (own and own.get("read_only")) or df.fieldname == "workflow_state":
						continue  # the server's own
					if table == "Shipment Document Version":
						continue  # the server's own table
					known = (df.fieldname in fields.get(table, ())) + (
						df.fieldname in harmless.get(table, ())
					)
					if not known:
						unnamed.append(f"{table}.{df.fieldname}")
					elif known == 2:
						both.append(f"{table}.{df.fieldname}")
		self.assertEqual((unnamed, both), ([], []))

	@needs_all_fields
	def test_no_list_names_a_field_that_is_not_there(self):
		for named in (vouched.vouched(), vouched.harmless()):
			for table, fields in named.items():
				if frappe.db.exists("DocType", table):
					there = {df.fieldname for df in frappe.get_meta(table).fields} | {"name", "sources"}
					self.assertEqual(fields - there - ONLY_IN.get(table, set()), set(), table)

	def test_a_change_of_each_field_that_is_vouched_for_shows(self):
		for doctype in DOCUMENTS:
			doc = self.filled(doctype)
			digest = self.digest(doc)
			for table in tables_of(doctype):
				for fieldname in vouched.vouched().get(table, set()) - {"sources", BUNDLE}:
					row = doc if table == doctype else doc.get_all_children(table)[0]
					if fieldname in PLACES.get(table, ()) or not row.meta.has_field(fieldname):
						continue
					if not self.counts(doctype, table, fieldname):
						continue
					before = row.get(fieldname)
					row.set(fieldname, self.another(row.meta.get_field(fieldname), before))
					with self.subTest(table=table, field=fieldname):
						self.assertNotEqual(self.digest(doc), digest)
					row.set(fieldname, before)
			self.assertEqual(self.digest(doc), digest)

	def counts(self, doctype: str, table: str, fieldname: str) -> bool:
		"""Parts of bundles and documents are vouched for by other gates on an order than on a delivery."""
		if doctype == "Sales Order":
			return fieldname in vouched.APPROVAL_2.get(table, ())
		return fieldname != "parent_item"

	def filled(self, doctype: str):
		"""A document in memory, with a row in each table."""
		doc = frappe.new_doc(doctype)
		doc.name = "X"
		for df in doc.meta.get_table_fields():
			doc.append(df.fieldname, {"name": f"row of {df.fieldname}", "item_code": "THING"})
		if doctype == "Delivery Note":
			doc.packed_items[0].update({"parent_detail_docname": doc.items[0].name, "parent_item": "THING"})
		return doc

	def digest(self, doc) -> list[str]:
		doc.flags.names = None
		gates = ("approve",) if doc.doctype == "Sales Order" else ("clear",)
		return [registry.fingerprint_of(gate, doc)["fingerprint"] for gate in gates]

	def another(self, df, value):
		if df.fieldtype in ("Date", "Datetime"):
			return add_days(getdate(value), 3)
		if df.fieldtype in ("Check", "Int", "Float", "Currency", "Percent"):
			return 0 if value else 1
		return f"{value or ''}x"

	def test_every_link_that_is_vouched_for_is_followed_when_it_is_renamed(self):
		followed = {
			doctype
			for doctype, events in frappe.get_hooks("doc_events", app_name="metalcraft_workflow").items()
			if "metalcraft_workflow.gates.names.keep" in events.get("after_rename", ())
		}
		for table, fields in vouched.vouched().items():
			for df in frappe.get_meta(table).get_link_fields():
				if df.fieldname in fields and df.options not in REFUSED:
					self.assertIn(df.options, followed, f"{table}.{df.fieldname}")


# Nobody renames these
REFUSED = (
	"Sales Order",
	"Delivery Note",
	"Return Authorization",
	"Serial and Batch Bundle",
)


class TestChanges(FingerprintCase):
	def test_what_was_missing_sends_an_approved_order_to_its_review(self):
		for values in (
			{"shipping_address": "Back door, 2 Other Street"},
			{"po_date": add_days(getdate(), -3)},
		):
			order = factories.approve(factories.make_order())
			edit(order, APPROVER, **values)
			self.order_in("Change Review", order)

	def test_a_line_that_no_longer_asks_for_its_heat_is_looked_at_again(self):
		order = factories.make_order()
		with as_user(SUPPORT):
			order.items[0].traceability_required = "Heat"
			order.save()
		order = factories.approve(order)
		with as_user(APPROVER):
			doc = frappe.get_doc("Sales Order", order.name)
			doc.items[0].traceability_required = "None"
			doc.save()
		self.order_in("Change Review", order)

	def test_an_accepted_change_is_looked_at_once(self):
		order = factories.approve(factories.make_order())
		factories.change_quantity(order, 8)
		order = act(order, "Accept Changes", "approver2@metalcraft.test")
		edit(order, APPROVER, keep_open=1)
		self.order_in("Approved", order)

	def test_what_is_harmless_changes_nothing(self):
		order = factories.approve(factories.make_order())
		edit(order, APPROVER, keep_open=1, letter_head=None, group_same_items=1)
		self.order_in("Approved", order)


class TestRenames(FingerprintCase):
	"""A rename is not a change."""

	def new_name(self, name: str) -> str:
		return f"{name} {frappe.generate_hash(length=6)}"

	def address_of(self, customer: str) -> str:
		return (
			frappe.get_doc(
				{
					"doctype": "Address",
					"address_title": self.new_name("Works"),
					"address_type": "Shipping",
					"address_line1": "1 Foundry Lane",
					"city": "Pittsburgh",
					"country": "United States",
					"links": [{"link_doctype": "Customer", "link_name": customer}],
				}
			)
			.insert()
			.name
		)

	def cleared_delivery(self):
		"""A cleared delivery of things of its own, that can be renamed."""
		item = factories.make_item(self.new_name("MT-REN"), has_batch_no=1, traceability_required="Batch")
		customer = factories.make_customer(self.new_name("MT Renamed"))
		order = deliveries.approved_order(
			(item, 5, 100), customer=customer, shipping_address_name=self.address_of(customer)
		)
		batch = deliveries.new_batch(item)
		deliveries.bring(order, batch_no=batch, use_serial_batch_fields=1)
		return deliveries.cleared(deliveries.packed(order)), order, batch

	def rename(self, doctype: str, old: str, new: str | None = None, **how) -> str:
		return frappe.rename_doc(doctype, old, new or self.new_name(old), force=True, show_alert=False, **how)

	def test_a_release_stands_when_what_it_names_is_renamed(self):
		delivery, order, batch = self.cleared_delivery()
		for doctype, name in (
			("Item", order.items[0].item_code),
			("Customer", order.customer),
			("Address", order.shipping_address_name),
			("Batch", batch),
			("Warehouse", delivery.items[0].warehouse),
		):
			with self.subTest(doctype):
				new = self.rename(doctype, name)
				edit(delivery, SHIPPER, carrier=f"Renamed {doctype}")
				self.order_in("Cleared", delivery)
				edit(order, APPROVER, keep_open=1)
				self.order_in("Approved", order)
				# and back
				self.rename(doctype, new, name)
				edit(delivery, SHIPPER, carrier="Road Runner")
				self.order_in("Cleared", delivery)
		self.assertEqual(deliveries.ready_to_ship(delivery).workflow_state, "Cleared")
		self.assertEqual(act(delivery, "Ship", SHIPPER).docstatus, 1)

	def test_a_waiver_stands_when_the_customer_is_renamed(self):
		order = factories.make_order(customer=factories.make_customer(self.new_name("MT Waived")))
		record.write(order, "Waiver", gate="approve", requirement="credit", reason="Paid by card")
		self.rename("Customer", order.customer)
		order = frappe.get_doc("Sales Order", order.name)
		self.assertEqual(record.waived_codes(order, "approve"), {"credit"})

	def test_something_else_that_takes_the_name_is_a_change(self):
		item = factories.make_item(self.new_name("MT-REN"))
		order = factories.approve(factories.make_order((item, 10, 100)))
		self.rename("Item", item)
		factories.make_item(item)
		doc = frappe.get_doc("Sales Order", order.name)
		doc.items[0].item_code = item
		doc.flags.names = None
		self.assertTrue(record.changed_since(doc, "approve"))
		doc.reload()
		self.assertFalse(record.changed_since(doc, "approve"))

	def test_items_that_are_merged_are_a_change(self):
		gone, stays = (factories.make_item(self.new_name("MT-MRG")) for _number in range(2))
		one, other = (factories.approve(factories.make_order((item, 10, 100))) for item in (gone, stays))
		self.rename("Item", gone, stays, merge=True)
		edit(one, APPROVER, keep_open=1)
		self.order_in("Change Review", one)
		edit(other, APPROVER, keep_open=1)
		self.order_in("Approved", other)

	def test_customers_and_addresses_that_are_merged_were_the_same_all_along(self):
		gone, stays = (factories.make_customer(self.new_name("MT Twice")) for _number in range(2))
		orders = [
			factories.approve(
				factories.make_order(customer=customer, shipping_address_name=self.address_of(customer))
			)
			for customer in (gone, stays)
		]
		self.rename("Customer", gone, stays, merge=True)
		addresses = [order.shipping_address_name for order in orders]
		self.rename("Address", *addresses, merge=True)
		for order in orders:
			edit(order, APPROVER, keep_open=1)
			self.order_in("Approved", order)
		# ERPNext 16 lets nobody name another address of a submitted order, but write another text
		may_name = frappe.get_meta("Sales Order").get_field("customer_address").allow_on_submit
		other = (
			{"customer_address": self.address_of(stays)} if may_name else {"shipping_address": "Elsewhere"}
		)
		edit(orders[0], APPROVER, **other)
		self.order_in("Change Review", orders[0])

	def test_who_asked_does_not_approve_under_another_name(self):
		for merge in (False, True):
			name = frappe.generate_hash(length=8)
			user = factories.make_user(f"{name}@metalcraft.test", ["Customer Support", "Order Approver"])
			new = f"{name}.new@metalcraft.test"
			if merge:
				factories.make_user(new, ["Customer Support", "Order Approver"])
			order = act(factories.make_order(user=user), "Request Approval", user)
			self.rename("User", user, new, merge=merge)
			with self.assertRaises(GateNotMet):
				act(order, "Approve", new)
			# What is on record stays as it was said
			self.assertEqual(record.last_passage(order, "request_approval").user, user)
			act(order, "Approve", APPROVER)

	def test_nobody_writes_down_a_rename(self):
		for user in ("Administrator", factories.MANAGER):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.get_doc(
					{"doctype": "Name Change", "document_type": "Item", "old_name": "A", "new_name": "B"}
				).insert()

	def test_first_names(self):
		def first(name: str) -> str:
			return names.first_names({("UOM", name)})["UOM", name]

		def keep(old: str, new: str, merge: bool = False) -> None:
			names.keep(frappe._dict(doctype="UOM"), "after_rename", old, new, merge)

		a, b, c = (self.new_name(letter) for letter in "ABC")
		keep(a, b)
		self.assertEqual(first(b), a)
		self.assertNotEqual(first(a), a)  # whoever has the name now is somebody else
		newcomer = first(a)
		keep(a, c)
		self.assertEqual((first(c), first(b)), (newcomer, a))
		keep(b, a)
		self.assertEqual(first(a), a)
		keep(c, a, merge=True)
		self.assertEqual(first(a), a)
		self.assertEqual(names.former("UOM", a), {a, b, c})


class TestVersions(FingerprintCase):
	"""An update voids nothing: a record is compared by the functions that made its fingerprint."""

	def as_of_the_first_version(self, doc, gate: str) -> None:
		"""Make the last passage what an earlier version of the app has written, and update."""
		passage = record.last_passage(doc, gate)
		frappe.db.set_value(
			"Release Record",
			passage.name,
			{
				"fingerprint": registry.fingerprint_by(registry.first_makers_of(gate), doc),
				"fingerprint_by": None,
			},
		)
		keep_fingerprint_makers.execute()

	def test_an_order_that_was_approved_before_an_update_stays_approved(self):
		order = factories.approve(factories.make_order())
		self.as_of_the_first_version(order, "approve")
		edit(order, APPROVER, keep_open=1)
		self.order_in("Approved", order)
		factories.change_quantity(frappe.get_doc("Sales Order", order.name), 8)
		self.order_in("Change Review", order)
		self.assertEqual(act(order, "Accept Changes", "approver2@metalcraft.test").workflow_state, "Approved")

	def test_a_delivery_that_was_cleared_before_an_update_stays_cleared(self):
		delivery, _batches = deliveries.batched()
		delivery = deliveries.cleared(delivery)
		for gate in ("complete_packing", "release_documents", "clear"):
			if record.last_passage(delivery, gate):
				self.as_of_the_first_version(delivery, gate)
		edit(delivery, SHIPPER, carrier="Road Runner")
		self.order_in("Cleared", delivery)
		elsewhere = factories.make_address(delivery.customer, address_line1="Elsewhere 1")
		edit(delivery, SHIPPER, shipping_address_name=elsewhere)
		self.assertNotEqual(frappe.db.get_value("Delivery Note", delivery.name, "workflow_state"), "Cleared")

	def test_what_was_made_by_an_app_that_is_gone_holds_no_longer(self):
		order = factories.approve(factories.make_order())
		passage = record.last_passage(order, "approve")
		for maker in ("no_such_app.licence.fingerprint", "metalcraft_workflow.steps.approval.gone"):
			self.assertFalse(registry.holds({**passage, "fingerprint_by": maker}, order))
