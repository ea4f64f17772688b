"""Scan to pack: what is scanned goes into the delivery note or the transfer, once, and what is not for it is
refused with the reason (steps 7 and 8)."""

import sys
from unittest.mock import patch

import frappe
from frappe.utils import add_days, add_to_date, now_datetime, nowdate

from metalcraft_workflow.facts.committed import second_connection
from metalcraft_workflow.gates.append_only import mark_as_ours
from metalcraft_workflow.rules import scanning as rules
from metalcraft_workflow.rules.traceability import Source
from metalcraft_workflow.steps import scanning
from metalcraft_workflow.steps.scanning import get_scan_documents, get_scan_sheet, keep_scanned, send_scans
from metalcraft_workflow.steps.transfer import make_transfer
from metalcraft_workflow.tests.support import concurrency, deliveries, factories, rest
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.factories import (
	FINAL_PACK,
	PACKER,
	PRODUCER,
	PRODUCTION,
	QA,
	SUPPORT,
	act,
	as_user,
)
from metalcraft_workflow.tests.support.marks import needs_mariadb

SEND = "metalcraft_workflow.steps.scanning.send_scans"


def new_id() -> str:
	return frappe.generate_hash(length=16)


class ScanCase(FinalPackCase):
	def send(self, doc, *codes, user: str = PACKER) -> list[dict]:
		"""Scan `codes`, each a number, or what is sent of a scan."""
		scans = [{"id": new_id(), **(code if isinstance(code, dict) else {"code": code})} for code in codes]
		with as_user(user):
			return send_scans(doc.doctype, doc.name, scans)["answers"]

	def sheet(self, doc, user: str = PACKER) -> dict:
		with as_user(user):
			return get_scan_sheet(doc.doctype, doc.name)

	def assertTaken(self, doc, code, *words, user: str = PACKER):
		(answer,) = self.send(doc, code, user=user)
		self.assertTrue(answer["taken"], answer["message"])
		for word in words:
			self.assertIn(str(word), answer["message"])

	def assertNotTaken(self, doc, code, *words, user: str = PACKER):
		before = frappe.get_doc(doc.doctype, doc.name)
		frappe.clear_messages()
		(answer,) = self.send(doc, code, user=user)
		self.assertFalse(answer["taken"])
		for word in words:
			self.assertIn(str(word), answer["message"])
		self.assertEqual(frappe.get_doc(doc.doctype, doc.name).modified, before.modified)
		self.assertEqual(frappe.get_message_log(), [])  # it is answered, and not shown besides

	def assertScanned(self, doc, scanned: float, qty: float, user: str = PACKER):
		sheet = self.sheet(doc, user)
		self.assertEqual((sheet["scanned"], sheet["qty"]), (scanned, qty))

	def named(self, doc) -> dict[str, float]:
		"""Batch or serial number -> quantity, as the traceability of a delivery names them."""
		found: dict[str, float] = {}
		for row in frappe.get_doc(doc.doctype, doc.name).traceability:
			for name in (row.serial_nos or row.batch_no or "").split("\n"):
				found[name] = found.get(name, 0) + (1 if row.serial_nos else row.qty)
		return found

	def loose_serial(self, warehouse: str = FINAL_PACK, item: str = "MT-SERIAL-01") -> str:
		"""A serial number in stock that came for no order."""
		name = deliveries.new_serial()
		factories.make_stock(item, 1, warehouse, serial_no=name, use_serial_batch_fields=1)
		return name


