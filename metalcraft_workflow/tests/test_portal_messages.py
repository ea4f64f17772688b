"""Questions of customers on an order, and what they see of the answers."""

import frappe
from frappe.desk.form.load import get_communications
from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.portal import messages
from metalcraft_workflow.tests.support import factories, money, rest
from metalcraft_workflow.tests.support.factories import APPROVER, QA, SUPPORT, as_user
from metalcraft_workflow.tests.support.mail_account import make_account

ASK = "metalcraft_workflow.portal.messages.ask"


class TestPortalMessages(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		make_account()
		cls.customer = factories.make_customer(f"Asker {frappe.generate_hash(length=6)}")
		cls.user = money.portal_user(cls.customer)
		cls.colleague = money.portal_user(cls.customer)
		cls.stranger = money.portal_user(factories.make_customer("MT Stranger"))
		cls.order = factories.make_order(customer=cls.customer)
		money.commit()

	def setUp(self):
		frappe.set_user("Administrator")
		rest.forget_rate_limits()

	def seen(self, user: str) -> list[dict]:
		path = f"/api/method/metalcraft_workflow.portal.messages.get_messages?order={self.order.name}"
		return rest.request(user, "GET", path).data

	def mail(self, recipients: str, content: str, user: str = SUPPORT, **fields):
		"""Write a mail from the order's form, as "New Email" does."""
		answer = rest.call(
			user,
			"frappe.core.doctype.communication.email.make",
			doctype="Sales Order",
			name=self.order.name,
			subject="Your order",
			content=content,
			recipients=recipients,
			send_email=1,
			**fields,
		)
		self.assertEqual(answer.status, 200, answer.words)
		return answer.data["name"]

	def test_question_and_answer(self):
		self.assertEqual(
			rest.call(self.user, ASK, order=self.order.name, text="When <b>exactly</b>?\r\n2 & 3").status, 200
		)
		question = frappe.get_last_doc("Communication", {"reference_name": self.order.name})
		self.assertEqual(
			(question.sender, question.sent_or_received, question.communication_type),
			(self.user, "Received", "Communication"),
		)
		# on the timeline of the form, as text
		with as_user(SUPPORT):
			rows = get_communications("Sales Order", self.order.name)
		(content,) = [row.content for row in rows if row.name == question.name]
		self.assertIn("&lt;b&gt;exactly&lt;/b&gt;?<br>2 &amp; 3", content)

		answer = self.mail(
			self.user, "<p>On <b>Friday</b>.</p><p>Ann</p><blockquote>When exactly?</blockquote>"
		)
		queued = frappe.get_all("Email Queue", {"communication": answer}, pluck="name")
		self.assertEqual(
			frappe.get_all("Email Queue Recipient", {"parent": ("in", queued)}, pluck="recipient"),
			[self.user],
		)
		for user in (self.user, self.colleague):
			sent = self.seen(user)
			self.assertEqual(set(sent[0]), set(messages.MESSAGE_FIELDS))
			self.assertEqual(
				[(row["from_us"], row["text"]) for row in sent[-2:]],
				[(False, "When <b>exactly</b>?\n2 & 3"), (True, "On Friday.\nAnn")],
			)
		self.assertIsNone(self.seen(self.stranger))

	def test_what_is_among_ourselves_is_not_shown(self):
		before = len(self.seen(self.user))
		self.mail(QA, "Internal: the customer must not know")
		self.mail("somebody@supplier.test", "Internal: to a supplier", cc=QA)
		self.mail("somebody@supplier.test", "Internal: hidden copy", bcc=self.user)
		self.order.add_comment("Comment", "Internal: a comment")
		frappe.get_doc(
			{
				"doctype": "Communication",
				"communication_type": "Communication",
				"communication_medium": "Email",
				"sent_or_received": "Received",
				"sender": "somebody@supplier.test",
				"recipients": self.user,
				"subject": "Internal",
				"content": "Internal: from a supplier",
				"reference_doctype": "Sales Order",
				"reference_name": self.order.name,
			}
		).insert()
		self.assertEqual(len(self.seen(self.user)), before)

	def test_customer_support_is_told(self):
		money.commit()
		with as_user(self.user):
			messages.ask(self.order.name, "Hello?")
		told = frappe.get_all("Notification Log", {"document_name": self.order.name}, ["for_user", "subject"])
		users = {row.for_user for row in told if "has a question" in row.subject}
		# Who else is in Customer Support on this site is told too
		self.assertLessEqual({SUPPORT, "support2@metalcraft.test"}, users)
		self.assertFalse(users & {self.user, APPROVER, factories.MANAGER})

	def test_a_question_is_stored_once_however_often_it_is_sent(self):
		def stored() -> int:
			return frappe.db.count(
				"Communication", {"reference_name": self.order.name, "content": "Is it on its way?"}
			)

		for _ in range(3):
			answer = rest.call(self.user, ASK, order=self.order.name, text="Is it on its way?")
			self.assertEqual(answer.status, 200)
		self.assertEqual(stored(), 1)
		# a colleague asks for themselves, and after an answer it is a new question
		rest.call(self.colleague, ASK, order=self.order.name, text="Is it on its way?")
		self.mail(self.user, "Yes, it is.")
		rest.call(self.user, ASK, order=self.order.name, text="Is it on its way?")
		self.assertEqual(stored(), 3)

	def test_nothing_too_long_and_nothing_of_others(self):
		for status, user, text in (
			(417, self.user, "  \n "),
			(417, self.user, "x" * (messages.MOST_CHARACTERS + 1)),
			(404, self.stranger, "Whose is it?"),
			(403, "Guest", "Who am I?"),
			(403, SUPPORT, "From the house"),
		):
			with self.subTest(user=user, length=len(text)):
				self.assertEqual(rest.call(user, ASK, order=self.order.name, text=text).status, status)

	def test_nobody_floods_us(self):
		answers = [rest.call(self.stranger, ASK, order=self.order.name, text="?").status for _ in range(31)]
		self.assertEqual(answers, [404] * 30 + [429])
