import base64
import io
import re
from unittest.mock import patch

import frappe
import pyqrcode
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, add_to_date, getdate, now_datetime, nowdate
from frappe.utils.html_utils import unescape_html
from PIL import Image

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.outgoing import production_notices as outbox
from metalcraft_workflow.tests.support import concurrency, factories
from metalcraft_workflow.tests.support.factories import (
	APPROVER,
	MANAGER,
	PACKER,
	PRODUCER,
	SUPPORT,
	act,
	approve,
	as_user,
	change_quantity,
	make_bundle,
	make_department,
	make_item,
	make_order,
)
from metalcraft_workflow.tests.support.mail_account import forget_accounts, make_account, without_account

SECOND = "approver2@metalcraft.test"
FIELDS = ["name", "department", "revision", "kind", "status", "error", "email_queue", "sales_order"]


def notices_of(*orders):
	return frappe.get_all(
		"Production Notice",
		{"sales_order": ["in", [order.name for order in orders]]},
		FIELDS,
		order_by="creation, revision, department",
	)


def mails_about(notice) -> list[str]:
	return frappe.get_all(
		"Email Queue", {"reference_doctype": "Production Notice", "reference_name": notice.name}, pluck="name"
	)


def text_of(notice) -> str:
	"""The mail of a notice as its reader sees it: subject and plain text."""
	from email import message_from_string, policy

	mail = message_from_string(
		frappe.db.get_value("Email Queue", notice.email_queue, "message"), policy=policy.SMTP
	)
	body = mail.get_body(("html",)).get_content()
	text = " ".join(unescape_html(frappe.utils.strip_html(body.split("</style>")[-1])).split())
	return f"{mail['subject']}\n{text}"


def item_for(department: str, code: str, **fields) -> str:
	"""An item that names its department itself."""
	return make_item(code, production_departments=[{"department": department}], **fields)


def make_group(name: str, parent: str = "All Item Groups", *departments: str, is_group: int = 0) -> str:
	if not frappe.db.exists("Item Group", name):
		frappe.get_doc(
			{
				"doctype": "Item Group",
				"item_group_name": name,
				"parent_item_group": parent,
				"is_group": is_group,
				"production_departments": [{"department": department} for department in departments],
			}
		).insert()
	return name


