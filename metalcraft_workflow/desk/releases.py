"""Orders and deliveries that wait in a state from which the person may take them on."""

import re
from collections.abc import Callable, Iterator

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.model.workflow import is_transition_condition_satisfied
from frappe.utils import cint

from metalcraft_workflow.desk.lists import Row, WorkList, load, open_action, promises
from metalcraft_workflow.facts import scanning
from metalcraft_workflow.gates.checklist import next_gates
from metalcraft_workflow.gates.message import knows_amounts
from metalcraft_workflow.gates.once import reading
from metalcraft_workflow.gates.workflow import (
	active_workflow,
	gate_of_state,
	state_of,
	transitions_from,
)
from metalcraft_workflow.rules import my_work as rules
from metalcraft_workflow.rules.review import is_reviewed

# The page where orders are decided on
REVIEW_DESK = "review-desk"

FIELDS = {
	"Sales Order": ("name", "customer_name", "po_no", "creation", "credit_hold_reason"),
	"Delivery Note": ("name", "customer_name", "creation", "is_return"),
}

# The fields of a document that the condition of a transition reads
READ = re.compile(r"\bdoc\.(\w+)")


def orders() -> list[WorkList]:
	"""Orders to ask for, approve, release from credit hold, review."""
	return waiting("orders", "Sales Order")


def deliveries() -> list[WorkList]:
	"""Deliveries to pack, release, clear, ship; held ones; returns to receive."""
	return waiting("deliveries", "Delivery Note")


class Fields(frappe._dict):
	"""What is known of a document, as the condition of a transition asks for it."""

	def as_dict(self) -> "Fields":
		return self


def waiting(key: str, doctype: str) -> list[WorkList]:
	"""The documents of `doctype` that wait for the person, a list a state and step."""
	workflow = active_workflow(doctype)
	steps = steps_of_mine(workflow) if workflow and frappe.has_permission(doctype) else {}
	if not steps:
		return []
	columns = frappe.get_meta(doctype).get_valid_columns()
	asked = {name for rows in steps.values() for row in rows for name in READ.findall(row.condition or "")}
	asked = sorted(asked & set(columns))
	state_field = workflow.workflow_state_field
	documents = frappe.get_list(
		doctype,
		filters={state_field: ("in", list(steps)), "follows_process": 1, "docstatus": ("<", 2)},
		fields=[*dict.fromkeys((*FIELDS[doctype], *asked, state_field))],
		order_by="creation",
		limit=0,
	)
	promised = promises(doctype, [document.name for document in documents])
	holds = conditions(asked)
	found: dict[tuple[str, str], list[Row]] = {}
	for document in documents:
		state = document[state_field]
		step = next((row for row in steps[state] if holds(row, document)), None)
		if step:
			row = as_row(doctype, document, state, promised)
			row.is_reviewed = doctype == "Sales Order" and is_decision(workflow, step)
			found.setdefault((state, step.next_state), []).append(row)
	return merged(
		WorkList(f"{key}:{state}:{title}", title, rows, complete)
		for (state, next_state), rows in found.items()
		for title in [title_of(workflow, state, next_state)]
	)


def merged(lists: Iterator[WorkList]) -> list[WorkList]:
	"""Lists of the same key as one: a step can lead to one state or another."""
	found: dict[str, WorkList] = {}
	for each in lists:
		if each.key in found:
			each = WorkList(each.key, each.title, found[each.key].rows + each.rows, each.complete)
		found[each.key] = each
	return list(found.values())


def as_row(doctype: str, document: frappe._dict, state: str, promised: dict) -> Row:
	row = Row(
		doctype,
		document.name,
		document.customer_name or "",
		document.po_no or "",
		promised.get(document.name),
		state=state,
	)
	if document.get("credit_hold_reason"):
		row.note = hold_reason(document)
	return row


def hold_reason(order: Document | frappe._dict) -> str:
	"""Why Accounts has to release the order: in full to who knows amounts, for it tells what the customer owes."""
	if knows_amounts():
		return order.get("credit_hold_reason") or ""
	return _("Accounts has to release it.")


