"""The auditor's two questions, asked of goods that went through the whole process."""

from collections import defaultdict

import frappe
from frappe.desk.query_report import run
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, nowdate

from metalcraft_workflow.metalcraft_workflow.report.batch_trace.batch_trace import execute
from metalcraft_workflow.rules.batch_trace import BACKWARDS, FORWARDS
from metalcraft_workflow.tests.support import deliveries, factories, returns, sourcing
from metalcraft_workflow.tests.support.cost import counted
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	COMPANY,
	FINAL_PACK,
	PACKER,
	PRODUCTION,
	QA,
	SHIPPER,
	SUPPORT,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_ledger_reports

NAMED = {"use_serial_batch_fields": 1}


def ask(direction: str, user: str = QA, **asked: str) -> list[dict]:
	"""The lines of a trace, as `user` sees them."""
	with as_user(user):
		return execute({"direction": direction, **asked})[1]


def sentence(user: str = QA, **filters: str) -> str:
	"""What stands above the tree."""
	with as_user(user):
		return execute(filters)[2] or ""


def documents(lines: list[dict], what: str) -> list[str]:
	"""The documents of the lines called `what`, in their order."""
	return [line["document"] for line in lines if line["what"] == what]


def the(lines: list[dict], what: str, **values) -> dict:
	"""The one line that is called `what` and says `values`."""
	(found,) = (
		line
		for line in lines
		if line["what"] == what and all(line.get(key) == value for key, value in values.items())
	)
	return found


def above(lines: list[dict], line: dict) -> list[str]:
	"""What the lines are called that stand over `line`, the nearest first."""
	names, depth = [], line["indent"]
	for one in reversed(lines[: lines.index(line)]):
		if one["indent"] < depth:
			names.append(one["what"])
			depth = one["indent"]
	return names


def transfer(order, item: str, qty: float, **named) -> str:
	"""Bring goods that were made to Final Pack."""
	with as_user("Administrator"):
		entry = frappe.get_doc(
			{
				"doctype": "Stock Entry",
				"stock_entry_type": "Material Transfer",
				"company": COMPANY,
				"sales_order": order.name,
				"items": [
					{
						"item_code": item,
						"qty": qty,
						"s_warehouse": PRODUCTION,
						"t_warehouse": FINAL_PACK,
						"sales_order": order.name,
						"sales_order_item": order.items[0].name,
						**named,
						**NAMED,
					}
				],
			}
		).insert()
		entry.submit()
	return entry.name


