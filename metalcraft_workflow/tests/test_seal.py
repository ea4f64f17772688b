from contextlib import nullcontext
from unittest.mock import patch

import frappe
from click.testing import CliRunner
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow import commands
from metalcraft_workflow.gates import record, seal
from metalcraft_workflow.gates.record import CHAIN
from metalcraft_workflow.outgoing import seal_mail
from metalcraft_workflow.patches import chain_records
from metalcraft_workflow.rules.chain import CHANGED, LEFT_OUT, OUT_OF_PLACE, PUT_IN, Chain, digest_of_record
from metalcraft_workflow.tests.support import factories, money
from metalcraft_workflow.tests.support.factories import APPROVER, MANAGER, SUPPORT, act, as_user
from metalcraft_workflow.tests.support.mail_account import make_account
from metalcraft_workflow.tests.support.quotations import make_quotation
from metalcraft_workflow.tests.support.rest import call, request

MANAGER_OF_SYSTEM = "system@metalcraft.test"


class SealCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		# Other tests of this site change records behind Frappe's back
		self.known = set()
		self.seal_all()
		self.known = self.findings()

	def findings(self) -> set[tuple[str, str]]:
		"""What is wrong now and was not before: the record (with its document when it is gone), and what."""
		return {
			(
				f"{found.about} {found.name}" if found.name[:1] == "#" or found.name == CHAIN else found.name,
				found.what,
			)
			for found in seal.verify(Chain())
		} - self.known

	def tearDown(self):
		frappe.set_user("Administrator")
		frappe.db.rollback()

	def order_with_records(self):
		"""An order with three records; their names."""
		order = act(factories.make_order(), "Request Approval", SUPPORT)
		order = act(order, "Send Back", APPROVER, "Wrong price on line 1: 5 < 6 €")
		order = act(order, "Request Approval", SUPPORT)
		names = frappe.get_all(
			"Release Record", {"process_id": order.process_id}, pluck="name", order_by="sequence"
		)
		self.assertEqual(len(names), 3)
		return order, names

	def seal_all(self):
		while seal.seal_set():
			pass


class TestSealing(SealCase):
	def test_new_records_are_sealed_once_and_all_is_as_it_was(self):
		self.order_with_records()
		self.assertEqual(seal.seal_set(), 3)
		self.assertEqual(seal.seal_set(), 0)
		first = seal.head()
		self.order_with_records()
		self.assertEqual(self.findings(), set())
		self.assertEqual(seal.seal_set(), 3)
		last = seal.head()
		self.assertEqual((last.number, last.previous), (first.number + 1, first.digest))
		chain = Chain()
		list(seal.verify(chain))
		self.assertEqual((chain.number, chain.digest), (last.number, last.digest))
		self.assertEqual(chain.records, frappe.db.count("Release Record"))

	def test_a_seal_takes_only_so_many(self):
		self.order_with_records()
		before, seal.A_SEAL = seal.A_SEAL, 2
		self.addCleanup(setattr, seal, "A_SEAL", before)
		self.seal_all()
		self.assertEqual(
			frappe.get_all("Record Seal", pluck="records", order_by="number desc", limit=2), [1, 2]
		)
		self.assertEqual(self.findings(), set())

	def test_nobody_writes_a_seal(self):
		self.order_with_records()
		self.seal_all()
		for doctype in ("Record Seal", "Record Chain"):
			name = frappe.get_last_doc(doctype).name
			for change in (
				lambda row: row.db_set("records", 7),
				lambda row: row.update({"records": 7}).save(),
				lambda row: frappe.delete_doc(row.doctype, row.name, force=True),
				lambda row: frappe.rename_doc(row.doctype, row.name, "X", force=True),
				lambda row: frappe.copy_doc(row).update({"name": "X", "number": 9}).insert(),
			):
				with self.assertRaises(frappe.PermissionError):
					change(frappe.get_doc(doctype, name))


