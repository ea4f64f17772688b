from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.facts import final_pack
from metalcraft_workflow.gates.notifications import notify_roles
from metalcraft_workflow.outgoing.production_notices import finish
from metalcraft_workflow.rules.requirement import Phrase
from metalcraft_workflow.steps.final_pack import make_delivery_note
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import concurrency, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
	make_bundle,
	make_item,
	make_order,
	make_stock,
)


def draft(order, qty: float | None = None, user: str = PRODUCER, **fields):
	"""A saved transfer of what remains of an order (or of `qty` of each line), made by Production."""
	with as_user(user):
		entry = make_transfer(order.name)
		for row in entry.items:
			row.s_warehouse = row.s_warehouse or PRODUCTION
			if qty is not None:
				row.qty = qty
			row.update(fields)
		return entry.insert()


def transfer(order, qty: float | None = None, user: str = PRODUCER, **fields):
	"""The same, submitted."""
	entry = draft(order, qty, user, **fields)
	with as_user(user):
		entry.submit()
	return entry


def figures(order) -> tuple[float, list[float]]:
	"""What a user sees on the order: per cent, and the quantity of each line."""
	order = frappe.get_doc("Sales Order", order.name)
	return order.per_final_pack, [row.final_pack_qty for row in order.items]


class TransferCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		self.item = make_item("MT-T-01")
		make_stock(self.item, 100, PRODUCTION)

	def tearDown(self):
		frappe.db.rollback()

	def approved(self, *lines, **fields):
		return approve(make_order(*(lines or ((self.item, 10, 100),)), **fields))

	def assertRefused(self, expected: str, function, *args, **kwargs):
		with self.assertRaises(frappe.ValidationError) as caught:
			function(*args, **kwargs)
		self.assertIn(expected, str(caught.exception) + str(frappe.local.message_log[-1:]))


class TestNotices(TransferCase):
	"""What the goods themselves say to the departments' notices."""

	def statuses(self, order) -> list[tuple]:
		return frappe.get_all(
			"Production Notice",
			{"sales_order": order.name},
			["status", "acknowledged_by", "done_by"],
			order_by="revision",
			as_list=True,
		)

	def test_a_notice_is_done_when_all_of_it_is_brought_and_not_before(self):
		order = self.approved()
		transfer(order, 4)
		self.assertNotEqual(self.statuses(order)[0][0], "Done")
		entry = transfer(order)
		self.assertEqual(list(self.statuses(order)), [("Done", PRODUCER, PRODUCER)])
		with as_user(PRODUCER):
			entry.cancel()
		self.assertEqual(list(self.statuses(order)), [("Acknowledged", PRODUCER, None)])

	def test_what_people_have_finished_stays_so_when_a_transfer_is_cancelled(self):
		"""Finished before it, or by another department."""
		valves = make_item(
			"MT-T-NOZZLE", production_departments=[{"department": factories.make_department("Valves")}]
		)
		order = self.approved((self.item, 10, 100), (valves, 5, 10))
		notices = dict(
			frappe.get_all(
				"Production Notice", {"sales_order": order.name}, ["department", "name"], as_list=True
			)
		)
		with as_user(PRODUCER):
			finish(notices.pop("Cylinders"))
			entry = draft(order, 2)
			entry.set("items", [row for row in entry.items if row.item_code == self.item])
			entry.save()
			entry.submit()
			finish(*notices.values())
			entry.cancel()
		self.assertEqual([row[0] for row in self.statuses(order)], ["Done", "Done"])

	def test_who_has_finished_a_notice_first_has_finished_it(self):
		"""A transfer that waits for the notice finds it finished."""
		order = self.approved()
		(notice,) = frappe.get_all("Production Notice", {"sales_order": order.name}, pluck="name")
		get_doc = frappe.get_doc

		def finished_meanwhile(*args, **kwargs):
			if args[:2] == ("Production Notice", notice) and kwargs.get("for_update"):
				frappe.db.set_value("Production Notice", notice, {"status": "Done", "done_by": APPROVER})
			return get_doc(*args, **kwargs)

		with patch("metalcraft_workflow.outgoing.production_notices.frappe.get_doc", finished_meanwhile):
			transfer(order)
		self.assertEqual(frappe.db.get_value("Production Notice", notice, "done_by"), APPROVER)

	def test_a_change_that_nobody_has_seen_is_not_done_with_it(self):
		order = self.approved()
		change_quantity(order, 12)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		transfer(order)
		self.assertEqual([row[0] == "Done" for row in self.statuses(order)], [True, False])