class TestBatchTrace(FrappeTestCase):
	"""One heat of steel in two batches; shells of each; cylinders in a batch, of shells of both; valves
	with serial numbers, of the first steel. Five cylinders and two valves have shipped, and four gauges
	whose heat Final Pack wrote by hand.
	"""

	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		returns.setup_returns()
		cls.steel = factories.make_item("MT-TR-STEEL", has_batch_no=1)
		cls.shell = factories.make_item("MT-TR-SHELL", has_batch_no=1)
		cls.cylinder = factories.make_item("MT-TR-CYL", has_batch_no=1, traceability_required="Batch")
		cls.valve = factories.make_item("MT-TR-VALVE", has_serial_no=1, traceability_required="Serial")
		cls.heat = f"H{frappe.generate_hash(length=6)}".upper()
		cls.steels = [
			deliveries.new_batch(cls.steel, heat_no=cls.heat, supplier_lot=f"L-{cls.heat}")
			for _number in "ab"
		]
		cls.receipts = [sourcing.receive(cls.steel, 10, batch_no=batch, order=True) for batch in cls.steels]
		shell_bom = sourcing.make_bom(cls.shell, {cls.steel: 1})
		cls.shells = [deliveries.new_batch(cls.shell, heat_no=None) for _number in "ab"]
		cls.making = [
			sourcing.manufacture(shell_bom, 6, shell, {cls.steel: {batch: 6}})
			for shell, batch in zip(cls.shells, cls.steels, strict=True)
		]
		cls.cylinders = deliveries.new_batch(cls.cylinder, heat_no=None)
		cls.assembly = sourcing.manufacture(
			sourcing.make_bom(cls.cylinder, {cls.shell: 1}),
			8,
			cls.cylinders,
			{cls.shell: {cls.shells[0]: 6, cls.shells[1]: 2}},
		)
		order = deliveries.approved_order(
			(cls.cylinder, 5, 100), customer=factories.make_customer("MT Tracer")
		)
		cls.transfer = transfer(order, cls.cylinder, 5, batch_no=cls.cylinders)
		cls.delivery = deliveries.shipped(deliveries.packed(order))

		cls.valves = [deliveries.new_serial() for _number in range(3)]
		cls.valve_making = sourcing.manufacture(
			sourcing.make_bom(cls.valve, {cls.steel: 1}),
			3,
			None,
			{cls.steel: {cls.steels[0]: 3}},
			serial_no="\n".join(cls.valves),
		)
		order = deliveries.approved_order(
			(cls.valve, 2, 100), required_documents=[{"document_type": "Pictures"}]
		)
		transfer(order, cls.valve, 2, serial_no="\n".join(cls.valves[:2]))
		cls.valve_delivery = deliveries.shipped(deliveries.packed(order))

		item = factories.make_item("MT-TR-GAUGE", traceability_required="Heat")
		order = deliveries.approved_order((item, 4, 100))
		deliveries.bring(order)
		note = deliveries.packed(order)
		with as_user(PACKER):
			note.traceability[0].update(
				{
					"heat_no": cls.heat,
					"supplier": sourcing.make_supplier(),
					"purchase_receipt": cls.receipts[0].name,
				}
			)
			note.save()
		cls.typed = deliveries.shipped(note)

	def setUp(self):
		frappe.db.savepoint("world")

	def tearDown(self):
		frappe.db.rollback(save_point="world")

	# Forwards

	def test_a_heat_leads_to_every_receipt_production_transfer_shipment_and_customer(self):
		for asked in (
			{"heat_no": f" {self.heat.lower()}"},
			{"supplier_lot": f"L-{self.heat}"},
		):
			lines = ask(FORWARDS, **asked)
			self.assertEqual(set(documents(lines, "Received")), {one.name for one in self.receipts})
			self.assertEqual(
				set(documents(lines, "Used in production")),
				{one.name for one in (*self.making, self.assembly, self.valve_making)},
			)
			self.assertEqual(
				set(documents(lines, "Shipped")),
				{self.delivery.name, self.valve_delivery.name, self.typed.name},
			)
			shipped = the(lines, "Shipped", document=self.delivery.name)
			self.assertEqual(
				(shipped["who"], shipped["qty"], shipped["reference"]),
				("MT Tracer", 5, self.delivery.items[0].against_sales_order),
			)
			self.assertIn(self.delivery.po_no, shipped["remark"])
			moved = the(lines, "Transferred", document=self.transfer)
			self.assertEqual((moved["qty"], moved["remark"]), (5, f"{PRODUCTION} → {FINAL_PACK}"))
			# the cylinders are of shells of both batches: told once, and named the other time
			self.assertEqual(
				[line["remark"] for line in lines if line.get("document") == self.cylinders].count(
					"See above"
				),
				1,
			)

	def test_serial_numbers_say_which_of_them_went_where(self):
		lines = ask(FORWARDS, batch_no=self.steels[0])
		made = the(lines, "3 serial numbers")
		self.assertEqual(made["serial_nos"], ", ".join(sorted(self.valves)))
		shipped = the(lines, "Shipped", document=self.valve_delivery.name)
		self.assertEqual((shipped["serial_nos"], shipped["qty"]), (", ".join(sorted(self.valves[:2])), 2))
		lines = ask(FORWARDS, serial_no=self.valves[2])
		self.assertEqual(
			[line["what"] for line in lines],
			[f"Serial number {self.valves[2]}", "Produced", f"In stock at {PRODUCTION}"],
		)

	def test_what_is_packed_and_not_shipped_is_shown_too(self):
		order = deliveries.approved_order((self.cylinder, 2, 100))
		transfer(order, self.cylinder, 2, batch_no=self.cylinders)
		note = deliveries.packed(order)
		packed = the(ask(FORWARDS, batch_no=self.steels[0]), "Packed, not shipped")
		self.assertEqual(
			(packed["document"], packed["qty"], packed["remark"].split("; ")[-1]), (note.name, 2, "Packing")
		)
		# backwards an open delivery asks where its goods came from like any other
		self.assertEqual(
			set(documents(ask(BACKWARDS, delivery_note=note.name), "Received")),
			{one.name for one in self.receipts},
		)

	# Backwards

	def test_a_delivery_leads_to_its_steel_and_to_the_people_who_released_it(self):
		lines = ask(BACKWARDS, delivery_note=self.delivery.name)
		for receipt, steel in zip(self.receipts, self.steels, strict=True):
			received = the(lines, "Received", document=receipt.name)
			self.assertEqual(
				(received["who"], received["reference"]), (receipt.supplier, receipt.items[0].purchase_order)
			)
			self.assertEqual(the(lines, f"Batch {steel}")["heat_no"], self.heat)
		self.assertEqual(
			above(lines, the(lines, "Received", document=self.receipts[0].name)),
			[
				f"Batch {self.steels[0]}",
				"Produced",
				f"Batch {self.shells[0]}",
				"Produced",
				f"Batch {self.cylinders}",
				"Shipped",
			],
		)
		produced = the(lines, "Produced", document=self.assembly.name)
		self.assertEqual(produced["reference"], self.assembly.work_order)
		people = {line["what"]: line["who"] for line in lines if line.get("who_type") == "User"}
		self.assertEqual(
			people,
			{
				"Order approved": APPROVER,
				"Packing completed": PACKER,
				"Documents released": PACKER,  # none were needed
				"Cleared for shipment": SUPPORT,
				"Shipment released": SHIPPER,
			},
		)

	def test_a_serial_number_leads_to_its_steel_its_documents_and_who_accepted_them(self):
		lines = ask(BACKWARDS, serial_no=self.valves[0])
		self.assertEqual(documents(lines, "Received"), [self.receipts[0].name])
		self.assertEqual(documents(lines, "Shipped"), [self.valve_delivery.name])
		self.assertEqual(the(lines, "Documents released")["who"], QA)
		picture = the(lines, "Pictures")
		self.assertEqual(
			(picture["who"], picture["file"]), (QA, self.valve_delivery.shipment_documents[0].file)
		)

	def test_certificates_of_the_steel_stand_below_it(self):
		batch = frappe.get_doc("Batch", self.steels[0])
		file = deliveries.upload(batch, name="mill.pdf")
		with as_user(QA):
			batch.append("certificates", {"document_type": "Mill Certificate", "file": file, "remark": "3.1"})
			batch.save()
		lines = ask(BACKWARDS, delivery_note=self.delivery.name)
		certificate = the(lines, "Mill Certificate")
		self.assertEqual((certificate["file"], certificate["remark"]), (file, "3.1"))
		self.assertEqual(above(lines, certificate)[0], f"Batch {self.steels[0]}")

	def test_what_was_consumed_by_a_document_of_its_own_is_found_in_both_directions(self):
		settings = frappe.get_single("Manufacturing Settings")
		settings.material_consumption = 1
		settings.save()
		self.addCleanup(frappe.clear_document_cache, "Manufacturing Settings", "Manufacturing Settings")
		bom = sourcing.make_bom(factories.make_item("MT-TR-APART", has_batch_no=1), {self.steel: 1})
		order = frappe.get_doc(
			{
				"doctype": "Work Order",
				"production_item": bom.item,
				"bom_no": bom.name,
				"qty": 1,
				"company": COMPANY,
				"wip_warehouse": PRODUCTION,
				"fg_warehouse": PRODUCTION,
				"source_warehouse": PRODUCTION,
				"skip_transfer": 1,
			}
		).insert()
		order.submit()
		made = deliveries.new_batch(bom.item, heat_no=None)
		lines = {
			"Material Consumption for Manufacture": {
				"item_code": self.steel,
				"s_warehouse": PRODUCTION,
				"batch_no": self.steels[1],
			},
			"Manufacture": {
				"item_code": bom.item,
				"t_warehouse": PRODUCTION,
				"batch_no": made,
				"is_finished_item": 1,
			},
		}
		entries = {}
		for purpose, line in lines.items():
			entries[purpose] = frappe.get_doc(
				{
					"doctype": "Stock Entry",
					"stock_entry_type": purpose,
					"company": COMPANY,
					"work_order": order.name,
					"bom_no": bom.name,
					"from_bom": 1,
					"fg_completed_qty": 1,
					"items": [{"qty": 1, "basic_rate": 10, **line, **NAMED}],
				}
			).insert()
			entries[purpose].submit()
		consumed, produced = (entry.name for entry in entries.values())
		found = ask(FORWARDS, batch_no=self.steels[1])
		self.assertEqual(
			above(found, the(found, f"Batch {made}"))[:2], ["Used in production", f"Batch {self.steels[1]}"]
		)
		self.assertIn(consumed, documents(found, "Used in production"))
		found = ask(BACKWARDS, batch_no=made)
		self.assertEqual(documents(found, "Produced"), [produced])
		self.assertEqual(documents(found, "Received"), [self.receipts[1].name])

	# Goods that stock does not keep apart

	def test_a_written_heat_is_found_by_its_number_and_by_each_batch_of_it(self):
		for asked in (
			{"heat_no": self.heat},
			{"batch_no": self.steels[1]},
			{"supplier_lot": f"L-{self.heat}"},
		):
			lines = ask(FORWARDS, **asked)
			shipped = the(lines, "Shipped", document=self.typed.name)
			self.assertEqual((shipped["qty"], shipped["who"]), (4, self.typed.customer))
			self.assertEqual(above(lines, shipped)[0], f"Heat {self.heat}")

	def test_another_heat_finds_nothing_of_it(self):
		for heat_no in (self.heat[:-1], f"{self.heat}x"):
			with self.subTest(heat_no):
				self.assertEqual(documents(ask(FORWARDS, heat_no=heat_no), "Shipped"), [])

	def test_a_written_heat_leads_back_to_what_was_written_and_to_the_batches_of_the_heat(self):
		lines = ask(BACKWARDS, delivery_note=self.typed.name)
		written = the(lines, "Source written by Final Pack")
		self.assertEqual(
			(written["document"], written["who"], written["heat_no"]),
			(self.receipts[0].name, sourcing.make_supplier(), self.heat),
		)
		self.assertEqual(set(documents(lines, "Received")), {one.name for one in self.receipts})

	def test_what_came_back_of_a_written_heat_is_told_with_its_authorization(self):
		authorization = returns.authorized(self.typed)
		back = returns.receive(authorization, 1)
		lines = ask(FORWARDS, heat_no=self.heat)
		returned = the(lines, "Returned by customer")
		self.assertEqual(
			(returned["document"], returned["qty"], returned["reference"]), (back.name, 1, authorization.name)
		)

	def test_a_serial_number_that_stock_does_not_know_is_found_in_what_was_typed(self):
		item = factories.make_item("MT-TR-PLAIN", traceability_required="Serial")
		order = deliveries.approved_order((item, 2, 100))
		deliveries.bring(order)
		note = deliveries.packed(order)
		with as_user(PACKER):
			note.traceability[0].serial_nos = f"{self.heat}-10\n{self.heat}-11"
			note.save()
		for direction in (FORWARDS, BACKWARDS):
			lines = ask(direction, serial_no=f"{self.heat}-10")
			self.assertEqual(documents(lines, "Packed, not shipped"), [note.name])
		self.assertIn("Nothing is on record", sentence(direction=FORWARDS, serial_no=f"{self.heat}-1"))

	# Goods that came back

	def test_both_traces_show_what_came_back_and_by_which_authorization(self):
		authorization = returns.authorized(self.delivery)
		back = returns.receive(authorization, 2)
		for lines in (ask(FORWARDS, batch_no=self.steels[0]), ask(BACKWARDS, batch_no=self.cylinders)):
			returned = the(lines, "Returned by customer")
			self.assertEqual(
				(returned["document"], returned["qty"], returned["who"], returned["reference"]),
				(back.name, 2, "MT Tracer", authorization.name),
			)
		lines = ask(BACKWARDS, delivery_note=self.delivery.name)
		self.assertEqual(the(lines, "Return authorized")["document"], authorization.name)

	# Stock of before ERPNext 15

	def test_ledger_entries_that_name_batch_and_serial_numbers_themselves_give_the_same_trace(self):
		questions = (
			(FORWARDS, {"heat_no": self.heat}),
			(FORWARDS, {"serial_no": self.valves[0]}),
			(BACKWARDS, {"delivery_note": self.delivery.name}),
			(BACKWARDS, {"delivery_note": self.valve_delivery.name}),
			(BACKWARDS, {"serial_no": self.valves[1]}),
		)
		before = [ask(direction, **asked) for direction, asked in questions]
		for name, bundle in frappe.get_all(
			"Stock Ledger Entry",
			{"item_code": ["in", [self.steel, self.shell, self.cylinder, self.valve]]},
			["name", "serial_and_batch_bundle"],
			as_list=True,
		):
			entries = frappe.get_all("Serial and Batch Entry", {"parent": bundle}, ["batch_no", "serial_no"])
			frappe.db.set_value(
				"Stock Ledger Entry",
				name,
				{
					"serial_and_batch_bundle": None,
					"batch_no": entries[0].batch_no,
					"serial_no": "\n".join(entry.serial_no for entry in entries if entry.serial_no) or None,
				},
			)
		self.assertEqual([ask(direction, **asked) for direction, asked in questions], before)

	# What ERPNext's own reports say of the same data

	def report(self, name: str, **filters) -> list[dict]:
		if name == "Stock Ledger" and frappe.get_meta("Serial and Batch Bundle").has_field(
			"posting_datetime"
		):
			filters["item_code"] = [filters["item_code"]]  # 16 takes several
		rows = run(name, filters={"company": COMPANY, **filters}, user="Administrator")["result"]
		return [row for row in rows if isinstance(row, dict)]  # without the total

	def shown(self, lines: list[dict], batch: str) -> tuple[dict[str, float], dict[str, float]]:
		"""Document -> quantity, and warehouse -> what is left, in the lines right below `batch`."""
		first = next(number for number, line in enumerate(lines) if line.get("document") == batch)
		depth, moved, left = lines[first]["indent"], {}, {}
		for line in lines[first + 1 :]:
			if line["indent"] <= depth:
				break
			if line["indent"] == depth + 1 and line["kind"] == "stock":
				left[line["warehouse"]] = line["qty"]
			elif line["indent"] == depth + 1 and line["kind"] != "goods":
				moved[line["document"]] = line["qty"]
		return moved, left

	@needs_ledger_reports
	def test_each_batch_moved_and_is_left_as_erpnext_says(self):
		"""Compared with Serial and Batch Summary (what each document moved of a batch), Batch-Wise Balance
		History (what is left in each warehouse) and Stock Ledger with its filter for a batch.

		ERPNext 15.71 has no report that goes over several levels of production.
		"""
		period = {"from_date": add_days(nowdate(), -1), "to_date": nowdate()}
		for item, batch in (
			*((self.steel, batch) for batch in self.steels),
			*((self.shell, batch) for batch in self.shells),
			(self.cylinder, self.cylinders),
		):
			moved, left = self.shown(ask(FORWARDS, batch_no=batch), batch)
			came, went = defaultdict(float), defaultdict(float)
			for row in self.report("Serial and Batch Summary", item_code=item, batch_no=batch, **period):
				(came if row.qty > 0 else went)[row.voucher_no] += abs(row.qty)
			self.assertEqual(moved, {**went, **came})
			balances = self.report("Batch-Wise Balance History", item_code=item, batch_no=batch, **period)
			self.assertEqual(
				left, {row["warehouse"]: row["balance_qty"] for row in balances if row["balance_qty"]}
			)
			ledger = self.report("Stock Ledger", item_code=item, batch_no=batch, **period)
			self.assertEqual({row["voucher_no"] for row in ledger if row.get("voucher_no")}, set(moved))

	@needs_ledger_reports
	def test_each_serial_number_went_through_the_documents_that_erpnext_names(self):
		"""Compared with Serial No Ledger."""
		for serial_no in self.valves:
			lines = ask(FORWARDS, serial_no=serial_no)
			expected = [
				row["voucher_no"]
				for row in self.report(
					"Serial No Ledger",
					item_code=self.valve,
					serial_no=serial_no,
					posting_date=add_days(nowdate(), 1),
				)
				if row.get("voucher_no") and row.get("serial_no") == serial_no
			]
			shown = [line["document"] for line in lines if line["kind"] not in ("goods", "stock")]
			self.assertEqual(shown, list(dict.fromkeys(expected)))

	# What a user may read: nothing of other documents, nor of what lies behind them

	def only_for(self, **allowed: str) -> str:
		"""A new member of Quality Assurance who may see just one customer or company."""
		user = factories.make_user(f"{frappe.generate_hash(length=6)}@metalcraft.test", ["Quality Assurance"])
		for doctype, value in allowed.items():
			frappe.get_doc(
				{"doctype": "User Permission", "user": user, "allow": doctype, "for_value": value}
			).insert()
		return user

	def test_other_customers_do_not_show(self):
		user = self.only_for(Customer=factories.make_customer())
		lines = ask(FORWARDS, user, heat_no=self.heat)
		self.assertEqual(set(documents(lines, "Shipped")), {self.valve_delivery.name, self.typed.name})
		said = frappe.as_json(lines)
		for secret in (self.delivery.name, "MT Tracer", self.delivery.po_no):
			self.assertNotIn(secret, said)
		message = sentence(user, direction=FORWARDS, heat_no=self.heat)
		self.assertIn("left out", message)
		# what is left of the cylinders would give away how many shipped
		self.assertFalse([line for line in lines if line["kind"] == "stock" and line["qty"] == 3])
		self.assertEqual(ask(BACKWARDS, user, delivery_note=self.delivery.name), [])
		self.assertIn(
			"or you may not read it", sentence(user, direction=BACKWARDS, delivery_note=self.delivery.name)
		)

	def test_other_companies_do_not_show(self):
		other = frappe.db.get_value("Company", {"name": ["!=", COMPANY]})
		lines = ask(FORWARDS, self.only_for(Company=other), heat_no=self.heat)
		self.assertEqual({line["kind"] for line in lines}, {"goods"})

	def test_a_role_sees_what_it_reads(self):
		lines = ask(FORWARDS, SUPPORT, batch_no=self.cylinders)
		self.assertEqual(documents(lines, "Shipped"), [self.delivery.name])
		self.assertEqual(documents(lines, "Produced"), [])
		self.assertIn("left out", sentence(SUPPORT, direction=FORWARDS, batch_no=self.cylinders))
		self.assertEqual(sentence(QA, direction=FORWARDS, batch_no=self.cylinders), "")

	def test_the_report_is_for_those_who_trace(self):
		filters = {"direction": FORWARDS, "batch_no": self.cylinders}
		with as_user(QA):
			self.assertTrue(run("Batch Trace", filters=filters)["result"])
		with as_user(ACCOUNTS):
			self.assertRaises(frappe.PermissionError, run, "Batch Trace", filters=filters)

	def test_a_trace_costs_a_few_queries_however_many_documents_it_has(self):
		with counted() as few:
			ask(FORWARDS, batch_no=self.cylinders)
		with counted() as many:
			ask(FORWARDS, heat_no=self.heat)
		self.assertLess(len(few), 25)
		self.assertLess(len(many), 45)