class TestSerialNumbers(ScanCase):
	def test_each_that_is_named_is_confirmed_once(self):
		doc, serials = deliveries.serialised(3)
		for number, name in enumerate(serials, 1):
			self.assertTaken(doc, name, f"{number} of 3")
			self.assertScanned(doc, number, 3)
		self.assertNotTaken(doc, serials[0], serials[0], "scanned already")
		named = self.sheet(doc)["lines"][0]["named"]
		self.assertEqual(
			[(row["serial_no"], row["scanned"]) for row in named], [(name, 1) for name in serials]
		)
		# nothing else is named than before, so nothing was saved
		self.assertEqual(str(frappe.get_doc(doc.doctype, doc.name).modified), str(doc.modified))

	def test_what_is_there_takes_the_place_of_what_is_named(self):
		doc, serials = deliveries.serialised(3)
		other = self.loose_serial()
		self.assertTaken(doc, serials[2])
		self.assertTaken(doc, other, "2 of 3", f"in place of {serials[1]}")
		self.assertEqual(set(self.named(doc)), {serials[0], serials[2], other})
		self.assertTaken(doc, serials[0])
		self.assertNotTaken(doc, serials[1], "All 3 of MT-SERIAL-01 are scanned")
		doc = deliveries.shipped(doc)
		self.assertEqual(set(deliveries.left_with(doc, "serial_no")), {serials[0], serials[2], other})

	def test_what_is_not_for_it_is_refused_with_the_reason(self):
		doc, _serials = deliveries.serialised(2)
		self.assertNotTaken(doc, "NO-SUCH-NUMBER", "no serial number, batch or item")
		factories.make_item("MT-SERIAL-02", has_serial_no=1)
		self.assertNotTaken(doc, self.loose_serial(item="MT-SERIAL-02"), "MT-SERIAL-02", f"not on {doc.name}")
		self.assertNotTaken(doc, self.loose_serial(PRODUCTION), PRODUCTION, f"not in {FINAL_PACK}")
		self.assertNotTaken(doc, "MT-SERIAL-01", "Scan the serial number")
		packed, of_others = deliveries.serialised(1)
		self.assertNotTaken(doc, of_others[0], f"on {packed.name} already")
		self.assertScanned(doc, 0, 2)

	def test_what_came_for_another_order_is_refused_as_long_as_that_wants_it(self):
		doc, _serials = deliveries.serialised(1)
		other = deliveries.approved_order(("MT-SERIAL-01", 1, 100))
		name = deliveries.new_serial()
		deliveries.bring(other, serial_no=name, use_serial_batch_fields=1)
		self.assertNotTaken(doc, name, "another order", other.name)
		other.reload()
		other.db_set("status", "Closed")
		self.assertTaken(doc, name)

	def test_what_has_left_is_refused(self):
		gone, serials = deliveries.serialised(1)
		deliveries.shipped(gone)
		doc, _others = deliveries.serialised(1)
		self.assertNotTaken(doc, serials[0], "has left", gone.name)

	def test_a_correction_in_the_form_counts(self):
		doc, serials = deliveries.serialised(2)
		self.send(doc, *serials)
		row = frappe.get_doc(doc.doctype, doc.name).traceability[0]
		other = self.loose_serial()
		rows = [{**row.as_dict(), "serial_nos": f"{serials[0]}\n{other}"}]
		deliveries.edit(doc, PACKER, traceability=rows)
		self.assertScanned(doc, 1, 2)
		self.assertTaken(doc, other, "2 of 2")

	def test_one_that_is_taken_back_can_be_scanned_again(self):
		doc, serials = deliveries.serialised(2)
		scan, back = {"id": new_id(), "code": serials[0]}, {"takes_back": None}
		back["takes_back"] = scan["id"]
		self.send(doc, scan, serials[1], back)
		self.assertScanned(doc, 1, 2)
		self.assertNotTaken(doc, back, "taken back already")
		self.assertTaken(doc, serials[0])
		self.assertScanned(doc, 2, 2)