def steps_of_mine(workflow: Document) -> dict[str, list[Document]]:
	"""State -> transitions out of it that take a document on and that a role of the person may take."""
	roles, found = set(frappe.get_roles()), {}
	for transition in workflow.transitions:
		if transition.allowed in roles and leads_on(workflow, transition):
			found.setdefault(transition.state, []).append(transition)
	return found


def leads_on(workflow: Document, transition: Document) -> bool:
	"""Whether a transition takes a document on; of states with the same gate, the workflow has the later one below."""
	states = [row.state for row in workflow.states]
	return rules.leads_on(
		gate_of_state(workflow, transition.state),
		gate_of_state(workflow, transition.next_state),
		is_later=states.index(transition.next_state) > states.index(transition.state),
	)


def is_decision(workflow: Document, transition: Document) -> bool:
	"""Whether a transition of an order is a decision on it, for which the review desk has all that is needed."""
	return is_reviewed(
		gate_of_state(workflow, transition.state), gate_of_state(workflow, transition.next_state)
	)


def may_review() -> bool:
	"""Whether the person may open the review desk."""
	return frappe.get_cached_doc("Page", REVIEW_DESK).is_permitted()


def waits_for_decision(doc: Document) -> bool:
	"""Whether `doc` is an order that the person decides on, at the review desk."""
	workflow = active_workflow(doc.doctype)
	if doc.doctype != "Sales Order" or not workflow or not may_review():
		return False
	return any(is_decision(workflow, step) for step in steps_of_mine(workflow).get(state_of(doc), ()))


def title_of(workflow: Document, state: str, next_state: str) -> str:
	title = rules.title(
		gate_of_state(workflow, state),
		gate_of_state(workflow, next_state),
		is_first=state == workflow.states[0].state,
	)
	if title:
		return _(title)
	kind = _("Orders: {0}") if workflow.document_type == "Sales Order" else _("Deliveries: {0}")
	return kind.format(_(state))


def conditions(fields: list[str]) -> Callable[[Document, frappe._dict], bool]:
	"""Whether the condition of a transition holds for a document, asked once for each set of values."""
	known: dict[tuple, bool] = {}

	def holds(transition: Document, document: frappe._dict) -> bool:
		key = (transition.name, *(document.get(name) for name in fields))
		if key not in known:
			known[key] = bool(is_transition_condition_satisfied(transition, Fields(document)))
		return known[key]

	return holds


def complete(rows: list[Row]) -> None:
	"""Say of each row what is missing and what may be done."""
	at_desk = may_review()
	for row, doc in load(rows):
		row.since = row.since or doc.creation
		with reading(doc):
			row.missing, row.actions = standing(doc)
		if row.is_reviewed and at_desk:
			place = [action["kind"] for action in row.actions].index("open")
			# What cannot be decided at once is looked at before it is mended
			row.actions.insert(place + 1 if place else 0, {"kind": "review", "label": _("Review")})


def standing(doc: Document) -> tuple[list[str], list[dict]]:
	"""What the next step of a document lacks, in sentences, and the actions that the person may take.

	What would only be refused is not offered: the document is opened instead, to mend it.
	"""
	workflow, roles = active_workflow(doc.doctype), set(frappe.get_roles())
	entries = {entry["next_state"]: entry for entry in next_gates(doc)}
	missing, forward, others = [], [], []
	for transition in transitions_from(workflow, state_of(doc), doc, roles):
		action = {
			"kind": "workflow",
			"label": _(transition.action),
			"action": transition.action,
			"asks_reason": bool(cint(transition.get("reason_required"))),
		}
		if not leads_on(workflow, transition):
			others.append(action)
			continue
		lacks = [
			row["message"] or row["label"]
			for row in entries.get(transition.next_state, {}).get("requirements", ())
			if not row["met"] and not row["waived"]
		]
		missing += [message for message in lacks if message not in missing]
		if not lacks:
			forward.append(action)
	return missing, [*forward, *scan_action(doc), open_action(_("Open")), *others]


def scan_action(doc: Document) -> list[dict]:
	"""The way to Scan to Pack, for a delivery that can be scanned."""
	if doc.doctype != scanning.DELIVERY or scanning.why_not(doc):
		return []
	may_write = frappe.has_permission(doc.doctype, "write", doc=doc)
	return [{"kind": "scan", "label": _("Scan")}] if may_write else []
