"""Steps 1-3: from lead to customer."""

import threading

import frappe
from erpnext.crm.doctype.lead.lead import make_customer, make_quotation
from erpnext.crm.doctype.opportunity.opportunity import (
	make_quotation as make_quotation_from_opportunity,
)
from erpnext.selling.doctype.quotation.quotation import make_sales_order
from frappe.tests.utils import FrappeTestCase, change_settings
from frappe.utils import add_days, nowdate

from metalcraft_workflow.tests.support import factories
from metalcraft_workflow.tests.support.factories import COMPANY, FINAL_PACK, SUPPORT, as_user
from metalcraft_workflow.tests.support.marks import needs_mariadb

SALES = "sales@metalcraft.test"


class TestEnquiry(FrappeTestCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		factories.setup_world()
		factories.make_item()

	def test_quotation_makes_the_customer_of_a_lead(self):
		for user in (SUPPORT, SALES):
			with self.subTest(user=user):
				lead = make_lead(user=user)
				address = make_address(lead)
				submit_quotation(lead, user=user)

				customer = frappe.get_doc("Customer", {"lead_name": lead.name})
				self.assertEqual(customer.customer_name, lead.company_name)
				self.assertEqual(customer.customer_type, "Company")
				self.assertEqual(customer.email_id, lead.email_id)
				self.assertEqual(customer.customer_primary_address, address)
				contact = frappe.get_doc("Contact", customer.customer_primary_contact)
				self.assertTrue(contact.has_link("Customer", customer.name))
				self.assertTrue(contact.has_link("Lead", lead.name))
				self.assertEqual(status_of(lead), "Converted")

	def test_order_follows_without_typing_again(self):
		lead = make_lead()
		address = make_address(lead)
		quotation = submit_quotation(lead, customer_rfq_no="RFQ-7", lead_time_days=5)
		with as_user(SUPPORT):
			order = make_sales_order(quotation.name)
			order.delivery_date = add_days(nowdate(), 20)
			order.insert()
		self.assertEqual(order.customer, customer_of(lead))
		self.assertEqual(order.customer_address, address)
		self.assertEqual(order.contact_email, lead.email_id)
		self.assertEqual(order.items[0].customer_part_no, "CUST-1")
		self.assertEqual(count_customers(lead), 1)
		self.assertFalse(order.quotation_differences)

	def test_second_quotation_finds_the_customer(self):
		lead = make_lead()
		submit_quotation(lead)
		submit_quotation(lead)
		self.assertEqual(count_customers(lead), 1)
		self.assertEqual(status_of(lead), "Converted")

	def test_customer_made_from_the_lead_by_hand_is_found(self):
		lead = make_lead()
		with as_user(SUPPORT):
			customer = make_customer(lead.name).insert()
		submit_quotation(lead)
		self.assertEqual(customer_of(lead), customer.name)
		self.assertEqual(count_customers(lead), 1)

	def test_customer_of_the_same_company_typed_by_hand_is_linked(self):
		lead = make_lead()
		typed = factories.make_customer(lead.company_name)
		submit_quotation(lead)
		customer = frappe.get_doc("Customer", typed)
		self.assertEqual(customer.lead_name, lead.name)
		self.assertEqual(customer.email_id, lead.email_id)
		self.assertEqual(frappe.db.count("Customer", {"customer_name": lead.company_name}), 1)
		self.assertEqual(status_of(lead), "Converted")

	def test_of_two_customers_of_that_name_none_is_chosen(self):
		lead = make_lead()
		typed = [factories.make_customer(lead.company_name)]
		typed.append(frappe.copy_doc(frappe.get_doc("Customer", typed[0])).insert().name)
		submit_quotation(lead)
		self.assertNotIn(customer_of(lead), typed)

	def test_two_people_of_one_name_stay_two_customers(self):
		name = f"Jo {frappe.generate_hash(length=6)}"
		factories.make_customer(name, customer_type="Individual")
		lead = make_lead(company_name=None, first_name=name)
		submit_quotation(lead)
		self.assertNotEqual(customer_of(lead), name)

	def test_customer_of_another_lead_is_not_taken_over(self):
		first = make_lead()
		submit_quotation(first)
		second = make_lead(company_name=first.company_name)
		submit_quotation(second)
		self.assertNotEqual(customer_of(first), customer_of(second))

	def test_quotation_against_the_opportunity_of_a_lead(self):
		lead = make_lead()
		with as_user(SUPPORT):
			opportunity = frappe.get_doc(
				{
					"doctype": "Opportunity",
					"opportunity_from": "Lead",
					"party_name": lead.name,
					"company": COMPANY,
					"items": [{"item_code": "MT-CYL-01", "qty": 2, "uom": "Nos", "rate": 0}],
				}
			).insert()
			quotation = make_quotation_from_opportunity(opportunity.name)
			quotation.items[0].rate = 100
			quotation.insert().submit()
		self.assertEqual(count_customers(lead), 1)
		self.assertEqual(status_of(lead), "Converted")
		self.assertEqual(frappe.db.get_value("Opportunity", opportunity.name, "status"), "Quotation")

	def test_cancelled_quotation_leaves_the_customer(self):
		lead = make_lead()
		quotation = submit_quotation(lead)
		with as_user(SUPPORT):
			quotation.reload()
			quotation.cancel()
		self.assertEqual(count_customers(lead), 1)
		self.assertEqual(status_of(lead), "Converted")

	def test_draft_quotation_makes_nothing(self):
		lead = make_lead()
		draft_quotation(lead)
		self.assertEqual(count_customers(lead), 0)

	@change_settings("CRM Settings", {"auto_creation_of_contact": 0})
	def test_contact_is_made_where_the_site_makes_none_with_the_lead(self):
		lead = make_lead()
		submit_quotation(lead)
		customer = frappe.get_doc("Customer", customer_of(lead))
		self.assertEqual(
			frappe.db.get_value("Contact", customer.customer_primary_contact, "email_id"),
			lead.email_id,
		)

	@needs_mariadb
	def test_two_quotations_side_by_side_make_one_customer(self):
		for _round in range(3):
			lead = make_lead()
			names = [draft_quotation(lead).name for _ in range(3)]
			frappe.db.commit()
			errors = side_by_side(submit, names)
			frappe.db.rollback()  # a new snapshot
			self.assertEqual(errors, [])
			self.assertEqual(count_customers(lead), 1)
			self.assertEqual(frappe.db.count("Customer", {"customer_name": lead.company_name}), 1)
			self.assertEqual(status_of(lead), "Converted")

	def test_part_number_comes_from_the_item(self):
		customer = factories.make_customer()
		item = factories.make_item(
			"MT-CODED",
			customer_items=[{"customer_name": customer, "ref_code": "ACME-9"}],
		)
		order = factories.make_order((item, 1, 10), customer=customer)
		self.assertEqual(order.items[0].customer_part_no, "ACME-9")
		with as_user(SUPPORT):
			order.items[0].customer_part_no = "ACME-9B"
			order.save()
		self.assertEqual(order.items[0].customer_part_no, "ACME-9B")


def submit(name: str) -> None:
	frappe.get_doc("Quotation", name).submit()


def side_by_side(function, arguments: list) -> list[Exception]:
	"""Call `function` with each of `arguments` as Customer Support, at once, each on a connection of
	its own that has begun its transaction before the others end theirs; gives what was raised."""
	site, errors = frappe.local.site, []
	start = threading.Barrier(len(arguments))

	def run(argument):
		frappe.init(site)
		frappe.connect()
		try:
			frappe.set_user(SUPPORT)
			frappe.db.count("Customer")  # the snapshot is of now
			start.wait()
			function(argument)
			frappe.db.commit()
		except Exception as error:
			errors.append(error)
		finally:
			frappe.destroy()

	threads = [threading.Thread(target=run, args=(argument,)) for argument in arguments]
	for thread in threads:
		thread.start()
	for thread in threads:
		thread.join()
	return errors


def make_lead(user: str = SUPPORT, **fields):
	unique = frappe.generate_hash(length=8)
	with as_user(user):
		return frappe.get_doc(
			{
				"doctype": "Lead",
				"first_name": "Robin",
				"last_name": "Example",
				"company_name": f"Lead Company {unique}",
				"email_id": f"{unique}@customer.test",
				"mobile_no": "+1 202 555 0100",
				**fields,
			}
		).insert()


def make_address(lead) -> str:
	with as_user(SUPPORT):
		return (
			frappe.get_doc(
				{
					"doctype": "Address",
					"address_title": lead.company_name,
					"address_type": "Billing",
					"address_line1": "1 Main Street",
					"city": "Springfield",
					"country": "United States",
					"links": [{"link_doctype": "Lead", "link_name": lead.name}],
				}
			)
			.insert()
			.name
		)


def draft_quotation(lead, user: str = SUPPORT, **fields):
	with as_user(user):
		quotation = make_quotation(lead.name)
		# ERPNext fills these for the site's default company
		quotation.update({"company": COMPANY, "taxes_and_charges": None, "taxes": [], **fields})
		quotation.append(
			"items",
			{
				"item_code": "MT-CYL-01",
				"qty": 10,
				"rate": 100,
				"warehouse": FINAL_PACK,
				"customer_part_no": "CUST-1",
			},
		)
		return quotation.insert()


def submit_quotation(lead, user: str = SUPPORT, **fields):
	quotation = draft_quotation(lead, user, **fields)
	with as_user(user):
		quotation.submit()
	return quotation


def customer_of(lead) -> str | None:
	return frappe.db.get_value("Customer", {"lead_name": lead.name})


def count_customers(lead) -> int:
	return frappe.db.count("Customer", {"lead_name": lead.name})


def status_of(lead) -> str:
	return frappe.db.get_value("Lead", lead.name, "status")