class TestBatches(ScanCase):
	def test_a_batch_is_counted(self):
		doc, (one, two) = deliveries.of_batches()
		self.assertTaken(doc, one, "1 of 10")
		self.assertTaken(doc, {"code": one, "qty": 4}, "5 of 10")
		self.assertNotTaken(doc, {"code": two, "qty": 6}, "too many", "5 are still")
		self.assertTaken(doc, {"code": two, "qty": "5"}, "10 of 10")
		self.assertNotTaken(doc, one, "All 10 of MT-BATCH-01 are scanned")
		self.assertEqual(self.named(doc), {one: 5, two: 5})

	def test_another_batch_takes_the_place_of_those_that_are_not_scanned(self):
		doc, (one, two) = deliveries.of_batches()
		other = deliveries.new_batch()
		factories.make_stock("MT-BATCH-01", 3, FINAL_PACK, batch_no=other, use_serial_batch_fields=1)
		self.assertTaken(doc, {"code": one, "qty": 5})
		self.assertNotTaken(doc, {"code": other, "qty": 4}, "3 of batch", FINAL_PACK)
		self.assertTaken(doc, {"code": other, "qty": 3}, "8 of 10", f"in place of {two}")
		self.assertEqual(self.named(doc), {one: 5, two: 2, other: 3})
		doc = deliveries.shipped(doc)
		self.assertEqual(deliveries.left_with(doc), {one: 5, two: 2, other: 3})

	def test_what_the_note_does_not_name_yet_is_named(self):
		doc, (_one, two) = deliveries.batched(choose=False)
		self.assertTaken(doc, {"code": two, "qty": 2}, "2 of 5")
		self.assertTaken(doc, {"code": two, "qty": 3}, "5 of 5")
		self.assertEqual(self.named(doc), {two: 5})
		self.assertEqual(frappe.get_doc(doc.doctype, doc.name).items[0].batch_no, two)

	def test_expired_disabled_and_absent_batches_are_refused(self):
		doc, (one, two) = deliveries.of_batches()
		frappe.db.set_value("Batch", one, "expiry_date", add_days(nowdate(), -1))
		self.assertNotTaken(doc, one, one, "has expired on")
		frappe.db.set_value("Batch", two, "disabled", 1)
		self.assertNotTaken(doc, two, two, "is disabled")
		self.assertNotTaken(doc, deliveries.new_batch(), FINAL_PACK)
		self.assertNotTaken(doc, {"code": deliveries.new_batch(), "qty": 0}, "above zero")

	def test_a_batch_expires_by_the_day_of_the_note(self):
		doc, (batch, _batch) = deliveries.of_batches()
		frappe.db.set_value("Batch", batch, "expiry_date", add_days(nowdate(), -1))
		doc.db_set({"set_posting_time": 1, "posting_date": add_days(nowdate(), -3)})
		self.assertTaken(doc, batch, "1 of 10")
		doc.db_set({"set_posting_time": 0})
		self.assertNotTaken(doc, batch, "has expired on")

	def test_for_whom_a_batch_came_is_asked_once_a_call(self):
		doc, (batch, _batch) = deliveries.of_batches()
		with patch.object(scanning.facts, "came_for", wraps=scanning.facts.came_for) as asked:
			answers = self.send(doc, *[batch] * 3)
		self.assertTrue(all(answer["taken"] for answer in answers))
		self.assertEqual(asked.call_count, 1)

	def test_a_batch_of_another_order_is_refused(self):
		doc, _batches = deliveries.of_batches()
		other = deliveries.approved_order(("MT-BATCH-01", 2, 100))
		batch = deliveries.new_batch()
		deliveries.bring(other, batch_no=batch, use_serial_batch_fields=1)
		self.assertNotTaken(doc, batch, "another order", other.name)


class TestItems(ScanCase):
	def test_untracked_goods_are_counted_by_item_code_and_barcode(self):
		item = factories.make_item("MT-SCAN-01", uoms=[{"uom": "Box", "conversion_factor": 6}])
		barcode = f"40{frappe.generate_hash(length=10)}"
		doc = frappe.get_doc("Item", item)
		doc.append("barcodes", {"barcode": barcode, "uom": "Box"})
		doc.save()
		doc = deliveries.delivery((item, 10, 100))
		self.assertTaken(doc, item, "1 of 10")
		(answer,) = self.send(doc, barcode)
		self.assertIn("7 of 10", answer["message"])
		# by which the page says how many more boxes there are
		self.assertEqual((answer["item_code"], answer["batch_no"], answer["each"]), (item, "", 6))
		self.assertNotTaken(doc, barcode, "too many", "3 are still")
		self.assertNotTaken(doc, {"code": item, "qty": 0.5}, "whole pieces")
		self.assertTaken(doc, {"code": item, "qty": 3}, "10 of 10")
		self.assertNotTaken(doc, factories.make_item("MT-SCAN-02"), "MT-SCAN-02", f"not on {doc.name}")

	def test_of_a_bundle_the_parts_are_scanned(self):
		doc, batch = deliveries.kits(2)
		self.assertEqual(
			[(line["item_code"], line["qty"]) for line in self.sheet(doc)["lines"]],
			[("MT-BATCH-01", 4), ("MT-PART-01", 2)],
		)
		self.assertNotTaken(doc, "MT-BATCH-KIT", "not on")
		self.assertTaken(doc, {"code": batch, "qty": 4}, "4 of 4")
		self.assertTaken(doc, {"code": "MT-PART-01", "qty": 2}, "2 of 2")
		self.assertEqual(self.named(doc), {batch: 4})
		self.assertEqual(deliveries.left_with(deliveries.shipped(doc))[batch], 4)


