import frappe
from frappe.email.doctype.email_account.email_account import EmailAccount
from frappe.tests.utils import FrappeTestCase
from frappe.utils import add_days, getdate, nowdate
from frappe.utils.html_utils import unescape_html

from metalcraft_workflow.gates.guard import GateNotMet
from metalcraft_workflow.metalcraft_workflow.doctype.production_notice import production_notice as outbox
from metalcraft_workflow.tests import factories
from metalcraft_workflow.tests.factories import (
	APPROVER,
	MANAGER,
	PACKER,
	PRODUCER,
	SUPPORT,
	act,
	approve,
	as_user,
	make_customer,
	make_department,
	make_item,
	make_order,
)

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


def make_account() -> None:
	"""An outgoing account, so that mails can be queued."""
	if not frappe.db.exists("Email Account", {"default_outgoing": 1, "enable_outgoing": 1}):
		frappe.get_doc(
			{
				"doctype": "Email Account",
				"email_account_name": "MT Outgoing",
				"email_id": "erp@metalcraft.test",
				"enable_outgoing": 1,
				"default_outgoing": 1,
				"smtp_server": "127.0.0.1",
				"smtp_port": 1,
				"no_smtp_authentication": 1,
			}
		).insert()
	forget_accounts()


def forget_accounts() -> None:
	"""Frappe keeps the outgoing account for the request."""
	for name in ("outgoing_email_account",):
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)


def without_account() -> None:
	frappe.db.set_value("Email Account", {"enable_outgoing": 1}, "enable_outgoing", 0)
	forget_accounts()


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
			make_order((self.cylinder, 10, 100), (self.board, 4, 50), production_notes="Paint it <red>")
		)
		self.assertEqual(
			self.facts(order), [("Cylinders", 1, "New", "Queued"), ("Electronics", 1, "New", "Queued")]
		)
		cylinders, electronics = notices_of(order)
		for notice in (cylinders, electronics):
			self.assertEqual(mails_about(notice), [notice.email_queue])
		text = text_of(electronics)
		self.assertIn(f"New order {order.name} for Electronics", text)
		for expected in (self.board, "4", order.po_no, "Paint it <red>"):
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

	def test_nothing_is_told_before_the_approval_nor_when_it_is_rolled_back(self):
		order = make_order((self.cylinder, 10, 100))
		act(order, "Request Approval", SUPPORT)
		self.assertEqual(notices_of(order), [])
		frappe.db.savepoint("before_approval")
		act(order, "Approve", APPROVER)
		self.assertTrue(notices_of(order))
		frappe.db.rollback(save_point="before_approval")
		self.assertEqual(notices_of(order), [])