class TestFilters(FrappeTestCase):
	def test_each_wrong_question_gets_a_sentence(self):
		for expected, filters in (
			("Choose a direction", {"batch_no": "X"}),
			("Choose a direction", {"direction": "Sideways", "batch_no": "X"}),
			("Say what to trace", {"direction": FORWARDS}),
			("Say what to trace", {"direction": FORWARDS, "heat_no": "  "}),
			("Choose a direction", ["batch_no", "X"]),
			("Batch takes one number or name", {"direction": FORWARDS, "batch_no": ["like", "%"]}),
			("Serial Number takes one", {"direction": BACKWARDS, "serial_no": {"name": "X"}}),
			("Nothing is on record", {"direction": BACKWARDS, "heat_no": 5}),
			("Batch, Heat Number", {"direction": FORWARDS, "heat_no": "X", "batch_no": "Y"}),
			("Batch <strong>&lt;b&gt;</strong>", {"direction": FORWARDS, "batch_no": "<b>"}),
			("Nothing is on record", {"direction": BACKWARDS, "heat_no": "no such heat"}),
			("Nothing is on record", {"direction": BACKWARDS, "supplier_lot": "no such lot"}),
			("Nothing is on record", {"direction": FORWARDS, "serial_no": "no such serial"}),
			("Nothing is on record", {"direction": BACKWARDS, "delivery_note": "no such delivery"}),
		):
			with self.subTest(filters):
				_columns, lines, message = execute(filters)
				self.assertEqual(lines, [])
				self.assertIn(expected, message)