class TestTheQueue(ScanCase):
	def test_what_is_sent_twice_counts_once(self):
		doc, batches = deliveries.of_batches()
		scan = {"id": new_id(), "code": batches[0], "qty": 2}
		for _time in range(2):
			(answer,) = self.send(doc, scan)
			self.assertTrue(answer["taken"])
		self.assertScanned(doc, 2, 10)
		first, again = self.send(doc, {**scan, "id": "0" * 20}, {**scan, "id": "0" * 20})
		self.assertTrue(first["taken"] and again["taken"])
		self.assertScanned(doc, 4, 10)

	def test_an_id_of_another_document_is_refused(self):
		doc, serials = deliveries.serialised(1)
		other, (batch, _batch) = deliveries.of_batches()
		scan = {"id": new_id(), "code": serials[0]}
		self.send(doc, scan)
		self.assertNotTaken(other, {"id": scan["id"], "code": batch}, f"scanned for {doc.name}")

	def test_what_was_kept_is_taken_in_its_order(self):
		doc, serials = deliveries.serialised(3)
		others = [self.loose_serial() for _number in range(2)]
		answers = self.send(doc, others[0], serials[2], serials[2], others[1], serials[1], serials[0])
		self.assertEqual([answer["taken"] for answer in answers], [True, True, False, True, False, False])
		self.assertEqual(set(self.named(doc)), {*others, serials[2]})

	def test_what_the_document_refuses_takes_nothing_else_along(self):
		doc, serials = deliveries.serialised(3)
		others = [self.loose_serial() for _number in range(2)]
		name_in_delivery = scanning.name_in_delivery

		def refuse(doc, lines):
			if any(others[0] in source.serial_nos for line in lines for source in line.named):
				frappe.throw("This one is on hold.")
			name_in_delivery(doc, lines)

		with patch.object(scanning, "name_in_delivery", refuse):
			answers = self.send(doc, serials[0], *others)
		self.assertEqual([answer["taken"] for answer in answers], [True, False, True])
		self.assertEqual(answers[1]["message"], "This one is on hold.")
		self.assertIn(others[1], self.named(doc))
		self.assertScanned(doc, 2, 3)

	def test_a_document_that_cannot_be_saved_is_no_fault_of_what_is_scanned(self):
		doc, serials = deliveries.serialised(2)
		others = [self.loose_serial() for _number in range(2)]
		doc.db_set("customer_address", "No such address")
		for codes in (others, others[:1]):
			with self.assertRefused(f"{doc.name} cannot be saved", "No such address"):
				self.send(doc, *codes)
		self.assertTaken(doc, serials[0])  # what the note names already changes nothing of it

	def test_one_that_is_refused_among_many_is_found_in_a_few_tries(self):
		doc, _serials = deliveries.serialised(1)
		tries = []

		def take(doc, scans):
			tries.append([scan.code for scan in scans])
			if "BAD" in tries[-1]:
				frappe.throw("This one is on hold.")
			return [{"id": scan.id, "taken": True, "message": ""} for scan in scans]

		codes = [f"GOOD-{number}" for number in range(20)]
		codes[13] = "BAD"
		with patch.object(scanning, "take", take):
			answers = self.send(doc, *codes)
			self.assertEqual([answer["taken"] for answer in answers], [code != "BAD" for code in codes])
			self.assertLess(len(tries), 12)
			# where each try takes long the first is answered, and the others are sent again
			tries.clear()
			with patch.object(scanning, "LONGEST", -1):
				self.assertEqual(len(self.send(doc, *codes)), 1)
			self.assertEqual(len(tries), 2)

	@needs_mariadb
	def test_what_a_colleague_has_scanned_meanwhile_is_in_the_answer(self):
		doc, serials = deliveries.serialised(2)
		frappe.db.get_value("User", PACKER)  # the transaction sees the site as it is from here on
		scan = {
			"doctype": "Pack Scan",
			"scan_id": new_id(),
			"reference_doctype": doc.doctype,
			"reference_name": doc.name,
			"line": doc.items[0].name,
			"item_code": "MT-SERIAL-01",
			"qty": 1,
			"serial_no": serials[1],
		}
		with second_connection():
			row = frappe.get_doc(scan)
			mark_as_ours(row)
			row.flags.ignore_links = True  # it does not see what this test has not committed
			row.insert(ignore_permissions=True)
			frappe.db.commit()

		def forget():
			with second_connection():
				frappe.db.delete("Pack Scan", {"name": row.name})
				frappe.db.commit()

		self.addCleanup(forget)
		with as_user(PACKER):
			answer = send_scans(doc.doctype, doc.name, [{"id": new_id(), "code": serials[0]}])
		self.assertEqual(answer["sheet"]["scanned"], 2)

	def test_of_two_who_scan_the_same_piece_at_once_one_is_told(self):
		"""Real processes: what is made here stays on the site."""
		doc, serials = deliveries.serialised(2)
		doc.db_set("packing_notes", serials[1])
		said = concurrency.run(*[(PACKER, "scan", doc)] * 2, overlap=False)
		self.assertEqual(sorted(word.split()[0] for word in said), ["done", "failed:"])
		self.assertIn("scanned already", " ".join(said))
		self.assertScanned(doc, 1, 2)

	def test_two_who_scan_for_two_notes_do_not_wait_for_each_other(self):
		notes = []
		for _number in range(2):
			doc, _serials = deliveries.serialised(2)
			doc.db_set(
				"packing_notes", self.loose_serial()
			)  # takes the place of another, so the note is saved
			notes.append(doc)
		said = concurrency.run(*((PACKER, "scan", doc) for doc in notes))
		self.assertEqual(said, ["done", "done"])

	def test_a_note_of_the_same_name_begins_anew(self):
		doc, serials = deliveries.serialised(1)
		self.send(doc, serials[0])
		doc.db_set("creation", add_to_date(now_datetime(), seconds=1), update_modified=False)
		self.assertScanned(doc, 0, 1)


