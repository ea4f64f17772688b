"""Who works at the demo company: one or two people a role, each with the role profile of their work."""

from contextlib import contextmanager
from dataclasses import dataclass

import frappe

from metalcraft_workflow.demo.company import COMPANY, own

DOMAIN = "fireline.example"


@dataclass(frozen=True)
class Person:
	"""A sample user. `profile` is a role profile of the app; `role` where there is none for it."""

	name: str
	title: str
	profile: str = ""
	role: str = ""

	@property
	def email(self) -> str:
		return f"{self.name.lower().replace(' ', '.')}@{DOMAIN}"


SALES = Person("Grace Okafor", "Sales", profile="Sales Team")
SALES_MANAGER = Person("Olivia Grant", "Sales Manager", role="Sales Manager")
SUPPORT = Person("Ben Hartley", "Customer Support", profile="Customer Support")
CLEARANCE = Person("Lucia Moreno", "Customer Support", profile="Customer Support")
APPROVER = Person("Priya Nair", "Order Approver", profile="Order Approval")
# Nobody accepts a change of their own
SECOND_APPROVER = Person("Oscar Lindgren", "Order Approver", profile="Order Approval")
CYLINDERS = Person("Tom Brandt", "Cylinders", profile="Production")
PORTABLES = Person("Wei Zhang", "Portables", profile="Production")
ELECTRONICS = Person("Elena Petrova", "Electronics", profile="Production")
SYSTEMS = Person("Samuel Adeyemi", "Systems", profile="Production")
PACKER = Person("Marta Kowalska", "Final Pack", profile="Final Pack")
QUALITY = Person("Henrik Dahl", "Quality Assurance", profile="Quality Assurance")
SHIPPER = Person("Rosa Delgado", "Shipping", profile="Shipping")
ACCOUNTS = Person("Yuki Tanaka", "Accounts", profile="Accounts Team")
CREDIT = Person("Dana Whitfield", "Credit Control", profile="Credit Control")

PEOPLE = (
	SALES,
	SALES_MANAGER,
	SUPPORT,
	CLEARANCE,
	APPROVER,
	SECOND_APPROVER,
	CYLINDERS,
	PORTABLES,
	ELECTRONICS,
	SYSTEMS,
	PACKER,
	QUALITY,
	SHIPPER,
	ACCOUNTS,
	CREDIT,
)

# Production department -> who is told by mail
DEPARTMENTS = {
	"Cylinders": CYLINDERS,
	"Portables": PORTABLES,
	"Electronics": ELECTRONICS,
	"Engineered Systems": SYSTEMS,
}


def make_people(password: str | None = None) -> None:
	"""Make the users, who get no mail about it. With `password` all of them can sign in with it."""
	for person in PEOPLE:
		if not frappe.db.exists("User", person.email):
			make_user(person)
		if password:
			set_password(person.email, password)


def make_user(person: Person) -> None:
	first_name, last_name = person.name.split(" ", 1)
	user = frappe.get_doc(
		{
			"doctype": "User",
			"email": person.email,
			"first_name": first_name,
			"last_name": last_name,
			"user_type": "System User",
			"send_welcome_email": 0,
			"role_profile_name": person.profile or None,
			"roles": [{"role": person.role}] if person.role else [],
		}
	)
	user.flags.no_welcome_mail = True
	user.insert()
	frappe.defaults.set_user_default("company", COMPANY, person.email)


def set_password(email: str, password: str) -> None:
	"""Give a sample user a known password, as their form does."""
	user = frappe.get_doc("User", email)
	user.new_password = password
	user.save()


def make_departments() -> None:
	"""Make the four production departments, each with its person as recipient."""
	for name, person in DEPARTMENTS.items():
		if not frappe.db.exists("Production Department", own(name)):
			frappe.get_doc(
				{
					"doctype": "Production Department",
					"department_name": own(name),
					"active": 1,
					"recipients": [{"user": person.email}],
				}
			).insert()


@contextmanager
def acting_as(person: Person):
	"""Do what follows as this person, with their roles and no more."""
	before = frappe.session.user
	frappe.set_user(person.email)
	try:
		yield
	finally:
		frappe.set_user(before)
