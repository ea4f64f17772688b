import frappe
from frappe import _
from frappe.model.document import Document
from frappe.permissions import has_user_permission
from frappe.utils import validate_email_address

from metalcraft_workflow.gates.notifications import readers_of, users_with_roles


class ProductionDepartment(Document):
	def validate(self):
		self.validate_recipients()

	def validate_recipients(self):
		"""Each row names a user or one address; an address that can never be reached is refused here."""
		for row in self.recipients:
			row.email = (row.email or "").strip()
			if bool(row.user) == bool(row.email):
				frappe.throw(
					_("Row #{0}: choose a user, or enter an address that belongs to no user.").format(row.idx)
				)
			if row.email and not is_address(row.email):
				frappe.throw(
					_("Row #{0}: {1} is not an email address. Enter one address a row.").format(
						row.idx, frappe.bold(frappe.utils.escape_html(row.email))
					)
				)

	def people(self) -> list[str]:
		"""Users that work in this department: those it lists, and those that have its role."""
		listed = [row.user for row in self.recipients if row.user]
		return list(dict.fromkeys([*listed, *users_with_roles({self.role} - {None, ""})]))

	def may_be_told(self, order: Document) -> list[str]:
		"""People of this department that may know of `order`. Who is listed needs no role for that; but user
		permissions that keep its company or its customer from somebody do so here, too."""
		listed = [row.user for row in self.recipients if row.user]
		told = [user for user in listed if has_user_permission(order, user)]
		return list(dict.fromkeys([*told, *readers_of(order, set(self.people()) - set(listed))]))

	def addresses(self, order: Document | None = None) -> tuple[list[str], list[str]]:
		"""Whom to mail about `order`, or of any order: (addresses that can be used, those that cannot), each once.

		They are checked one by one, because a single bad one would keep the mail from everybody.
		"""
		emails = {
			row.name: row.email if row.enabled else ""
			for row in frappe.get_all(
				"User",
				filters={"name": ["in", self.may_be_told(order) if order else self.people()]},
				fields=["name", "email", "enabled"],
			)
		}
		found = {address.lower(): address for address in emails.values() if address}
		found.update({row.email.lower(): row.email for row in self.recipients if row.email})
		left_out = [user for user, address in emails.items() if not address]
		return (
			[address for address in found.values() if is_address(address)],
			[*left_out, *(address for address in found.values() if not is_address(address))],
		)


def is_address(text: str) -> bool:
	"""Whether `text` is exactly one email address."""
	return "," not in text and validate_email_address(text) == text