class TestTheSheet(ScanCase):
	def test_each_number_names_its_scans(self):
		doc, serials = deliveries.serialised(2)
		batched, (batch, _batch) = deliveries.of_batches()
		scans = [{"id": new_id(), "code": code} for code in (serials[1], batch, batch)]
		self.send(doc, scans[0])
		self.send(batched, *scans[1:])
		self.assertEqual(
			[(row["serial_no"], row["scans"]) for row in self.sheet(doc)["lines"][0]["named"]],
			[(serials[0], []), (serials[1], [scans[0]["id"]])],
		)
		self.assertEqual(
			self.sheet(batched)["lines"][0]["named"][0]["scans"], [scan["id"] for scan in scans[1:]]
		)

	def test_of_twice_as_many_pieces_it_takes_twice_as_long(self):
		calls = [self.calls_for(count) for count in (50, 100)]
		self.assertLess(calls[1], calls[0] * 2.5)

	def calls_for(self, count: int) -> int:
		"""How many calls it takes to draw a line of so many pieces, all of them scanned."""
		names = tuple(f"S{number}" for number in range(count))
		line = rules.ScanLine(
			"row", 1, factories.make_item(), count, has_serial=True, named=(Source(count, "", names),)
		)
		by_id = {name: [rules.Scan("row", line.item_code, 1, "", name)] for name in names}
		doc = frappe.new_doc("Delivery Note")
		calls = []
		with (
			patch.object(scanning.facts, "lines_of", return_value=[line]),
			patch.object(scanning.facts, "scans_of", return_value=by_id),
		):
			scanning.sheet(doc)  # fills the caches
			sys.setprofile(lambda _frame, event, _what: calls.append(event))
			try:
				sheet = scanning.sheet(doc)
			finally:
				sys.setprofile(None)
		self.assertEqual(sheet["scanned"], count)
		return len(calls)