class ProductionCase(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()

	def setUp(self):
		make_account()
		self.cylinder = item_for("Cylinders", "MT-P-CYL")
		self.board = item_for("Electronics", "MT-P-PCB")

	def tearDown(self):
		frappe.db.rollback()
		forget_accounts()

	def facts(self, *orders):
		return [(row.department, row.revision, row.kind, row.status) for row in notices_of(*orders)]


class TestApprovedOrders(ProductionCase):
	def test_each_department_gets_one_notice_and_one_mail_with_its_own_lines(self):
		order = approve(
			make_order((self.cylinder, 10, 100), (self.board, 4, 50), production_notes="Gap < 2 mm")
		)
		self.assertEqual(
			self.facts(order), [("Cylinders", 1, "New", "Queued"), ("Electronics", 1, "New", "Queued")]
		)
		cylinders, electronics = notices_of(order)
		for notice in (cylinders, electronics):
			self.assertEqual(mails_about(notice), [notice.email_queue])
		text = text_of(electronics)
		self.assertIn(f"New order {order.name} for Electronics", text)
		for expected in (self.board, "4", order.po_no, "Gap < 2 mm"):
			self.assertIn(expected, text)
		self.assertNotIn(self.cylinder, text)
		recipients = frappe.get_all(
			"Email Queue Recipient", {"parent": electronics.email_queue}, pluck="recipient"
		)
		self.assertEqual(recipients, ["electronics@metalcraft.test"])

	def test_traveller_is_rendered_when_the_mail_is_sent(self):
		order = approve(make_order((self.cylinder, 10, 100)))
		mail = frappe.get_doc("Email Queue", notices_of(order)[0].email_queue)
		(attachment,) = mail.attachments_list
		self.assertEqual(
			(attachment["print_format_attachment"], attachment["name"], attachment["print_format"]),
			(1, order.name, "Work Order Traveller"),
		)
		self.assertNotIn("application/pdf", mail.message)

	def test_the_traveller_has_the_order_as_a_code_to_scan(self):
		order = approve(make_order((self.cylinder, 10, 100)))
		html = frappe.get_print("Sales Order", order.name, "Work Order Traveller")
		(picture,) = re.findall(r'src="data:image/png;base64,([^"]+)"', html)
		image = Image.open(io.BytesIO(base64.b64decode(picture)))
		# what the library makes of the name, four pixels a point, with two points of white around it
		code = pyqrcode.create(order.name, error="M").code
		seen = [
			[int(not image.getpixel((4 * x + 1, 4 * y + 1))) for x in range(image.width // 4)]
			for y in range(image.height // 4)
		]
		self.assertEqual([row[2:-2] for row in seen[2:-2]], code)
		self.assertFalse(any(map(any, (*seen[:2], *seen[-2:]))))

	def test_nothing_is_told_before_the_approval_nor_when_it_is_rolled_back(self):
		order = make_order((self.cylinder, 10, 100))
		act(order, "Request Approval", SUPPORT)
		self.assertEqual(notices_of(order), [])
		frappe.db.savepoint("before_approval")
		act(order, "Approve", APPROVER)
		self.assertTrue(notices_of(order))
		frappe.db.rollback(save_point="before_approval")
		self.assertEqual(notices_of(order), [])


class TestRouting(ProductionCase):
	"""Who is told of a line: item, nearest group, default."""

	def told(self, item: str) -> list[str]:
		order = approve(make_order((item, 1, 10)))
		return [row.department for row in notices_of(order)]

	def test_item_then_nearest_group_then_default(self):
		make_department("Valves")
		make_group("MT Upper", "All Item Groups", "Electronics", is_group=1)
		make_group("MT Lower", "MT Upper", "Valves")
		make_group("MT Empty", "MT Upper")
		self.assertEqual(self.told(item_for("Cylinders", "MT-R-1", item_group="MT Lower")), ["Cylinders"])
		self.assertEqual(self.told(make_item("MT-R-2", item_group="MT Lower")), ["Valves"])
		self.assertEqual(self.told(make_item("MT-R-3", item_group="MT Empty")), ["Electronics"])
		self.assertEqual(self.told(make_item("MT-R-4")), ["Cylinders"])

	def test_a_group_may_tell_two(self):
		make_group("MT Both", "All Item Groups", "Electronics", "Cylinders")
		self.assertEqual(self.told(make_item("MT-R-5", item_group="MT Both")), ["Cylinders", "Electronics"])

	def test_inactive_departments_are_passed_over(self):
		make_department("Foundry")
		make_group("MT Cast", "All Item Groups", "Electronics")
		item = item_for("Foundry", "MT-R-6", item_group="MT Cast")
		frappe.db.set_value("Production Department", "Foundry", "active", 0)
		self.assertEqual(self.told(item), ["Electronics"])

	def test_a_variant_goes_where_its_template_goes(self):
		variant = make_item("MT-R-7")
		frappe.db.set_value("Item", variant, "variant_of", self.board)
		self.assertEqual(self.told(variant), ["Electronics"])

	def test_line_that_goes_nowhere_blocks_the_approval(self):
		settings = frappe.get_doc("Metalcraft Settings")
		settings.default_production_department = None
		settings.save()
		lost = make_item("MT-R-LOST")
		order = make_order((self.cylinder, 1, 10), (lost, 1, 10))
		act(order, "Request Approval", SUPPORT)
		with self.assertRaises(GateNotMet) as refused:
			act(order, "Approve", APPROVER)
		self.assertIn(f"No production department makes {lost} (#2)", str(refused.exception))
		self.assertIn(f"/item/{lost}", str(refused.exception))

	def test_waived_line_is_told_to_nobody(self):
		from metalcraft_workflow.gates.waiver import waive

		settings = frappe.get_doc("Metalcraft Settings")
		settings.default_production_department = None
		settings.save()
		order = make_order((self.cylinder, 1, 10), (make_item("MT-R-LOST"), 1, 10))
		act(order, "Request Approval", SUPPORT)
		with as_user(MANAGER):
			waive("Sales Order", order.name, "approve", "routed", "Bought ready-made")
		order = act(order, "Approve", APPROVER)
		self.assertEqual(order.docstatus, 1)
		self.assertEqual([row.department for row in notices_of(order)], ["Cylinders"])

	def test_services_go_only_where_they_are_named(self):
		service = make_item("MT-R-SVC", is_stock_item=0, item_defaults=[])
		named = item_for("Electronics", "MT-R-SVC2", is_stock_item=0, item_defaults=[])
		self.assertEqual(self.told(service), [])
		self.assertEqual(self.told(named), ["Electronics"])

	def test_what_the_supplier_delivers_is_nobodys_work(self):
		order = make_order((self.cylinder, 1, 10), (self.board, 1, 10))
		order.items[1].update({"delivered_by_supplier": 1, "supplier": make_supplier()})
		with as_user(SUPPORT):
			order.save()
		self.assertEqual([row.department for row in notices_of(approve(order))], ["Cylinders"])

	def test_bundle_is_made_part_by_part_or_whole(self):
		kit = make_bundle("MT-R-KIT", {self.cylinder: 2, self.board: 1})
		order = approve(make_order((kit, 3, 100)))
		lines = frappe.get_all(
			"Production Notice Item",
			{"parent": ["in", [row.name for row in notices_of(order)]]},
			["item_code", "qty", "description"],
			order_by="item_code",
		)
		self.assertEqual(
			[tuple(row.values()) for row in lines],
			[(self.cylinder, 6, f"Part of {kit}"), (self.board, 3, f"Part of {kit}")],
		)
		frappe.get_doc(
			{
				"doctype": "Item Production Department",
				"parenttype": "Item",
				"parentfield": "production_departments",
				"parent": kit,
				"department": "Electronics",
			}
		).insert()
		self.assertEqual(self.told(kit), ["Electronics"])

	def test_routing_takes_as_many_queries_for_ten_lines_as_for_one(self):
		from metalcraft_workflow.steps.production import routes_of

		order = make_order(*[(make_item(f"MT-R-Q{number}"), 1, 10) for number in range(10)])
		with self.assertQueryCount(3):
			self.assertEqual(len(routes_of(order)), 10)


class TestChanges(ProductionCase):
	"""What departments are told when an order changes, is amended or cancelled."""

	def lines(self, notice):
		return [
			(row.item_code, row.qty, row.change or "")
			for row in frappe.get_doc("Production Notice", notice.name).items
		]

	def test_change_goes_to_those_it_concerns(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		change_quantity(order, 12)
		self.assertEqual(len(notices_of(order)), 2)
		act(order, "Accept Changes", SECOND)
		self.assertEqual(self.facts(order)[2:], [("Cylinders", 2, "Change", "Queued")])
		notice = notices_of(order)[2]
		self.assertEqual(self.lines(notice), [(self.cylinder, 12, "Quantity 12 Nos, was 10 Nos")])
		text = text_of(notice)
		self.assertIn(f"Changed: order {order.name} for Cylinders", text)
		self.assertIn("Quantity 12 Nos, was 10 Nos", text)

	def test_change_of_price_alone_tells_nobody(self):
		order = approve(make_order((self.cylinder, 10, 100)))
		update_lines(order, lambda rows: rows[0].update(rate=120))
		act(order, "Accept Changes", SECOND)
		self.assertEqual(len(notices_of(order)), 1)

	def test_department_that_loses_its_lines_is_told_to_stop(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		update_lines(order, lambda rows: rows.pop())
		act(order, "Accept Changes", SECOND)
		self.assertEqual(self.facts(order)[2:], [("Electronics", 2, "Cancel", "Queued")])
		self.assertEqual(self.lines(notices_of(order)[2]), [(self.board, 4, "")])
		self.assertIn("Please stop", text_of(notices_of(order)[2]))
		update_lines(
			order,
			lambda rows: rows.append(
				{"item_code": self.board, "qty": 5, "rate": 50, "delivery_date": str(order.delivery_date)}
			),
		)
		act(order, "Accept Changes", SECOND)
		self.assertEqual(self.facts(order)[3:], [("Electronics", 3, "New", "Queued")])

	def test_change_of_the_ship_date(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		later = add_days(nowdate(), 30)
		update_lines(order, lambda rows: rows[1].update(delivery_date=later))
		act(order, "Accept Changes", SECOND)
		self.assertEqual(self.facts(order)[2:], [("Electronics", 2, "Change", "Queued")])
		notice = frappe.get_doc("Production Notice", notices_of(order)[2].name)
		self.assertEqual(notice.ship_date, getdate(later))
		self.assertIn("Ship date", notice.items[0].change)

	def test_notes_go_to_everybody_who_works_on_it(self):
		order = approve(make_order((self.cylinder, 10, 100)))
		with as_user(APPROVER):
			order.reload()
			order.production_notes = "Mark with the tag of the ship"
			order.save()
			order.keep_open = 1
			order.save()
		self.assertEqual(self.facts(order)[1:], [("Cylinders", 2, "Change", "Queued")])
		self.assertIn("The notes changed.", text_of(notices_of(order)[1]))

	def test_cancelled_order_stops_everybody_who_was_told(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		act(order, "Cancel Order", APPROVER, "The customer withdrew")
		self.assertEqual(
			self.facts(order)[2:],
			[("Cylinders", 2, "Cancel", "Queued"), ("Electronics", 2, "Cancel", "Queued")],
		)
		mail = frappe.get_doc("Email Queue", notices_of(order)[2].email_queue)
		self.assertEqual(mail.attachments_list, [])

	def test_mail_that_waits_when_its_order_is_cancelled_loses_the_traveller(self):
		"""Frappe prints no cancelled order, so the mail would never leave the queue."""
		order = approve(make_order((self.cylinder, 10, 100)))
		act(order, "Cancel Order", APPROVER, "The customer withdrew")
		first = frappe.get_doc("Email Queue", notices_of(order)[0].email_queue)
		self.assertEqual(first.attachments_list, [])

	def test_amended_order_continues_the_revisions(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		act(order, "Cancel Order", APPROVER, "Wrong quantity")
		amended = amend(order)
		with as_user(SUPPORT):
			amended.items[0].qty = 8
			amended.save()
		amended = approve(amended)
		self.assertEqual(
			self.facts(amended),
			[("Cylinders", 3, "Change", "Queued"), ("Electronics", 3, "Change", "Queued")],
		)
		cylinders, electronics = notices_of(amended)
		self.assertEqual(self.lines(cylinders), [(self.cylinder, 8, "Quantity 8 Nos, was 10 Nos")])
		self.assertIn(f"Replaces order {order.name}. Nothing changed for you.", text_of(electronics))

	def test_order_outside_the_process_tells_nobody(self):
		order = make_order((self.cylinder, 10, 100))
		act(order, "Request Approval", SUPPORT)
		frappe.db.set_value("Sales Order", order.name, "follows_process", 0)
		act(order, "Approve", APPROVER)
		self.assertEqual(notices_of(order), [])

	def test_revision_is_unique_in_the_database(self):
		order = approve(make_order((self.cylinder, 10, 100)))
		again = frappe.copy_doc(frappe.get_doc("Production Notice", notices_of(order)[0].name))
		again.flags.by_process = True
		with self.assertRaises(frappe.UniqueValidationError):
			again.insert()


class TestOutbox(ProductionCase):
	"""Whatever happens to the mail: the approval stands, and the department is told once."""

	def approved(self, *lines):
		order = approve(make_order(*(lines or ((self.cylinder, 10, 100),))))
		self.assertEqual(order.docstatus, 1)
		return order

	def notice(self, order):
		return frappe.get_doc("Production Notice", notices_of(order)[0].name)

	def deliver(self, notice):
		outbox.deliver_one(notice.name)
		return notice.reload()

	def approved_with_jobs(self):
		"""An order that was approved where a worker does the jobs; the jobs that send something."""
		order = make_order((self.cylinder, 10, 100), contact_email="buyer@customer.test")
		act(order, "Request Approval", SUPPORT)
		jobs = []
		with patch("frappe.enqueue", lambda method, **given: jobs.append((method, given))):
			act(order, "Approve", APPROVER)
		return order, [
			(frappe.get_attr(method), {key: given[key] for key in ("names", "order") if key in given})
			for method, given in jobs
			if method.endswith(("send_new", "mail_acknowledgement"))
		]

	def test_whoever_approves_waits_for_no_mail(self):
		mails = frappe.db.count("Email Queue")
		order, jobs = self.approved_with_jobs()
		self.assertEqual(self.facts(order), [("Cylinders", 1, "New", "Pending")])
		self.assertEqual(frappe.db.count("Email Queue"), mails)
		for job, given in [*jobs, *jobs]:  # a worker may do one twice
			job(**given)
		self.assertEqual(self.facts(order), [("Cylinders", 1, "New", "Queued")])
		self.assertEqual(len(mails_about(notices_of(order)[0])), 1)
		self.assertEqual(frappe.db.count("Email Queue"), mails + 2, "a notice and an acknowledgement")

	def test_whoever_approved_is_notified_of_a_mail_that_was_not_made(self):
		without_account()
		order, jobs = self.approved_with_jobs()
		with as_user(APPROVER):
			frappe.local.job = frappe._dict(method="a job")
			try:
				for job, given in jobs:
					job(**given)
			finally:
				del frappe.local.job
		logs = frappe.get_all(
			"Notification Log",
			{"for_user": APPROVER, "document_name": ["in", [order.name, notices_of(order)[0].name]]},
			pluck="subject",
		)
		self.assertIn("Cylinders was not told by mail yet", " ".join(logs))
		self.assertIn("The customer was not mailed the order acknowledgement", " ".join(logs))

	def test_no_account(self):
		without_account()
		frappe.local.message_log = []
		order = self.approved()
		notice = self.notice(order)
		self.assertEqual((notice.status, notice.email_queue), ("Failed", None))
		self.assertIn("No outgoing email account", notice.error)
		self.assertNotIn("Please setup default outgoing", str(frappe.local.message_log))
		self.assertIn("Cylinders was not told by mail yet", str(frappe.local.message_log))
		self.deliver(notice)
		self.assertEqual(notice.status, "Failed")
		make_account()
		self.deliver(notice)
		self.deliver(notice)
		self.assertEqual((notice.status, notice.error), ("Queued", ""))
		self.assertEqual(len(mails_about(notice)), 1)

	def run_scheduler(self, notice, hours: float = 0):
		"""What the scheduler does, `hours` after the notice was tried last."""
		if hours:
			tried_on = add_to_date(None, minutes=-60 * hours)
			notice.db_set("tried_on", tried_on, update_modified=False)
		with patch.object(frappe.db, "commit"):
			outbox.deliver()
		return notice.reload()

	def test_what_could_not_be_queued_rests_before_it_is_tried_again(self):
		without_account()
		notice = self.notice(self.approved())
		for _tick in range(3):
			self.run_scheduler(notice)
		self.assertEqual((notice.status, notice.attempts), ("Failed", 1))
		self.run_scheduler(notice, hours=1.1)
		self.assertEqual((notice.status, notice.attempts), ("Failed", 2))
		make_account()
		self.assertEqual(self.run_scheduler(notice, hours=0.5).status, "Failed")
		self.assertEqual(self.run_scheduler(notice, hours=1.1).status, "Queued")
		self.assertEqual(len(mails_about(notice)), 1)

	def test_send_again_does_not_rest(self):
		without_account()
		notice = self.notice(self.approved())
		make_account()
		with as_user(PRODUCER):
			outbox.send_again(notice.name)
		self.assertEqual(notice.reload().status, "Queued")

	def test_one_run_takes_so_many_and_leaves_none_behind(self):
		# What else is on this site is no concern of this test
		frappe.db.set_value("Production Notice", {"sent_on": ["is", "not set"]}, "sent_on", nowdate())
		frappe.db.set_value("Production Notice", {"status": ["!=", "Done"]}, "status", "Done")
		names = [self.notice(self.approved()).name for _number in range(3)]
		with patch.object(outbox, "MAX_A_RUN", 2), patch.object(frappe.db, "commit"):
			self.assertEqual(outbox.open_notices(), names[:2])
			outbox.deliver()
			self.assertEqual(outbox.open_notices(), [names[2], names[0]])
			# also one that breaks makes way for the others
			with patch.object(outbox, "deliver_one", side_effect=ZeroDivisionError):
				with patch.object(frappe.db, "rollback"):
					outbox.deliver()
			self.assertEqual(outbox.open_notices(), [names[1], names[2]])

	def test_notices_are_kept(self):
		notice = self.notice(self.approved())
		for user in (PRODUCER, MANAGER, "Administrator"):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				frappe.delete_doc("Production Notice", notice.name, force=True)
		with self.assertRaisesRegex(frappe.PermissionError, "kept on record"):
			notice.delete(ignore_permissions=True)
		self.assertTrue(frappe.db.exists("Production Notice", notice.name))

	def test_bad_address_is_left_out_and_named(self):
		department = frappe.get_doc("Production Department", "Cylinders")
		bad = department.append("recipients", {"email": "nobody@nowhere.test"})
		department.save()
		bad.db_set("email", "no address")
		notice = self.notice(self.approved())
		self.assertEqual((notice.status, notice.recipients), ("Queued", "cylinders@metalcraft.test"))
		self.assertEqual(notice.not_told, "no address")

	def test_department_without_recipients(self):
		make_department("Silent")
		frappe.db.delete("Production Recipient", {"parent": "Silent"})
		notice = self.notice(self.approved((item_for("Silent", "MT-P-SIL"), 1, 10)))
		self.assertEqual(notice.status, "Failed")
		self.assertIn("Silent has nobody to tell", notice.error)
		department = frappe.get_doc("Production Department", "Silent")
		department.append("recipients", {"user": PRODUCER})
		department.save()
		self.assertEqual(self.deliver(notice).status, "Queued")

	def test_users_and_role_holders_are_told_once(self):
		department = frappe.get_doc("Production Department", "Cylinders")
		department.role = "Production"
		department.append("recipients", {"user": PRODUCER})
		department.append("recipients", {"email": PRODUCER.upper()})
		department.save()
		notice = self.notice(self.approved())
		recipients = notice.recipients.lower().split("\n")
		self.assertEqual(recipients.count(PRODUCER), 1)
		self.assertIn("cylinders@metalcraft.test", recipients)

	def test_disabled_user_is_not_mailed(self):
		department = frappe.get_doc("Production Department", "Cylinders")
		department.append("recipients", {"user": PRODUCER})
		department.save()
		frappe.db.set_value("User", PRODUCER, "enabled", 0)
		notice = self.notice(self.approved())
		self.assertEqual(notice.recipients, "cylinders@metalcraft.test")
		self.assertEqual(notice.not_told, PRODUCER)

	def test_broken_template_does_not_stop_the_approval(self):
		with patch.object(outbox, "subject", side_effect=ZeroDivisionError("by zero")):
			notice = self.notice(self.approved())
		self.assertEqual(notice.status, "Failed")
		self.assertIn("by zero", notice.error)
		self.assertEqual(self.deliver(notice).status, "Queued")

	def test_deadlock_is_not_swallowed(self):
		"""The database has rolled everything back by then: the approval must not seem to stand."""
		order = make_order((self.cylinder, 1, 10))
		act(order, "Request Approval", SUPPORT)
		with patch.object(outbox, "subject", side_effect=frappe.QueryDeadlockError):
			with self.assertRaises(frappe.QueryDeadlockError):
				act(order, "Approve", APPROVER)

	def test_sent(self):
		notice = self.notice(self.approved())
		self.assertEqual(self.deliver(notice).status, "Queued")
		frappe.db.set_value("Email Queue", notice.email_queue, "status", "Sent")
		self.deliver(notice)
		self.assertEqual(notice.status, "Sent")
		self.assertTrue(notice.sent_on)
		self.assertNotIn(notice.name, outbox.open_notices())

	def test_mail_server_down_then_up(self):
		notice = self.notice(self.approved())
		error = "Traceback\nfrappe.exceptions.ValidationError: Invalid Outgoing Mail Server or Port: refused"
		frappe.db.set_value("Email Queue", notice.email_queue, {"retry": 1, "error": error})
		self.deliver(notice)
		self.assertEqual(notice.status, "Failed")
		self.assertIn("The mail server could not be reached", notice.error)
		# Frappe has given up
		frappe.db.set_value("Email Queue", notice.email_queue, {"retry": 3, "status": "Error"})
		self.deliver(notice)
		self.assertEqual(frappe.db.get_value("Email Queue", notice.email_queue, "status"), "Error")
		frappe.db.set_value(
			"Email Queue", notice.email_queue, "modified", add_to_date(None, hours=-2), update_modified=False
		)
		self.deliver(notice)
		self.assertEqual(
			frappe.db.get_value("Email Queue", notice.email_queue, ["status", "retry"]), ("Not Sent", 0)
		)
		frappe.db.set_value("Email Queue", notice.email_queue, "status", "Sent")
		self.deliver(notice)
		self.assertEqual((notice.status, notice.error), ("Sent", ""))
		self.assertEqual(len(mails_about(notice)), 1)

	def test_traveller_that_cannot_be_printed_is_left_off(self):
		notice = self.notice(self.approved())
		error = "File email_queue.py, in include_attachments\nOSError: wkhtmltopdf is not installed"
		frappe.db.set_value(
			"Email Queue", notice.email_queue, {"retry": 3, "error": error, "status": "Error"}
		)
		self.deliver(notice)
		self.assertIn("The traveller could not be printed: wkhtmltopdf", notice.error)
		with as_user(PRODUCER):
			outbox.send_again(notice.name)
		mail = frappe.get_doc("Email Queue", notice.email_queue)
		self.assertEqual((mail.status, mail.attachments_list), ("Not Sent", []))

	def test_refused_address_does_not_keep_the_others_waiting(self):
		department = frappe.get_doc("Production Department", "Cylinders")
		department.append("recipients", {"user": PRODUCER})
		department.save()
		notice = self.notice(self.approved())
		first, second = recipients_of(notice)
		error = f"smtplib.SMTPRecipientsRefused: {{'{first}': (550, b'no such user')}}"
		frappe.db.set_value("Email Queue", notice.email_queue, {"retry": 1, "error": error})
		for _time in range(2):
			self.deliver(notice)
			self.assertEqual(recipients_of(notice), [second, first])
		self.assertEqual(notice.error, f"The mail server refused an address: {first} (no such user)")

	def test_mail_deleted_from_the_queue_is_made_again(self):
		notice = self.notice(self.approved())
		frappe.delete_doc("Email Queue", notice.email_queue, force=True, ignore_permissions=True)
		self.deliver(notice)
		self.assertEqual((notice.status, len(mails_about(notice))), ("Queued", 1))

	def test_acknowledge_and_finish(self):
		order = self.approved()
		change_quantity(order, 12)
		act(order, "Accept Changes", SECOND)
		first, second = (frappe.get_doc("Production Notice", row.name) for row in notices_of(order))
		with as_user(PRODUCER):
			outbox.acknowledge(first.name)
			self.assertEqual((first.reload().status, first.acknowledged_by), ("Acknowledged", PRODUCER))
			outbox.finish(second.name)
		for notice in (first.reload(), second.reload()):
			self.assertEqual((notice.status, notice.done_by), ("Done", PRODUCER))
			self.assertTrue(notice.acknowledged_by)
		frappe.db.set_value("Email Queue", first.email_queue, "status", "Sent")
		self.deliver(first)
		self.assertEqual(first.status, "Done")
		self.assertTrue(first.sent_on)

	def test_who_may_acknowledge(self):
		notice = self.notice(self.approved())
		for user in (SUPPORT, APPROVER, PACKER):
			with as_user(user):
				for action in (outbox.acknowledge, outbox.finish):
					with self.assertRaises(frappe.PermissionError):
						action(notice.name)
		department = frappe.get_doc("Production Department", "Cylinders")
		department.append("recipients", {"user": PACKER})
		department.save()
		with as_user(PACKER):
			outbox.acknowledge(notice.name)
		self.assertEqual(notice.reload().acknowledged_by, PACKER)

	def test_nobody_acknowledges_for_another_department(self):
		notice = self.notice(self.approved())
		for name, user in (("Cylinders", PACKER), ("Electronics", PRODUCER)):
			department = frappe.get_doc("Production Department", name)
			department.append("recipients", {"user": user})
			department.save()
		for action in (outbox.acknowledge, outbox.finish):
			with as_user(PRODUCER), self.assertRaises(frappe.PermissionError) as refused:
				action(notice.name)
			self.assertIn("This notice is for Cylinders", str(refused.exception))

	def test_notices_are_not_edited(self):
		notice = self.notice(self.approved())
		for user in (PRODUCER, MANAGER, "Administrator"):
			with as_user(user), self.assertRaises(frappe.PermissionError):
				doc = frappe.get_doc("Production Notice", notice.name)
				doc.status = "Done"
				doc.save()

	def test_addresses_are_checked_when_they_are_entered(self):
		for rows in ([{"email": "no address"}], [{"email": "a@x.test, b@x.test"}], [{}]):
			with self.assertRaises(frappe.ValidationError):
				frappe.get_doc(
					{"doctype": "Production Department", "department_name": "MT Wrong", "recipients": rows}
				).insert()


def tell_the_hall(notice) -> dict:
	"""A channel as another app names one: there is no printer for electronics."""
	if notice.department == "Electronics":
		raise RuntimeError("the printer is out of paper")
	return {"status": "Sent", "sent_on": now_datetime(), "recipients": "printer in the hall"}


class TestChannel(ProductionCase):
	"""Another app sends the notices by a way of its own: `metalcraft_notice_channel`."""

	def setUp(self):
		super().setUp()
		real = frappe.get_hooks

		def get_hooks(hook=None, *args, **kwargs):
			found = real(hook, *args, **kwargs)
			return [*found, f"{__name__}.tell_the_hall"] if hook == "metalcraft_notice_channel" else found

		hooks = patch.object(frappe, "get_hooks", get_hooks)
		hooks.start()
		self.addCleanup(hooks.stop)

	def test_it_is_sent_that_way_and_not_by_mail(self):
		(notice,) = notices_of(approve(make_order((self.cylinder, 10, 100))))
		self.assertEqual((notice.status, notice.error, mails_about(notice)), ("Sent", "", []))
		self.assertEqual(
			frappe.db.get_value("Production Notice", notice.name, "recipients"), "printer in the hall"
		)
		self.assertNotIn(notice.name, outbox.open_notices())

	def test_what_goes_wrong_stands_on_the_notice_and_the_order_is_approved(self):
		order = approve(make_order((self.cylinder, 10, 100), (self.board, 4, 50)))
		self.assertEqual(order.workflow_state, "Approved")
		cylinders, electronics = notices_of(order)
		self.assertEqual((cylinders.status, electronics.status), ("Sent", "Failed"))
		self.assertIn("the printer is out of paper", electronics.error)
		self.assertNotIn(electronics.name, outbox.open_notices())
		frappe.db.set_value("Production Notice", electronics.name, "tried_on", add_to_date(None, hours=-2))
		self.assertIn(electronics.name, outbox.open_notices())


class TestSideBySide(ProductionCase):
	"""Two workers of the scheduler: real processes, real commits. What is made here stays on the site."""

	@classmethod
	def tearDownClass(cls):
		# the account, at least, has to go: others test what happens without one
		frappe.db.delete("Email Account", {"name": "MT Outgoing"})
		frappe.db.commit()
		super().tearDownClass()

	def test_two_workers_send_one_mail(self):
		without_account()
		order = approve(make_order((self.cylinder, 10, 100)))
		notice = frappe.get_doc("Production Notice", notices_of(order)[0].name)
		self.assertEqual(notice.status, "Failed")
		make_account()
		for overlap in (True, False):
			said = concurrency.run(*[("Administrator", "deliver", notice)] * 3, overlap=overlap)
			self.assertEqual(said, ["done"] * 3)
		self.assertEqual(notice.reload().status, "Queued")
		self.assertEqual(mails_about(notice), [notice.email_queue])


def recipients_of(notice) -> list[str]:
	return frappe.get_all(
		"Email Queue Recipient", {"parent": notice.email_queue}, pluck="recipient", order_by="idx"
	)


def update_lines(order, change) -> None:
	"""Change the lines of an approved order, as "Update Items" does."""
	from erpnext.controllers.accounts_controller import update_child_qty_rate

	order = frappe.get_doc("Sales Order", order.name)
	rows = [
		{
			"docname": row.name,
			"item_code": row.item_code,
			"qty": row.qty,
			"rate": row.rate,
			"uom": row.uom,
			"conversion_factor": row.conversion_factor,
			"delivery_date": str(row.delivery_date),
		}
		for row in order.items
	]
	change(rows)
	with as_user(APPROVER):
		update_child_qty_rate("Sales Order", frappe.as_json(rows), order.name)


def amend(order):
	"""A new draft of a cancelled order, with the customer's PO, as Customer Support makes it."""
	with as_user(SUPPORT):
		amended = frappe.copy_doc(frappe.get_doc("Sales Order", order.name))
		amended.update({"amended_from": order.name, "docstatus": 0, "workflow_state": None})
		for row in amended.get_all_children():
			row.docstatus = 0
		amended.po_no = frappe.generate_hash(length=8)
		amended.insert()
		factories.attach(amended, "customer_po_file", "purchase-order.pdf")
		amended.save()
	return amended


def make_supplier(name: str = "MT Supplier") -> str:
	if not frappe.db.exists("Supplier", name):
		frappe.get_doc(
			{"doctype": "Supplier", "supplier_name": name, "supplier_group": "All Supplier Groups"}
		).insert()
	return name
