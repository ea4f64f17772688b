"""Time and queries of the report Batch Trace on 100,000 stock ledger entries. See README.md."""

import statistics
import sys
import time
from collections import defaultdict
from datetime import datetime, timedelta

import frappe

COMPANY = "Metalcraft Test Company"
STEEL, SHELL, CYLINDER = "BT-STEEL", "BT-SHELL", "BT-CYLINDER"
STORES, FINAL_PACK = "Production - MTC", "Final Pack - MTC"
BEGIN = datetime(2024, 1, 1)

# A batch of steel goes into so many batches of shells, each into so many lots of cylinders with serial
# numbers, each of which ships in two deliveries: 59 ledger entries
SHELLS, LOTS, SERIALS = 4, 2, 6
ENTRIES = 3 + SHELLS * (2 + LOTS * 6)

# Heats of five batches of steel, and one of a hundred
TOTAL = 100_000
BIG, SMALL = 100, 5

RUNS = 5


def main(site: str) -> None:
	frappe.init(site=site, sites_path=".")
	frappe.connect()
	frappe.flags.in_test = True  # nothing goes to a worker
	from metalcraft_workflow.tests.support import factories, sourcing
	from metalcraft_workflow.tests.support.factories import QA

	factories.setup_world()
	factories.make_customer("BT Customer")
	sourcing.make_supplier("BT Forge")
	for item in (STEEL, SHELL):
		factories.make_item(item, has_batch_no=1)
	factories.make_item(CYLINDER, has_serial_no=1)
	near = factories.make_user("near@metalcraft.test", ["Quality Assurance"])
	if not frappe.db.exists("User Permission", {"user": near}):
		frappe.get_doc(
			{"doctype": "User Permission", "user": near, "allow": "Company", "for_value": COMPANY}
		).insert()
	if not frappe.db.exists("Batch", "BT-S0"):
		Data().write()
	# A script commits by itself
	frappe.db.commit()  # nosemgrep: frappe-manual-commit
	print(f"{frappe.db.count('Stock Ledger Entry'):,} stock ledger entries", end=", ")
	print(f"{frappe.db.count('Serial and Batch Entry'):,} rows of bundles")

	print(f"{'':<58}{'lines':>8}{'queries':>9}{'median':>10}{'Python':>10}")
	last = frappe.db.count("Delivery Note", {"name": ["like", "BT-DN%"]}) - 1
	for user in (QA, near):
		for title, direction, filters in (
			("a batch of steel", "Forwards", {"batch_no": "BT-S50"}),
			("a heat of 5 batches", "Forwards", {"heat_no": "BT-HEAT-9"}),
			("a heat of 100 batches", "Forwards", {"heat_no": "BT-HEAT-0"}),
			("a serial number", "Forwards", {"serial_no": "BT-N77"}),
			("a delivery of 6 serial numbers", "Backwards", {"delivery_note": f"BT-DN{last - 1}"}),
			("a delivery of 5,000 serial numbers", "Backwards", {"delivery_note": f"BT-DN{last}"}),
			("a serial number", "Backwards", {"serial_no": "BT-N77"}),
			("a batch of shells", "Backwards", {"batch_no": "BT-H99"}),
		):
			lines, queries, seconds, own = ask(user, {"direction": direction, **filters})
			who = "QA" if user == QA else "QA of one company"
			print(
				f"{f'{direction}, {title}, {who}':<58}{lines:>8,}{queries:>9}{seconds:>7.0f} ms{own:>7.0f} ms"
			)
	frappe.destroy()


def ask(user: str, filters: dict) -> tuple[int, int, float, float]:
	"""Lines, queries and milliseconds of a trace, and those of them that Python works."""
	from metalcraft_workflow.metalcraft_workflow.report.batch_trace.batch_trace import execute
	from metalcraft_workflow.tests.support.cost import counted
	from metalcraft_workflow.tests.support.factories import as_user

	with as_user(user):
		with counted() as queries:
			lines = execute(filters)[1]
		times = []
		for _run in range(RUNS):
			start = time.perf_counter(), time.process_time()
			execute(filters)
			times.append((time.perf_counter() - start[0], time.process_time() - start[1]))
	return (
		len(lines),
		len(queries),
		*(statistics.median(column) * 1000 for column in zip(*times, strict=True)),
	)