class TestWhoMay(ScanCase):
	def test_who_may_not_write_the_note_is_refused(self):
		doc, serials = deliveries.serialised(1)
		for call in (lambda: self.send(doc, serials[0], user=PRODUCER), lambda: self.sheet(doc, PRODUCER)):
			with self.assertRefused(exception=frappe.PermissionError):
				call()

	def test_whose_turn_it_is_not_is_refused(self):
		doc, serials = deliveries.serialised(1)
		for user in (SUPPORT, QA):
			self.assertNotTaken(doc, serials[0], "your roles may not change it", user=user)
			self.assertIn("your roles", self.sheet(doc, user)["closed"])

	def test_when_it_is_packed_nothing_more_is_scanned(self):
		doc, serials = deliveries.serialised(2)
		self.send(doc, serials[0])
		doc = act(doc, "Complete Packing", PACKER)
		self.assertNotTaken(doc, serials[1], doc.name, "is packed")
		with as_user(PACKER), self.assertRefused("is packed"):
			keep_scanned(doc.doctype, doc.name)
		doc = deliveries.shipped(act(doc, "Return to Packing", SUPPORT, reason="Count again."))
		self.assertNotTaken(doc, serials[1], "is submitted")

	def test_other_documents_have_no_scans(self):
		order = deliveries.approved_order()
		with as_user(SUPPORT), self.assertRefused("Only deliveries and transfers"):
			get_scan_sheet("Sales Order", order.name)

	def test_scans_follow_what_is_renamed(self):
		place = frappe.get_doc(
			{"doctype": "Warehouse", "warehouse_name": f"MT {new_id()}", "company": factories.COMPANY}
		)
		place = place.insert().name
		item = factories.make_item()
		factories.make_stock(item, 2, place)
		entry = transfer_of(deliveries.approved_order((item, 2, 100)), s_warehouse=place)
		self.send(entry, {"code": item, "qty": 2}, user=PRODUCER)
		frappe.rename_doc("Warehouse", place, f"MT Hall {new_id()}", force=True)
		self.assertScanned(entry, 2, 2, user=PRODUCER)
		entry.name = frappe.rename_doc("Stock Entry", entry.name, new_id(), force=True)
		self.assertScanned(entry, 2, 2, user=PRODUCER)
		frappe.delete_doc("Stock Entry", entry.name)  # scans keep nobody from it

	def test_scans_are_kept_as_they_were(self):
		doc, serials = deliveries.serialised(1)
		self.send(doc, serials[0])
		row = frappe.get_doc("Pack Scan", {"reference_name": doc.name})
		self.assertEqual((row.user, row.code, row.qty), (PACKER, serials[0], 1))
		with self.assertRefused(exception=frappe.PermissionError):
			row.db_set("qty", 2)
		with self.assertRefused(exception=frappe.PermissionError):
			frappe.get_doc(
				{
					"doctype": "Pack Scan",
					"scan_id": new_id(),
					"reference_doctype": doc.doctype,
					"reference_name": doc.name,
				}
			).insert()

	def test_who_only_reads_a_transfer_opens_it_without_a_message(self):
		entry = transfer_of(deliveries.approved_order())
		frappe.clear_messages()
		with as_user(PACKER):
			doc = frappe.get_doc("Stock Entry", entry.name)
			doc.run_method("onload")
		self.assertFalse(doc.get_onload("can_scan"))
		self.assertEqual(frappe.get_message_log(), [])

	def test_a_transfer_for_no_order_is_not_scanned(self):
		factories.make_stock(factories.make_item(), 2, PRODUCTION)
		with as_user(PRODUCER):
			entry = frappe.get_doc(
				{
					"doctype": "Stock Entry",
					"stock_entry_type": "Material Transfer",
					"company": factories.COMPANY,
					"items": [
						{
							"item_code": factories.make_item(),
							"qty": 2,
							"s_warehouse": PRODUCTION,
							"t_warehouse": FINAL_PACK,
						}
					],
				}
			).insert()
			self.assertIn("for no order", get_scan_sheet("Stock Entry", entry.name)["closed"])
			with self.assertRefused("for no order"):
				keep_scanned("Stock Entry", entry.name)
		self.assertNotTaken(entry, factories.make_item(), "for no order", user=PRODUCER)

	def test_the_customer_of_an_order_is_for_who_may_read_the_order(self):
		entry = transfer_of(deliveries.approved_order())
		customer = frappe.db.get_value("Sales Order", entry.sales_order, "customer_name")

		def shown() -> list[str]:
			with as_user(PRODUCER):
				return [
					row["customer"]
					for row in (*get_scan_documents(entry.name), get_scan_sheet("Stock Entry", entry.name))
				]

		self.assertEqual(shown(), [customer] * 2)
		other = factories.make_customer("MT Scan Other")
		frappe.permissions.add_user_permission(
			"Customer", other, PRODUCER, ignore_permissions=True, applicable_for="Sales Order"
		)
		self.addCleanup(frappe.permissions.clear_user_permissions_for_doctype, "Customer", PRODUCER)
		self.assertEqual(shown(), [""] * 2)

	def test_over_rest(self):
		doc, serials = deliveries.serialised(1)
		answer = rest.call(
			PACKER, SEND, doctype=doc.doctype, name=doc.name, scans=[{"id": new_id(), "code": serials[0]}]
		)
		self.assertEqual((answer.status, answer.data["sheet"]["scanned"]), (200, 1))
		for wrong in ([{"id": "x", "code": "A"}], [{"id": new_id(), "code": ""}], ["A"], [{}] * 101):
			answer = rest.call(PACKER, SEND, doctype=doc.doctype, name=doc.name, scans=wrong)
			self.assertEqual(answer.status, 417, wrong)
		answer = rest.call(PRODUCER, SEND, doctype=doc.doctype, name=doc.name, scans=[])
		self.assertEqual(answer.status, 403)