class TestTransfer(TransferCase):
	def test_what_remains_is_brought_in_parts(self):
		order = self.approved((self.item, 10, 100), (make_item("MT-T-02"), 4, 50))
		make_stock("MT-T-02", 4, PRODUCTION)
		entry = make_transfer(order.name)
		self.assertEqual(
			[(row.item_code, row.qty, row.t_warehouse, row.sales_order) for row in entry.items],
			[(self.item, 10, FINAL_PACK, order.name), ("MT-T-02", 4, FINAL_PACK, order.name)],
		)
		transfer(order, 3)
		self.assertEqual(figures(order), (round(600 / 14, 6), [3, 3]))
		self.assertEqual([row.qty for row in make_transfer(order.name).items], [7, 1])
		transfer(order)
		self.assertEqual(figures(order), (100, [10, 4]))
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "order_stage"), "Final Pack")
		self.assertRefused("at Final Pack already", make_transfer, order.name)

	def test_source_is_filled_in_only_when_there_is_no_choice(self):
		order = self.approved()
		self.assertEqual(make_transfer(order.name).items[0].s_warehouse, PRODUCTION)
		make_stock(self.item, 1, f"Stores - {factories.ABBR}")
		self.assertFalse(make_transfer(order.name).items[0].s_warehouse)

	def test_drafts_do_not_count(self):
		order = self.approved()
		draft(order, 6)
		self.assertEqual(figures(order), (0, [0]))
		self.assertEqual(make_transfer(order.name).items[0].qty, 10)

	def test_more_than_ordered_is_refused_with_the_row(self):
		order = self.approved()
		transfer(order, 6)
		self.assertRefused("Row #1: 5 of MT-T-01 is more than was ordered. 4 may still", draft, order, 5)
		later = draft(order, 4)
		transfer(order, 4)
		with as_user(PRODUCER):
			self.assertRefused("0 may still come", later.submit)
		self.assertEqual(figures(order), (100, [10]))

	def test_rows_of_one_line_add_up(self):
		order = self.approved()
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			entry.items[0].update({"qty": 6, "s_warehouse": PRODUCTION})
			entry.append(
				"items",
				{"item_code": self.item, "qty": 5, "s_warehouse": PRODUCTION, "t_warehouse": FINAL_PACK},
			)
			self.assertRefused("Row #2: 5 of MT-T-01 is more than was ordered. 4 may", entry.insert)

	def test_cancelling_gives_back(self):
		order = self.approved()
		transfer(order, 4)
		entry = transfer(order, 6)
		with as_user(PRODUCER):
			entry.cancel()
		self.assertEqual(figures(order), (40, [4]))
		self.assertEqual(frappe.db.get_value("Sales Order", order.name, "order_stage"), "Final Pack")
		self.assertEqual(make_transfer(order.name).items[0].qty, 6)

	def test_other_units_are_converted(self):
		box = make_item("MT-T-BOX", uoms=[{"uom": "Box", "conversion_factor": 10}])
		make_stock(box, 50, PRODUCTION)
		order = make_order((box, 2, 100))
		order.items[0].update({"uom": "Box", "conversion_factor": 10})
		with as_user(SUPPORT):
			order.save()
		order = approve(order)
		self.assertEqual(make_transfer(order.name).items[0].qty, 20)
		transfer(order, 15)
		self.assertEqual(figures(order), (75, [1.5]))
		self.assertRefused("5 may still come", draft, order, 6)

	def test_sending_back_takes_away_and_never_below_nothing(self):
		order = self.approved()
		transfer(order, 6)
		transfer(order, 2, s_warehouse=FINAL_PACK, t_warehouse=PRODUCTION)
		self.assertEqual(figures(order), (40, [4]))
		make_stock(self.item, 20, FINAL_PACK)
		self.assertRefused(
			"more than is at Final Pack for this order, which is 4",
			draft,
			order,
			5,
			s_warehouse=FINAL_PACK,
			t_warehouse=PRODUCTION,
		)

	def test_order_has_to_be_approved_and_open(self):
		order = make_order((self.item, 10, 100))
		self.assertRefused("is not approved", make_transfer, order.name)
		order.db_set("workflow_state", "Credit Hold")
		self.assertRefused("is not approved", make_transfer, order.name)
		order.db_set("workflow_state", "Draft")
		order = approve(order)
		entry = draft(order)
		for status in ("On Hold", "Closed"):
			frappe.db.set_value("Sales Order", order.name, "status", status)
			self.assertRefused("Re-open it", make_transfer, order.name)
			with as_user(PRODUCER):
				self.assertRefused("Re-open it", entry.submit)
				entry.reload()
		frappe.db.set_value(
			"Sales Order", order.name, {"status": "To Deliver and Bill", "workflow_state": "Change Review"}
		)
		self.assertRefused("waits for its review", make_transfer, order.name)
		with as_user(PRODUCER):
			self.assertRefused("waits for its review", entry.submit)

	def test_what_is_not_on_the_order_is_refused(self):
		order, other = self.approved(), self.approved()
		make_stock(make_item("MT-T-03"), 5, PRODUCTION)
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			entry.items[0].s_warehouse = PRODUCTION
			entry.append(
				"items",
				{"item_code": "MT-T-03", "qty": 1, "s_warehouse": PRODUCTION, "t_warehouse": FINAL_PACK},
			)
			self.assertRefused("Row #2", entry.insert)
			entry.items[1].sales_order_item = order.items[0].name
			self.assertRefused("MT-T-03 is not what this order line needs", entry.insert)
			entry.items.pop()
			entry.items[0].sales_order_item = other.items[0].name
			self.assertRefused("its order line is not one of", entry.insert)

	def test_client_cannot_book_a_row_for_another_order(self):
		order, other = self.approved(), self.approved()
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			entry.sales_order = None
			entry.items[0].update({"sales_order": other.name, "s_warehouse": PRODUCTION})
			entry.insert().submit()
		self.assertEqual((figures(order)[0], figures(other)[0]), (100, 0))

	def test_batch_is_kept(self):
		item = make_item("MT-T-BATCH", has_batch_no=1, create_new_batch=1, batch_number_series="MTB-.####")
		make_stock(item, 10, PRODUCTION)
		batch = frappe.db.get_value("Batch", {"item": item})
		order = self.approved((item, 10, 100))
		order.items[0].db_set("warehouse", PRODUCTION)
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			self.assertEqual((entry.items[0].s_warehouse, entry.items[0].batch_no), (PRODUCTION, batch))
			entry.items[0].qty = 4
			entry.insert().submit()
		from erpnext.stock.doctype.batch.batch import get_batch_qty

		self.assertEqual(get_batch_qty(batch, FINAL_PACK, item), 4)
		self.assertEqual(get_batch_qty(batch, PRODUCTION, item), 6)

	def test_serial_numbers_are_filled_in_only_when_there_is_no_choice(self):
		item = make_item("MT-T-SER", has_serial_no=1, serial_no_series="MTS-.####")
		make_stock(item, 2, PRODUCTION)
		order = self.approved((item, 2, 100))
		order.items[0].db_set("warehouse", PRODUCTION)
		row = make_transfer(order.name).items[0]
		serials = frappe.get_all("Serial No", {"item_code": item}, pluck="name", order_by="name")
		self.assertEqual(row.serial_no.split("\n"), serials)
		make_stock(item, 1, PRODUCTION)
		self.assertFalse(make_transfer(order.name).items[0].serial_no)

	def test_bundle_is_there_when_its_parts_are(self):
		bundle = make_bundle("MT-T-KIT", {self.item: 2, make_item("MT-T-02"): 1})
		make_stock("MT-T-02", 5, PRODUCTION)
		order = self.approved((bundle, 5, 100))
		self.assertEqual(
			sorted((row.item_code, row.qty) for row in make_transfer(order.name).items),
			[("MT-T-01", 10), ("MT-T-02", 5)],
		)
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			for row in entry.items:
				row.s_warehouse = PRODUCTION
				row.qty = {"MT-T-01": 8, "MT-T-02": 1}[row.item_code]
			entry.insert().submit()
		self.assertEqual(figures(order), (20, [1]))
		transfer(order)
		self.assertEqual(figures(order), (100, [5]))
		self.assertEqual(final_pack.ready_to_pack(order.name), {order.items[0].name: 5})

	def test_services_and_dropped_shipments_are_not_waited_for(self):
		service = make_item("MT-T-SVC", is_stock_item=0, item_defaults=[])
		order = self.approved((self.item, 10, 100), (service, 1, 500))
		transfer(order)
		self.assertEqual(figures(order), (100, [10, 0]))
		self.assertEqual(
			final_pack.ready_to_pack(order.name), {order.items[0].name: 10, order.items[1].name: 1}
		)

	def test_figures_can_be_made_from_nothing(self):
		order = self.approved()
		transfer(order, 3)
		transfer(order, 4).cancel()
		kept = figures(order)
		frappe.db.set_value("Sales Order", order.name, "per_final_pack", 0)
		frappe.db.set_value("Sales Order Item", order.items[0].name, "final_pack_qty", 99)
		final_pack.sync_figures(order.name)
		self.assertEqual(figures(order), kept)

	def test_receipt_straight_into_final_pack_counts(self):
		order = self.approved()
		with as_user("Administrator"):
			make_stock(self.item, 4, FINAL_PACK, sales_order_item=order.items[0].name)
		self.assertEqual(figures(order), (40, [4]))

	def test_order_outside_the_process_has_no_limit(self):
		order = self.approved()
		frappe.db.set_value("Sales Order", order.name, "follows_process", 0)
		entry = frappe.copy_doc(draft(order, 10))
		entry.items[0].qty = 12
		with as_user(PRODUCER):
			entry.insert().submit()
		self.assertEqual(figures(order), (0, [0]))

	def test_final_pack_is_told(self):
		order = self.approved()
		transfer(order, 4)
		subject = frappe.db.get_value(
			"Notification Log", {"for_user": PACKER, "document_name": order.name}, "subject"
		)
		self.assertIn(f"Arrived at Final Pack for {order.name}", subject)
		self.assertIn("4 Nos MT-T-01", subject)

	def test_final_pack_is_told_the_first_of_many_lines(self):
		order = self.approved(*((self.item, qty, 100) for qty in range(1, 7)))
		transfer(order)
		subject = frappe.db.get_value(
			"Notification Log", {"for_user": PACKER, "document_name": order.name}, "subject"
		)
		self.assertIn("3 Nos", subject)
		self.assertNotIn("4 Nos", subject)
		self.assertIn("and 3 more", subject)

	def test_the_bell_is_over_when_somebody_packs_it(self):
		order = self.approved()
		transfer(order, 4)
		bell = {"for_user": PACKER, "document_type": "Sales Order", "document_name": order.name}
		self.assertEqual(frappe.db.get_value("Notification Log", bell, "read"), 0)
		notify_roles({"Final Pack"}, order, Phrase("The customer asks for red paint"))
		with as_user(PACKER):
			make_delivery_note(order.name).insert()
		self.assertEqual(frappe.db.get_value("Notification Log", bell, "read", order_by="creation asc"), 1)
		self.assertTrue(
			frappe.db.exists("Notification Log", {**bell, "subject": ("like", "%red%"), "read": 0})
		)

	def test_what_nobody_has_looked_at_is_not_chosen(self):
		serial = make_item("MT-T-SEEN", has_serial_no=1, serial_no_series="MTN-.####")
		batch = make_item("MT-T-LOTS", has_batch_no=1, create_new_batch=1, batch_number_series="MTL-.####")
		for item, words in ((serial, "enter the serial numbers"), (batch, "enter the batch")):
			for _receipt in range(2):
				make_stock(item, 2, PRODUCTION)
			order = self.approved((item, 2, 100))
			entry = draft(order)
			with as_user(PRODUCER):
				self.assertRefused(words, entry.submit)
			self.assertEqual(figures(order), (0, [0]))
		# No choice: the four that there are
		order = self.approved((serial, 4, 100))
		transfer(order, serial_no=None)
		self.assertEqual(figures(order), (100, [4]))

	def test_a_department_brings_what_it_makes(self):
		made_by = [{"department": factories.make_department("Valves")}]
		valve = make_item("MT-T-VALVE", production_departments=made_by)
		make_stock(valve, 5, PRODUCTION)
		order = self.approved((self.item, 10, 100), (valve, 5, 100))
		for name, user in (("Valves", PRODUCER), ("Cylinders", PACKER)):
			department = frappe.get_doc("Production Department", name)
			department.append("recipients", {"user": user})
			department.save()
		with as_user(PRODUCER):
			entry = make_transfer(order.name)
			self.assertEqual([row.item_code for row in entry.items], [valve])
			entry.insert().submit()
			self.assertRefused("The rest comes from Cylinders", make_transfer, order.name)
		self.assertEqual([row.item_code for row in make_transfer(order.name).items], [self.item])

	def test_who_may_transfer(self):
		order = self.approved()
		for user in (PACKER, SUPPORT):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				make_transfer(order.name)

	def test_no_final_pack_warehouse(self):
		order = self.approved()
		settings = frappe.get_doc("Metalcraft Settings")
		settings.warehouses = [row for row in settings.warehouses if row.company != COMPANY]
		settings.save()
		self.assertRefused("Set the Final Pack warehouse", make_transfer, order.name)

	def test_stock_entries_of_others_cost_nothing(self):
		entry = frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Transfer",
				"company": COMPANY,
				"items": [
					{"item_code": self.item, "qty": 1, "s_warehouse": PRODUCTION, "t_warehouse": FINAL_PACK}
				],
			}
		).insert()
		from metalcraft_workflow.steps import transfer as step

		with self.assertQueryCount(0):
			step.check(entry)
			step.lock(entry)
			step.sync_figures(entry)

	def test_changed_quantity_changes_the_percentage(self):
		order = self.approved()
		transfer(order, 5)
		change_quantity(order, 20)
		self.assertEqual(figures(order), (25, [5]))
		self.assertRefused("waits for its review", make_transfer, order.name)
		act(order, "Accept Changes", "approver2@metalcraft.test")
		self.assertEqual(make_transfer(order.name).items[0].qty, 15)

	def test_order_is_cancelled_after_its_transfers(self):
		order = self.approved()
		entry = transfer(order, 5)
		frappe.db.savepoint("before_cancel")
		with self.assertRaises(frappe.LinkExistsError):
			act(order, "Cancel Order", APPROVER, "Not wanted any more")
		frappe.db.rollback(save_point="before_cancel")
		with as_user(PRODUCER):
			entry.cancel()
		order = act(order, "Cancel Order", APPROVER, "Not wanted any more")
		self.assertEqual((order.docstatus, figures(order)), (2, (0, [0])))