class Data:
	"""Goods that were bought, made over two levels, moved to Final Pack and shipped; written set-wise."""

	def __init__(self):
		self.rows: dict[str, list[dict]] = defaultdict(list)
		self.numbers: dict[str, int] = defaultdict(int)

	def number(self, kind: str) -> int:
		self.numbers[kind] += 1
		return self.numbers[kind] - 1

	def add(self, doctype: str, name: str, **values) -> str:
		self.rows[doctype].append({"name": name, "docstatus": 1, **values})
		return name

	def move(self, voucher: tuple[str, str], item: str, warehouse: str, lots: list[tuple], sign: int) -> None:
		"""One ledger entry and its bundle; `lots` is (batch, serial number, quantity)."""
		number = self.number("SLE")
		when = BEGIN + timedelta(minutes=number)
		qty = sign * sum(lot[2] for lot in lots)
		common = {
			"company": COMPANY,
			"item_code": item,
			"warehouse": warehouse,
			"voucher_type": voucher[0],
			"voucher_no": voucher[1],
			"posting_date": when.date(),
			"posting_time": when.time(),
		}
		bundle = self.add("Serial and Batch Bundle", f"BT-B{number}", **common, total_qty=qty)
		self.add(
			"Stock Ledger Entry",
			f"BT-L{number}",
			**common,
			actual_qty=qty,
			posting_datetime=when,
			serial_and_batch_bundle=bundle,
			is_cancelled=0,
		)
		for batch, serial, each in lots:
			self.add(
				"Serial and Batch Entry",
				f"BT-E{self.number('entry')}",
				parent=bundle,
				parenttype="Serial and Batch Bundle",
				parentfield="entries",
				batch_no=batch,
				serial_no=serial,
				qty=sign * each,
				warehouse=warehouse,
			)

	def stock_entry(self, purpose: str, work_order: str | None = None) -> tuple[str, str]:
		name = self.add(
			"Stock Entry",
			f"BT-STE{self.number('STE')}",
			company=COMPANY,
			purpose=purpose,
			stock_entry_type=purpose,
			work_order=work_order,
		)
		return "Stock Entry", name

	def batch(self, kind: str, item: str, **values) -> str:
		return self.add("Batch", f"BT-{kind}{self.number(kind)}", item=item, docstatus=0, **values)

	def make(self, item: str, used: tuple[str, str, int], made: list[tuple]) -> None:
		"""A work order and its stock entry; `used` is (item, batch, quantity)."""
		order = self.add("Work Order", f"BT-WO{self.number('WO')}", company=COMPANY, production_item=item)
		entry = self.stock_entry("Manufacture", order)
		self.move(entry, used[0], STORES, [(used[1], None, used[2])], -1)
		self.move(entry, item, STORES, made, 1)

	def receive(self, heat: str) -> str:
		steel = self.batch("S", STEEL, heat_no=heat, supplier="BT Forge")
		number = self.number("PR")
		order = self.add("Purchase Order", f"BT-PO{number}", supplier="BT Forge", company=COMPANY)
		receipt = self.add("Purchase Receipt", f"BT-PR{number}", supplier="BT Forge", company=COMPANY)
		self.add(
			"Purchase Receipt Item",
			f"BT-PRI{number}",
			parent=receipt,
			parenttype="Purchase Receipt",
			item_code=STEEL,
			purchase_order=order,
		)
		qty = SHELLS * LOTS * SERIALS
		self.move(("Purchase Receipt", receipt), STEEL, FINAL_PACK, [(steel, None, qty)], 1)
		entry = self.stock_entry("Material Transfer")
		self.move(entry, STEEL, FINAL_PACK, [(steel, None, qty)], -1)
		self.move(entry, STEEL, STORES, [(steel, None, qty)], 1)
		return steel

	def ship(self, shipped: list[list[tuple]]) -> None:
		"""A delivery of an order; `shipped` are the lots of its lines."""
		number = self.number("DN")
		common = {"company": COMPANY, "customer": "BT Customer", "customer_name": "BT Customer"}
		approved = {"approved_by": "approver@metalcraft.test", "approved_on": BEGIN}
		order = self.add("Sales Order", f"BT-SO{number}", **common, **approved, po_no=f"PO-{number}")
		note = self.add(
			"Delivery Note",
			f"BT-DN{number}",
			**common,
			po_no=f"PO-{number}",
			posting_date=BEGIN.date(),
			posting_time=BEGIN.time(),
		)
		for gate in ("complete_packing", "release_documents", "clear", "ship"):
			self.add(
				"Release Record",
				f"BT-RR{self.number('RR')}",
				docstatus=0,
				reference_doctype="Delivery Note",
				reference_name=note,
				gate=gate,
				kind="Passage",
				user="qa@metalcraft.test",
				action=gate,
			)
		for lots in shipped:
			line = self.add(
				"Delivery Note Item",
				f"BT-DNI{self.number('DNI')}",
				parent=note,
				parenttype="Delivery Note",
				item_code=CYLINDER,
				against_sales_order=order,
				qty=len(lots),
				stock_qty=len(lots),
			)
			self.add(
				"Traceability Entry",
				f"BT-T{self.number('T')}",
				parent=note,
				parenttype="Delivery Note",
				delivery_note_item=line,
				item_code=CYLINDER,
				qty=len(lots),
				serial_nos="\n".join(serial for _batch, serial, _qty in lots),
			)
			self.move(("Delivery Note", note), CYLINDER, FINAL_PACK, lots, -1)

	def chain(self, heat: str) -> list[list[tuple]]:
		"""A batch of steel, all the way to Final Pack; gives its lots of cylinders."""
		steel, ready = self.receive(heat), []
		for _shell in range(SHELLS):
			shell = self.batch("H", SHELL)
			qty = LOTS * SERIALS
			self.make(SHELL, (STEEL, steel, qty), [(shell, None, qty)])
			for _lot in range(LOTS):
				serials = [
					self.add(
						"Serial No",
						f"BT-N{self.number('N')}",
						docstatus=0,
						item_code=CYLINDER,
						company=COMPANY,
					)
					for _serial in range(SERIALS)
				]
				lots = [(None, serial, 1) for serial in serials]
				self.make(CYLINDER, (SHELL, shell, SERIALS), lots)
				entry = self.stock_entry("Material Transfer")
				self.move(entry, CYLINDER, STORES, lots, -1)
				self.move(entry, CYLINDER, FINAL_PACK, lots, 1)
				ready.append(lots)
		return ready

	def write(self) -> None:
		"""Make the goods, and insert them."""
		waiting = []
		for number in range(TOTAL // ENTRIES):
			heat = "BT-HEAT-0" if number < BIG else f"BT-HEAT-{1 + (number - BIG) // SMALL}"
			for lots in self.chain(heat):
				# Something of every heat is kept for the one big delivery at the end
				if number % 8 == 0 and len(waiting) < 834:
					waiting.append(lots)
				else:
					self.ship([lots[: SERIALS // 2]])
					self.ship([lots[SERIALS // 2 :]])
		self.ship([lots for lots in waiting])
		for doctype, rows in self.rows.items():
			fields = [
				*dict.fromkeys(field for row in rows for field in row),
				"creation",
				"modified",
				"owner",
				"modified_by",
			]
			values = [
				(*(row.get(field) for field in fields[:-4]), BEGIN, BEGIN, "Administrator", "Administrator")
				for row in rows
			]
			frappe.db.bulk_insert(doctype, fields, values, chunk_size=5000)
			# A script commits by itself; the query builder has no `analyze`
			frappe.db.commit()  # nosemgrep: frappe-manual-commit
			frappe.db.sql(f"analyze table `tab{doctype}`")  # nosemgrep: frappe-using-db-sql


if __name__ == "__main__":
	main(sys.argv[1])