class TestWhatIsOffered(ScanCase):
	def offered(self, user: str, code: str = "") -> list[str]:
		with as_user(user):
			return [row["name"] for row in get_scan_documents(code)]

	def test_notes_that_are_packed_and_transfers_that_are_made(self):
		doc, _serials = deliveries.serialised(1)
		entry = transfer_of(deliveries.approved_order())
		order = doc.items[0].against_sales_order
		self.assertEqual(self.offered(PACKER, doc.name), [doc.name])
		self.assertEqual(self.offered(PACKER, order), [doc.name])
		self.assertEqual(self.offered(PACKER, entry.name), [])
		self.assertEqual(self.offered(PRODUCER, entry.name), [entry.name])
		self.assertEqual(self.offered(PRODUCER, entry.sales_order), [entry.name])
		self.assertIn(doc.name, self.offered(PACKER))
		act(doc, "Complete Packing", PACKER)
		self.assertEqual(self.offered(PACKER, doc.name), [])


def transfer_of(order, **fields):
	"""A transfer of all of an order, as Production makes it; not submitted."""
	with as_user(PRODUCER):
		entry = make_transfer(order.name)
		for row in entry.items:
			row.update({"s_warehouse": PRODUCTION, **fields})
		return entry.insert()


class TestTransfer(ScanCase):
	def serialised(self, qty: int):
		factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
		serials = [self.loose_serial(PRODUCTION) for _number in range(qty)]
		return transfer_of(deliveries.approved_order(("MT-SERIAL-01", qty, 100)), serial_no=""), serials

	def test_serial_numbers_are_named_in_the_row(self):
		entry, serials = self.serialised(2)
		self.assertTaken(entry, serials[1], "1 of 2", user=PRODUCER)
		self.assertNotTaken(entry, serials[1], "scanned already", user=PRODUCER)
		self.assertNotTaken(entry, self.loose_serial(FINAL_PACK), FINAL_PACK, PRODUCTION, user=PRODUCER)
		self.assertTaken(entry, serials[0], "2 of 2", user=PRODUCER)
		with as_user(PRODUCER):
			entry = frappe.get_doc("Stock Entry", entry.name)
			entry.submit()
		self.assertEqual({name for row in entry.items for name in row.serial_no.split("\n")}, set(serials))
		self.assertEqual(frappe.db.get_value("Serial No", serials[0], "warehouse"), FINAL_PACK)
		self.assertNotTaken(entry, serials[0], "is submitted", user=PRODUCER)

	def test_a_serial_number_of_another_transfer_is_refused(self):
		entry, serials = self.serialised(1)
		self.send(entry, serials[0], user=PRODUCER)
		other, _serials = self.serialised(1)
		self.assertNotTaken(other, serials[0], f"on {entry.name} already", user=PRODUCER)

	def test_each_batch_gets_a_row(self):
		batches = [deliveries.new_batch() for _number in range(2)]
		for batch in batches:
			factories.make_stock("MT-BATCH-01", 3, PRODUCTION, batch_no=batch, use_serial_batch_fields=1)
		order = deliveries.approved_order(("MT-BATCH-01", 6, 100))
		entry = transfer_of(order, batch_no=None)
		self.assertNotTaken(entry, {"code": batches[0], "qty": 4}, "3 of batch", user=PRODUCER)
		self.send(entry, {"code": batches[0], "qty": 3}, {"code": batches[1], "qty": 1}, user=PRODUCER)
		entry.reload()
		self.assertEqual(
			[(row.batch_no, row.qty) for row in entry.items], [(batches[0], 3), (batches[1], 1), (None, 2)]
		)
		self.assertEqual({row.sales_order_item for row in entry.items}, {order.items[0].name})
		with as_user(PRODUCER):
			keep_scanned("Stock Entry", entry.name)
			entry.reload()
			entry.submit()
		self.assertEqual([(row.batch_no, row.qty) for row in entry.items], [(batches[0], 3), (batches[1], 1)])
		self.assertEqual(frappe.db.get_value("Sales Order Item", order.items[0].name, "final_pack_qty"), 4)

	def test_the_packer_may_not(self):
		entry, serials = self.serialised(1)
		with self.assertRefused(exception=frappe.PermissionError):
			self.send(entry, serials[0])


