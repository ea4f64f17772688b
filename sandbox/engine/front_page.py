"""The front page of the served sandbox: who there is, and what to try."""

import html
from urllib.parse import quote

from engine import portal

BUILD_DESK = "The desk of the staff is not built; <code>./sandbox/run --desk</code> builds it, with npm"


def no_desk() -> str:
	"""What is said where a link leads to the desk and there is none."""
	return portal.page(
		"No desk",
		f"<h1>There is no desk here yet</h1><p>{BUILD_DESK}.</p>"
		"<p><a class='btn btn-primary' href='/sandbox_work'>What waits for you</a> <a class=btn href='/'>Front page</a></p>",
	)


def index(with_desk: bool) -> str:
	import frappe

	from engine import people
	from metalcraft_workflow.demo.company import COMPANY
	from metalcraft_workflow.demo.people import PEOPLE, SUPPORT

	frappe.init(force=True)
	frappe.connect()
	try:
		users = people.of_the_portal()
		orders = frappe.get_all(
			"Sales Order",
			{"company": COMPANY},
			["name", "customer", "customer_name", "order_stage", "po_no"],
			order_by="name",
		)
		turns = whose_turn()
	finally:
		frappe.destroy()

	def count(customer):
		number = sum(order.customer == customer for order in orders)
		return f"{number} order{'' if number == 1 else 's'}" if number else "no order yet"

	where = "on the desk" if with_desk else f"here in short. {BUILD_DESK}"
	body = [
		f"<h1>{text(COMPANY)}</h1>",
		"<p>A maker of fire extinguishers and suppression systems, with sample orders at every stage from the first"
		" contact to the paid invoice. A click on a name signs you in as that person; another click makes you"
		" somebody else.</p>",
		"<p>What the orders left behind, as files: <a href='/out/index.html'>mails, prints and pages</a>.</p>",
		"<h2>Customers, in the portal</h2>",
		cards((user, customer_name, f"{user}, {count(customer)}") for customer, customer_name, user in users),
		f"<h2>Staff</h2><p>They see what waits for them, and take the next step, {where}.</p>",
		cards((person.email, person.name, person.title) for person in PEOPLE),
		"<h2>Whose turn it is</h2><ul>",
	]
	for person, words, doctype, name in turns:
		to = form(doctype, name) if with_desk else ""
		body.append(
			f"<li>{text(person.name)}, {text(person.title)}, can {words}"
			f" <a href='{sign_in(person.email, to)}'>{text(name)}</a></li>"
		)
	body.append(
		"</ul><h2>Orders</h2><p>Each as its customer sees it"
		+ (", and on the desk" if with_desk else "")
		+ ".</p><table><thead><tr><th>Order<th>Customer<th>Purchase order<th>Stage"
		+ ("<th>" if with_desk else "")
		+ "</tr></thead>"
	)
	user_of = {customer: user for customer, _name, user in users}
	for order in orders:
		name = text(order.name)
		if user := user_of.get(order.customer):
			name = f"<a href='{sign_in(user, f'/customer-orders/{order.name}')}'>{name}</a>"
		cells = [name, *(text(order[field] or "") for field in ("customer_name", "po_no", "order_stage"))]
		if with_desk:
			cells.append(f"<a href='{sign_in(SUPPORT.email, form('Sales Order', order.name))}'>Desk</a>")
		body.append("<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>")
	body.append("</table>")
	return portal.page("Sandbox", "".join(body))


def text(value: str) -> str:
	return html.escape(value)


def sign_in(user: str, to: str = "") -> str:
	"""The address that signs in as `user` and leads to where they work, or to `to`."""
	return f"/sandbox/as/{quote(user)}" + (f"?to={quote(to)}" if to else "")


def form(doctype: str, name: str) -> str:
	return f"/desk/{doctype.lower().replace(' ', '-')}/{name}"


def cards(rows) -> str:
	return (
		"<ul class=cards>"
		+ "".join(
			f"<li><a href='{sign_in(user)}'><b>{text(name)}</b><small>{text(words)}</small></a></li>"
			for user, name, words in rows
		)
		+ "</ul>"
	)


def whose_turn() -> list[tuple]:
	"""Who can do what now: the person, in words, and with which document."""
	import frappe

	from metalcraft_workflow.demo import people
	from metalcraft_workflow.demo.company import COMPANY

	found = []
	for person, words, doctype, state in (
		(people.SUPPORT, "request the approval of", "Sales Order", "Draft"),
		(people.APPROVER, "approve", "Sales Order", "Pending Approval"),
		(people.CREDIT, "release the credit hold of", "Sales Order", "Credit Hold"),
		(people.QUALITY, "release the documents of", "Delivery Note", "QA Review"),
		(people.CLEARANCE, "clear", "Delivery Note", "Awaiting Clearance"),
		(people.SHIPPER, "ship", "Delivery Note", "Cleared"),
	):
		names = frappe.get_all(
			doctype, {"company": COMPANY, "workflow_state": state}, pluck="name", order_by="name", limit=1
		)
		found += [(person, words, doctype, name) for name in names]
	return found
