"""The demo: a dozen orders where people would look for them, nothing twice, and the right names."""

from unittest.mock import patch

import frappe
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.demo import people, report, runner
from metalcraft_workflow.demo.company import COMPANY
from metalcraft_workflow.demo.mailbox import ACCOUNT
from metalcraft_workflow.demo.orders import STORIES
from metalcraft_workflow.tests.support.pdf import sample_pdf

COUNTED = (
	"Lead",
	"Opportunity",
	"Quotation",
	"Customer",
	"Sales Order",
	"Production Notice",
	"Stock Entry",
	"Purchase Receipt",
	"Delivery Note",
	"Sales Invoice",
	"Payment Entry",
	"Return Authorization",
	"Release Record",
	"Email Queue",
	"User",
	"Item",
	"Warehouse",
)


def story_with(stage: str):
	return next(story for story in STORIES if story.stage == stage)


class Interrupted(BaseException):
	"""Somebody pressed Ctrl+C."""


class TestDemo(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		frappe.set_user("Administrator")
		runner.prepare(lambda _label: None)  # committed: a company cannot be made in a transaction
		# The orders are rolled back, so that the next run of this test makes them anew. What waits for
		# a commit is done where the commit would be.
		cls.enterClassContext(patch.object(frappe.db, "commit", lambda: frappe.db.after_commit.run()))
		# Prints ask a served site for its styles
		cls.enterClassContext(patch.object(frappe, "attach_print", cls.attach_print))
		cls.was_there = bool(report.Report(STORIES[-1]).carrier.lead_name())
		cls.interrupt(after=50)
		cls.outcome = runner.run()
		cls.counts = cls.count()
		cls.again = runner.run()

	@staticmethod
	def attach_print(doctype, name, **_options):
		return {"fname": f"{doctype} {name}.pdf", "fcontent": sample_pdf()}

	@classmethod
	def interrupt(cls, after: int) -> None:
		"""Run the demo and stop it after some steps; what they committed stays."""
		labels = []

		def progress(label):
			labels.append(label)
			if len(labels) > after:
				raise Interrupted

		rollback = frappe.db.rollback
		with patch.object(
			frappe.db, "rollback", lambda *, save_point=None: save_point and rollback(save_point=save_point)
		):
			try:
				runner.run(progress)
			except Interrupted:
				pass

	@staticmethod
	def count() -> dict[str, int]:
		return {doctype: frappe.db.count(doctype) for doctype in COUNTED}

	def test_every_order_stands_where_it_should(self):
		self.assertEqual(self.outcome.stopped, {})
		stages = [report.Report(story).stage() for story in STORIES]
		self.assertEqual(
			stages,
			[
				"Opportunity",
				"Quoted",
				"Draft",
				"Pending Approval",
				"Credit Hold",
				"Draft (Sent Back)",
				"In Production",
				"Pending Approval (Change Review)",
				"Final Pack",
				"Final Pack",
				"QA",
				"Awaiting Clearance",
				"Ready to Ship",
				"Partially Shipped",
				"Invoiced",
				"Partially Shipped",
				"Closed",
			],
		)

	def test_goes_on_where_it_was_interrupted(self):
		if self.was_there:
			self.skipTest("This site has the demo already, so nothing could be interrupted")
		self.assertGreater(self.outcome.found, 0)
		self.assertGreater(self.outcome.taken, 0)
		steps = runner.total_steps() - runner.PREPARATIONS
		self.assertEqual(self.outcome.found + self.outcome.taken, steps)

	def test_a_second_run_adds_nothing(self):
		self.assertEqual((self.again.taken, self.again.stopped), (0, {}))
		self.assertEqual(self.count(), self.counts)

	def test_goods_that_came_in_fewer_transfers_are_not_brought_again(self):
		carrier = report.Report(story_with("Closed")).carrier
		first, *others = carrier.transfers()
		self.assertTrue(others)
		for name in others:
			frappe.db.set_value("Stock Entry Detail", {"parent": name}, "parent", first)
		self.assertFalse(carrier.transfer(0))

	def test_release_records_of_the_closed_order_name_who_did_it(self):
		found = report.Report(story_with("Closed"))
		documents = [("Sales Order", found.order), ("Delivery Note", found.carrier.notes()[0])]
		passed = [
			(record.gate, record.user)
			for doctype, name in documents
			for record in frappe.get_all(
				"Release Record",
				filters={"reference_doctype": doctype, "reference_name": name, "kind": "Passage"},
				fields=["gate", "user"],
				order_by="creation, name",
			)
		]
		self.assertEqual(
			passed,
			[
				("request_approval", people.SUPPORT.email),
				("approve", people.APPROVER.email),
				("complete_packing", people.PACKER.email),
				("release_documents", people.QUALITY.email),
				("clear", people.CLEARANCE.email),
				("ship", people.SHIPPER.email),
			],
		)

	def test_the_closed_order_went_through_all_fourteen_steps(self):
		events = report.Report(story_with("Closed")).events()
		self.assertEqual({event.step for event in events} - {0}, set(range(1, 15)))
		self.assertIn("heat H51104, H51326", " ".join(event.what for event in events))

	def test_mails_reach_the_departments_and_the_customer_and_nobody_else(self):
		mails = [event for event in report.Report(story_with("Closed")).events() if not event.step]
		self.assertEqual(
			[(event.document, event.who) for event in mails],
			[
				("Mail, sent", people.CYLINDERS.email),
				("Mail, sent", people.ELECTRONICS.email),
				# acknowledgement, shipment, invoice and thanks
				*[("Mail, sent", "helen.marsh@bluewater.example")] * 4,
			],
		)
		recipients = frappe.get_all(
			"Email Queue Recipient",
			filters={
				"parent": ["in", frappe.get_all("Email Queue", {"email_account": ACCOUNT}, pluck="name")]
			},
			pluck="recipient",
		)
		self.assertEqual([address for address in recipients if not address.endswith(".example")], [])
		self.assertFalse(frappe.db.get_value("Email Account", ACCOUNT, "enable_outgoing"))

	def test_the_table_fits_a_hundred_columns(self):
		lines = [*report.heading(), *report.overview(STORIES)]
		for story in STORIES:
			lines += report.lines_of(story)
		self.assertEqual([line for line in lines if len(line) > report.WIDTH], [])
		self.assertEqual(report.WIDTH, 100)

	def test_stays_in_its_own_company(self):
		demo_people = {person.email for person in people.PEOPLE}
		for doctype in ("Sales Order", "Delivery Note", "Sales Invoice", "Payment Entry"):
			companies = frappe.get_all(
				doctype, filters={"owner": ["in", list(demo_people)]}, pluck="company", distinct=True
			)
			self.assertEqual(companies, [COMPANY], doctype)