class TestWorkOrders(TransferCase):
	"""What is produced straight into the Final Pack warehouse."""

	def setUp(self):
		super().setUp()
		self.raw = make_item("MT-T-RAW")
		make_stock(self.raw, 100, PRODUCTION)
		self.made = make_item("MT-T-MADE")
		if not frappe.db.exists("BOM", {"item": self.made, "docstatus": 1}):
			bom = frappe.get_doc(
				{
					"doctype": "BOM",
					"item": self.made,
					"company": COMPANY,
					"quantity": 1,
					"items": [{"item_code": self.raw, "qty": 1, "rate": 10}],
				}
			).insert()
			bom.submit()

	def work_order(self, order, qty: float, warehouse: str = FINAL_PACK, **fields):
		work = frappe.get_doc(
			{
				"doctype": "Work Order",
				"production_item": self.made,
				"bom_no": frappe.db.get_value("BOM", {"item": self.made, "docstatus": 1}),
				"qty": qty,
				"company": COMPANY,
				"sales_order": order.name,
				"sales_order_item": order.items[0].name,
				"fg_warehouse": warehouse,
				"wip_warehouse": PRODUCTION,
				"source_warehouse": PRODUCTION,
				"skip_transfer": 1,
				**fields,
			}
		)
		work.insert()
		for row in work.required_items:
			row.source_warehouse = PRODUCTION
		work.save()
		work.submit()
		return work

	def manufacture(self, work, qty: float):
		from erpnext.manufacturing.doctype.work_order.work_order import make_stock_entry

		entry = frappe.get_doc(make_stock_entry(work.name, "Manufacture", qty))
		entry.insert()
		entry.submit()
		return entry

	def test_counts_and_is_given_back(self):
		order = self.approved((self.made, 10, 100))
		entry = self.manufacture(self.work_order(order, 10), 4)
		self.assertEqual(figures(order), (40, [4]))
		self.assertEqual(final_pack.ready_to_pack(order.name), {order.items[0].name: 4})
		self.assertEqual(make_transfer(order.name).items[0].qty, 6)
		entry.cancel()
		self.assertEqual(figures(order), (0, [0]))

	def test_counts_without_the_line_on_the_work_order(self):
		order = self.approved((self.made, 10, 100))
		self.manufacture(self.work_order(order, 10, sales_order_item=None), 4)
		self.assertEqual(figures(order), (40, [4]))

	def test_what_is_produced_elsewhere_is_transferred_from_there(self):
		order = self.approved((self.made, 10, 100))
		self.manufacture(self.work_order(order, 10, PRODUCTION), 10)
		self.assertEqual(figures(order), (0, [0]))
		self.assertEqual(make_transfer(order.name).items[0].s_warehouse, PRODUCTION)
		transfer(order)
		self.assertEqual(figures(order), (100, [10]))

	def test_what_was_produced_is_booked_whatever_was_ordered(self):
		order = self.approved((self.made, 10, 100))
		work = self.work_order(order, 10)
		transfer_of = make_stock(self.made, 10, PRODUCTION)
		self.assertTrue(transfer_of)
		transfer(order, 8)
		self.manufacture(work, 10)
		self.assertEqual(figures(order), (100, [18]))
		self.assertEqual(final_pack.ready_to_pack(order.name), {order.items[0].name: 10})
		self.assertRefused("at Final Pack already", make_transfer, order.name)

	def test_part_of_a_bundle(self):
		order = self.approved((make_bundle("MT-T-KIT2", {self.made: 2}), 5, 100))
		work = self.work_order(order, 10, sales_order_item=order.packed_items[0].name)
		self.manufacture(work, 4)
		self.assertEqual(figures(order), (40, [2]))


class TestSideBySide(TransferCase):
	"""Two people at two desks: real processes, real commits. What is made here stays on the site."""

	def test_two_transfers_never_exceed_the_order(self):
		order = self.approved()
		entries = [draft(order, 7), draft(order, 7)]
		said = concurrency.run(*((PRODUCER, "submit", entry) for entry in entries), overlap=False)
		self.assertEqual(sorted(word.split()[0] for word in said), ["done", "failed:"])
		self.assertIn("3 may still come", str(said))
		self.assertEqual(figures(order), (70, [7]))

	def test_two_transfers_both_count(self):
		order = self.approved()
		entries = [draft(order, 4), draft(order, 6)]
		said = concurrency.run(*((PRODUCER, "submit", entry) for entry in entries), overlap=False)
		self.assertEqual(said, ["done", "done"])
		self.assertEqual(figures(order), (100, [10]))
		said = concurrency.run(*((PRODUCER, "cancel", entry) for entry in entries), overlap=False)
		self.assertEqual(said, ["done", "done"])
		self.assertEqual(figures(order), (0, [0]))