class TestWhatIsFound(SealCase):
	"""Behind Frappe's back, by SQL: what was sealed, and what was not yet."""

	def setUp(self):
		super().setUp()
		self.order, self.names = self.order_with_records()

	def each_way(self):
		"""Before the records are sealed, and after."""
		for sealed in (False, True):
			if sealed:
				self.seal_all()
			frappe.db.savepoint("as_it_was")
			with self.subTest(sealed=sealed):
				yield
			frappe.db.rollback(save_point="as_it_was")
			self.assertEqual(self.findings(), set())

	def set_value(self, name: str, **values):
		frappe.db.set_value("Release Record", name, values, update_modified=False)

	def test_a_changed_record(self):
		for _way in self.each_way():
			for number, name in enumerate(self.names):
				for field, value in (
					("user", "somebody@else.test"),
					("reason", f"Another {number}"),
					("to_state", "Approved"),
					("gate", "clear"),
					("reference_name", "SAL-ORD-0"),
					("creation", "2020-01-01 00:00:00"),
				):
					was = frappe.db.get_value("Release Record", name, field)
					self.set_value(name, **{field: value})
					self.assertIn((name, CHANGED), self.findings(), field)
					self.set_value(name, **{field: was})

	def test_a_record_that_was_changed_with_its_digest(self):
		for _way in self.each_way():
			row = frappe.get_doc("Release Record", self.names[1])
			row.reason = "Another"
			forged = record_digest(row)
			self.set_value(row.name, reason="Another", digest=forged)
			found = self.findings()
			self.assertIn((self.names[2], OUT_OF_PLACE), found)

	def test_a_record_that_is_gone(self):
		for _way in self.each_way():
			for number, name in enumerate(self.names, 1):
				frappe.db.savepoint("one")
				frappe.db.delete("Release Record", {"name": name})
				self.assertIn((f"Sales Order {self.order.name} #{number}", LEFT_OUT), self.findings(), number)
				frappe.db.rollback(save_point="one")

	def test_all_records_of_a_document_that_are_gone(self):
		for _way in self.each_way():
			frappe.db.delete("Release Record", {"process_id": self.order.process_id})
			self.assertIn((f"Sales Order {self.order.name} #3", LEFT_OUT), self.findings())
			frappe.db.delete("Record Chain", {"name": self.order.process_id})
			self.assertIn((f"Sales Order {self.order.name} {CHAIN}", LEFT_OUT), self.findings())

	def test_a_record_that_was_put_in(self):
		for _way in self.each_way():
			row = frappe.get_doc("Release Record", self.names[2])
			row.update({"name": "forged", "sequence": 4, "action": "Approve", "previous": row.digest})
			row.digest = record_digest(row)
			for seal_number in (0, 1, 99):
				frappe.db.savepoint("one")
				columns = [field for field in frappe.db.get_table_columns("Release Record")]
				row.seal = seal_number
				frappe.db.bulk_insert("Release Record", columns, [[row.get(name) for name in columns]])
				self.assertIn(("forged", PUT_IN), self.findings(), seal_number)
				frappe.db.rollback(save_point="one")

	def test_a_record_that_is_about_no_document(self):
		self.set_value(self.names[2], process_id="nobody", sequence=1)
		self.assertIn((self.names[2], PUT_IN), self.findings())

	def test_a_changed_seal(self):
		self.seal_all()
		last = frappe.get_last_doc("Record Seal")
		frappe.db.savepoint("as_it_was")
		frappe.db.set_value("Record Seal", last.name, "contents", "")
		self.assertIn((f"seal {last.number}", CHANGED), self.findings())
		frappe.db.rollback(save_point="as_it_was")
		self.order_with_records()
		self.seal_all()
		frappe.db.delete("Record Seal", {"name": last.name})
		self.assertIn((f"seal {last.number}", LEFT_OUT), self.findings())
		self.assertIn((self.names[0], PUT_IN), self.findings())


def record_digest(row) -> str:
	return digest_of_record(row.as_dict(), row.previous or "")


class TestTheCommand(SealCase):
	def run_command(self, *arguments) -> tuple[int, str]:
		context = frappe._dict(sites=[frappe.local.site], force=False, profile=False, verbose=False)
		with patch.object(commands, "connected", lambda site: nullcontext()):
			result = CliRunner().invoke(commands.verify, arguments, obj=context)
		return result.exit_code, result.output

	def test_it_exits_with_1_and_names_what_is_wrong(self):
		_order, names = self.order_with_records()
		self.seal_all()
		_code, head = self.run_command("--head")
		_code, said = self.run_command("--kept", head)
		self.assertNotIn("does not have the head", said)
		code, said = self.run_command("--kept", "1:0000")
		self.assertIn("does not have the head 1:0000", said)
		self.assertEqual(code, 1, said)
		frappe.db.set_value("Release Record", names[1], "reason", "Another")
		code, said = self.run_command()
		self.assertEqual(code, 1)
		self.assertIn(f"{names[1]} was changed", said)


class TestTheMail(SealCase):
	def test_the_head_is_mailed_as_often_as_the_settings_say(self):
		make_account()
		self.order_with_records()
		self.seal_all()
		head = seal.head()
		for wanted, expected in (("", 0), ("Daily", 1), ("Weekly", 1)):
			settings = frappe.get_doc("Metalcraft Settings")
			settings.update({"seal_mail_every": wanted, "seal_mail_to": "auditor@metalcraft.test"}).save()
			frappe.db.delete("Email Queue")
			seal_mail.mail_daily()
			seal_mail.mail_weekly()
			mails = frappe.get_all("Email Queue", pluck="message")
			self.assertEqual(len(mails), expected, wanted)
		self.assertIn(head.digest[:40], mails[0].replace("=\n", ""))


