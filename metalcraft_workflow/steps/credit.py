"""Step 5: the customer's credit: what holds an order back, who may release it, and who may make it easier."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import cint, comma_or, flt

from metalcraft_workflow.facts import credit
from metalcraft_workflow.gates import record, registry
from metalcraft_workflow.gates.workflow import set_fact, states_by_gate
from metalcraft_workflow.rules.requirement import Requirement

# Who decides on a customer's credit for good: Accounts, and ERPNext's keeper of customers
CREDIT_KEEPERS = ("Accounts Manager", "Sales Master Manager")


def requirements(doc: Document) -> list[Requirement]:
	"""What the gate `approve` asks of the customer's credit: good, or released by Accounts for the order as it is."""
	return [credit.requirement(doc)]


def set_hold_reason(doc: Document, method: str | None = None) -> None:
	"""Say why the order would have to wait for Accounts; "Request Approval" leads there by it.

	In `validate`, when the total is known, before the guard chooses the branch.
	"""
	if doc.docstatus == 0 and doc.customer and is_to_be_asked(doc):
		set_fact(doc, "credit_hold_reason", credit.hold_reason(doc))


def is_to_be_asked(doc: Document) -> bool:
	"""Whether this save can change what is said of the credit: it moves the order, or changes whose it is or
	what it comes to. Else the reason stays that an earlier save has found; the next move finds it anew."""
	before = doc.get_doc_before_save()
	fields = ("workflow_state", "customer", "company", "base_grand_total")
	return not before or any(doc.get(name) != before.get(name) for name in fields)


def check_credit_terms(doc: Document, method: str | None = None) -> None:
	"""Refuse that a customer's credit is made easier by who may not release an order's.

	In `validate` of the Customer, which everybody in sales may write. A new customer is compared with one
	that has no terms of its own, only those of its group and the company. Raises PermissionError.
	"""
	if keeps_credit():
		return
	before = doc.get_doc_before_save() or frappe.new_doc("Customer", customer_group=doc.customer_group)
	if is_easier(before, doc):
		refuse_easier_credit()


def check_credit_row(row: Document, method: str | None = None) -> None:
	"""Refuse a credit limit that is written by itself, around its customer, by who may not release an
	order's. Raises PermissionError."""
	if not keeps_credit():
		refuse_easier_credit()


def keeps_credit() -> bool:
	"""Whether the user decides on customers' credit."""
	return bool({registry.waiver_role("approve", credit.CODE), *CREDIT_KEEPERS} & set(frappe.get_roles()))


def refuse_easier_credit() -> None:
	"""Raise the PermissionError for who may not make credit easier."""
	frappe.throw(
		_("Only {0} may take a customer off credit hold, or raise a credit limit.").format(
			comma_or([_(role) for role in CREDIT_KEEPERS])
		),
		frappe.PermissionError,
		title=_("Not Your Decision"),
	)


def is_easier(before: Document, after: Document) -> bool:
	"""Whether a customer's credit is easier in `after`: off hold, or a limit raised, removed or bypassed,
	also by another customer group."""
	if before.credit_hold and not after.credit_hold:
		return True
	old_rows, new_rows = ({row.company: row for row in doc.credit_limits} for doc in (before, after))
	old_group, new_group = (group_limits(doc.customer_group) for doc in (before, after))
	for company in {*old_rows, *new_rows, *old_group, *new_group}:
		old, new = old_rows.get(company), new_rows.get(company)
		if new and cint(new.bypass_credit_limit_check) > cint(old and old.bypass_credit_limit_check):
			return True
		# Without an amount of its own, the limit of the customer group or the company holds
		least = frappe.get_cached_value("Company", company, "credit_limit")
		was, now = (
			flt(row and row.credit_limit) or flt(group.get(company)) or flt(least)
			for row, group in ((old, old_group), (new, new_group))
		)
		if was and not 0 < now <= was:
			return True
	return False


def group_limits(customer_group: str | None) -> dict[str, float]:
	"""Company -> credit limit of a customer group."""
	return dict(
		frappe.get_all(
			"Customer Credit Limit",
			filters={"parent": customer_group or "", "parenttype": "Customer Group"},
			fields=["company", "credit_limit"],
			as_list=True,
		)
	)


def record_release(doc: Document, method: str | None = None) -> None:
	"""Keep the release of a credit hold on record: it waives credit for the order as it is now.

	In `on_update`, before the guard records the passage.
	"""
	passage = doc.flags.passage
	if not passage:
		return
	states = states_by_gate(doc.doctype)
	if (states.get(passage.from_state), states.get(passage.to_state)) != (
		"credit_hold",
		"request_approval",
	):
		return
	record.write(
		doc,
		"Waiver",
		gate="approve",
		requirement=credit.CODE,
		action=passage.action,
		from_state=passage.from_state,
		to_state=passage.to_state,
		role=passage.role,
		reason=passage.reason,
	)
	doc.db_set("credit_hold_reason", "", update_modified=False)