class TestKeeping(ScanCase):
	def test_a_note_keeps_what_is_scanned(self):
		item = factories.make_item("MT-SCAN-01", uoms=[{"uom": "Box", "conversion_factor": 6}])
		serials = [deliveries.new_serial() for _number in range(3)]
		factories.make_item("MT-SERIAL-01", has_serial_no=1, traceability_required="Serial")
		order = deliveries.approved_order(
			("MT-SERIAL-01", 3, 100), (item, 4, 10), (factories.make_item(), 2, 10)
		)
		factories.make_stock(item, 4, PRODUCTION)
		factories.make_stock(factories.make_item(), 2, PRODUCTION)
		factories.make_stock(
			"MT-SERIAL-01", 3, PRODUCTION, serial_no="\n".join(serials), use_serial_batch_fields=1
		)
		entry = transfer_of(order)
		self.send(entry, *serials, user=PRODUCER)
		with as_user(PRODUCER):
			entry.reload()
			entry.submit()
		doc = deliveries.packed(order)
		with as_user(PACKER), self.assertRefused("Nothing is scanned"):
			keep_scanned(doc.doctype, doc.name)
		self.send(doc, serials[1], serials[2], {"code": item, "qty": 3})
		with as_user(PACKER):
			sheet = keep_scanned(doc.doctype, doc.name)
		self.assertEqual((sheet["scanned"], sheet["qty"]), (5, 5))
		doc.reload()
		self.assertEqual([(row.item_code, row.qty) for row in doc.items], [("MT-SERIAL-01", 2), (item, 3)])
		self.assertEqual(set(self.named(doc)), {serials[1], serials[2]})
		act(doc, "Complete Packing", PACKER)

	def test_a_bundle_is_kept_whole(self):
		doc, batch = deliveries.kits(2)
		self.send(doc, {"code": batch, "qty": 4})
		with as_user(PACKER), self.assertRefused("scanned in part"):
			keep_scanned(doc.doctype, doc.name)

	def test_a_line_that_goes_leaves_no_batches_chosen(self):
		batches = [deliveries.new_batch() for _number in range(2)]
		item = factories.make_item()
		order = deliveries.approved_order(("MT-BATCH-01", 4, 100), (item, 1, 10))
		for batch in batches:
			factories.make_stock("MT-BATCH-01", 2, PRODUCTION, batch_no=batch, use_serial_batch_fields=1)
		factories.make_stock(item, 1, PRODUCTION)
		entry = transfer_of(order)
		self.send(entry, *({"code": batch, "qty": 2} for batch in batches), user=PRODUCER)
		with as_user(PRODUCER):
			entry.reload()
			entry.submit()
		doc = deliveries.packed(order)
		bundle = doc.items[0].serial_and_batch_bundle
		self.assertTrue(frappe.db.exists("Serial and Batch Bundle", bundle))
		self.send(doc, item)
		with as_user(PACKER):
			keep_scanned(doc.doctype, doc.name)
		self.assertEqual([row.item_code for row in frappe.get_doc(doc.doctype, doc.name).items], [item])
		self.assertFalse(frappe.db.exists("Serial and Batch Bundle", bundle))