class TestWhoWritesRecords(SealCase):
	"""Only the process writes a record, whoever asks and however."""

	def forged(self, order) -> dict:
		return {
			"doctype": "Release Record",
			"kind": "Passage",
			"gate": "request_approval",
			"action": "Request Approval",
			"reference_doctype": "Sales Order",
			"reference_name": order.name,
			"process_id": order.process_id,
			"sequence": 1,
			"user": SUPPORT,
			"flags": {"by_process": 1},
		}

	def test_no_request_inserts_one(self):
		order = factories.make_order()
		factories.make_user(MANAGER_OF_SYSTEM, ["System Manager", "Customer Support"])
		# The requests commit what is granted here
		self.addCleanup(frappe.db.commit)
		self.addCleanup(frappe.permissions.reset_perms, "Release Record")
		frappe.permissions.add_permission("Release Record", "System Manager")
		frappe.permissions.update_permission_property("Release Record", "System Manager", 0, "create", 1)
		for user in ("Administrator", MANAGER_OF_SYSTEM, MANAGER):
			forged = self.forged(order)
			for answer in (
				request(user, "POST", "/api/resource/Release Record", forged),
				request(user, "POST", "/api/v2/document/Release Record", forged),
				call(user, "frappe.client.insert", doc=forged),
				call(user, "frappe.client.insert_many", docs=[forged]),
				call(user, "frappe.client.save", doc=forged),
				call(user, "frappe.desk.form.save.savedocs", doc=frappe.as_json(forged), action="Save"),
			):
				self.assertEqual(answer.status, 403, answer.text)
		self.assertFalse(frappe.db.exists("Release Record", {"process_id": order.process_id}))

	def test_no_file_imports_one(self):
		from frappe.modules.import_file import import_doc

		order = factories.make_order()
		self.addCleanup(frappe.flags.pop, "in_import", None)
		with self.assertRaises(frappe.PermissionError):
			import_doc({**self.forged(order), "name": "forged"})

	def test_its_link_to_a_user_or_a_document_is_text(self):
		meta = frappe.get_meta("Release Record")
		self.assertEqual([df.fieldname for df in meta.fields if "Link" in df.fieldtype], [])

	def test_who_writes_the_document_next_has_the_next_number(self):
		order = factories.make_order()
		record.write(order, "Waiver", requirement="po_number", reason="By telephone")
		again = frappe.get_doc("Sales Order", order.name)
		record.write(again, "Waiver", requirement="po_date", reason="By telephone")
		self.assertEqual(
			frappe.get_all(
				"Release Record", {"process_id": order.process_id}, pluck="sequence", order_by="sequence"
			),
			[1, 2],
		)
		self.assertEqual(self.findings(), set())


class TestAnUpdate(SealCase):
	def test_the_records_of_an_earlier_version_are_chained(self):
		self.order_with_records()
		order, names = self.order_with_records()
		for doctype in ("Release Record", "Record Chain"):
			frappe.db.set_value(doctype, {"name": ["is", "set"]}, "digest", None, update_modified=False)
		frappe.db.set_value(
			"Release Record", {"name": ["is", "set"]}, "previous", None, update_modified=False
		)
		self.assertNotEqual(self.findings(), set())
		with patch.object(frappe.db, "commit"):
			chain_records.execute()
			chain_records.execute()
		self.assertEqual(self.findings(), set())
		with as_user(APPROVER):
			act(order, "Send Back", APPROVER, "Once more")
		self.assertEqual(self.findings(), set())
		self.assertEqual(len(names), 3)


class TestRenames(SealCase):
	def test_no_document_of_the_process_is_renamed_or_merged(self):
		one, other = factories.approve(factories.make_order()), factories.make_order()
		notice = frappe.get_last_doc("Production Notice", {"sales_order": one.name})
		offer = make_quotation(one.customer, ("MT-CYL-01", 1, 100), submit=False)
		bill = money.invoice_order(one)
		for doc, new in ((one, "SO-X"), (other, "SO-X"), (notice, "PN-X"), (offer, "QTN-X"), (bill, "INV-X")):
			with self.assertRaises(frappe.PermissionError):
				frappe.rename_doc(doc.doctype, doc.name, new, force=True)
		with self.assertRaises(frappe.PermissionError):
			frappe.rename_doc("Sales Order", other.name, one.name, force=True, merge=True)
		answer = call(
			"Administrator",
			"frappe.model.rename_doc.update_document_title",
			doctype="Sales Order",
			docname=one.name,
			name="SO-X",
		)
		self.assertEqual(answer.status, 403, answer.text)
		self.assertTrue(frappe.db.exists("Sales Order", one.name))
