"""Serves the sandbox to this machine: portal, REST, print views, and a page that says what to try."""

import html
import re
import threading
from http.cookies import SimpleCookie
from urllib.parse import parse_qs

from engine import SANDBOX, desk, pages

BUILD_DESK = "The desk is not built; <code>./sandbox/run --desk</code> builds it, with npm"
# Or the browser asks for one, and is told that there is none
ICON = "<link rel=icon href='data:,'>"
NO_DESK = f"<!DOCTYPE html><meta charset=utf-8><title>No desk</title>{ICON}{pages.STYLE}<p>{BUILD_DESK}.</p>"


def run(port: int) -> None:
	from werkzeug.serving import WSGIRequestHandler, make_server

	class Quiet(WSGIRequestHandler):
		def log(self, *args, **kwargs):
			pass

	take_mails()
	make_server("127.0.0.1", port, application(), threaded=True, request_handler=Quiet).serve_forever()


def take_mails() -> None:
	"""Let mails go into the queue while this is served: what would be sent is taken in here and goes nowhere."""
	from metalcraft_workflow.demo import mailbox

	server = mailbox.Server((mailbox.HOST, 0), mailbox.Session)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	mailbox.switch_on(server.server_address[1])


def application():
	"""All that is served of the site that is open; leaves it."""
	import frappe
	from monoframe.app import application as engine
	from werkzeug.middleware.shared_data import SharedDataMiddleware

	class Files(SharedDataMiddleware):
		def get_directory_loader(self, directory):
			find = super().get_directory_loader(directory)

			def renamed(path):
				# What the engine's files say was renamed, and not what they are called
				found = find(path)
				return found if found[1] or not path else find(path.replace("monoframe", "frappe"))

			return renamed

	with_desk = desk.is_built()
	folders = {
		"/out": str(SANDBOX / "out"),
		"/assets/metalcraft_workflow": str(SANDBOX.parent / "metalcraft_workflow" / "public"),
		**(desk.open_desk() if with_desk else {}),
	}
	frappe.destroy()
	return Files(Front(engine, with_desk), folders)


class Front:
	"""Stands before the engine: the sandbox's own pages, and the few names that its pages have otherwise."""

	def __init__(self, app, with_desk: bool):
		# SQLite has one writer: whoever reads and then writes would find that another did meanwhile
		turn = threading.Lock()

		def one_at_a_time(environ, start_response):
			with turn:
				return list(app(environ, start_response))

		self.app = one_at_a_time
		self.with_desk = with_desk

	def __call__(self, environ, start_response):
		path = environ.get("PATH_INFO", "")
		if path in ("", "/"):
			return self.answer(start_response, index(self.with_desk))
		if path.startswith("/sandbox/as/"):
			to = parse_qs(environ.get("QUERY_STRING", "")).get("to", [""])[0]
			return self.sign_in(start_response, path.removeprefix("/sandbox/as/"), to)
		if path.rstrip("/") in ("/app", "/desk") and self.with_desk:
			return self.lead(start_response, desk.HOME)
		if re.match("/(app|desk)(/|$)", path) and not self.with_desk:
			return self.answer(start_response, NO_DESK)
		# Pages of Frappe name their token in this header
		if token := environ.get("HTTP_X_FRAPPE_CSRF_TOKEN"):
			environ["HTTP_X_MONOFRAME_CSRF_TOKEN"] = token
		return self.engine(environ, start_response)

	def engine(self, environ, start_response):
		held = {}

		def hold(status, headers, exc_info=None):
			held.update(status=status, headers=headers)
			return lambda data: None

		body = b"".join(self.app(environ, hold))
		kind = dict(held["headers"]).get("Content-Type", "")
		if kind.startswith("text/html"):
			text = body.decode()
			text = text.replace("window.monoframe = {};", "window.monoframe = window.frappe = {};", 1)
			# Styles are built for the desk alone
			if 'id="all-symbols"' not in text:
				text = text.replace("</head>", f"{pages.STYLE}</head>", 1)
			body = text.encode()
			held["headers"] = [
				(name, str(len(body)) if name == "Content-Length" else value)
				for name, value in held["headers"]
			]
		start_response(held["status"], held["headers"])
		return [body]

	def answer(self, start_response, text: str):
		body = text.encode()
		start_response(
			"200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
		)
		return [body]

	def sign_in(self, start_response, user: str, to: str):
		"""Sign in as a sample user, by one click, and lead to where they work, or to their document `to`."""
		from werkzeug.test import Client

		from engine.show import PASSWORD

		answer = Client(self.app).post("/api/method/login", data={"usr": user, "pwd": PASSWORD})
		cookies = SimpleCookie()
		for value in answer.headers.getlist("Set-Cookie"):
			cookies.load(value)
		if "sid" not in cookies or cookies["sid"].value in ("", "Guest"):
			start_response("404 Not Found", [("Content-Type", "text/plain; charset=utf-8")])
			return [f"{user} is none of the sample users.".encode()]
		where = "/customer-orders"
		if staff(user):
			where = desk.HOME if self.with_desk else "/"
		if to.startswith("/desk/"):
			where = to
		return self.lead(start_response, where, answer.headers.getlist("Set-Cookie"))

	def lead(self, start_response, where: str, cookies=()):
		start_response("303 See Other", [("Location", where), *(("Set-Cookie", value) for value in cookies)])
		return [b""]


def staff(user: str) -> bool:
	from metalcraft_workflow.demo.people import DOMAIN

	return user.endswith(f"@{DOMAIN}")


def whose_turn() -> list[tuple]:
	"""Who can do what on the desk now: the person, in words, and with which document."""
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


def index(with_desk: bool) -> str:
	"""Who there is, and what to try."""
	import frappe

	from engine import people
	from metalcraft_workflow.demo.company import COMPANY
	from metalcraft_workflow.demo.people import PEOPLE

	frappe.init(force=True)
	frappe.connect()
	try:
		customers = [
			(row.customer_name, user)
			for row in people.customers()
			for user in frappe.get_all(
				"Contact",
				{
					"name": [
						"in",
						[
							link.parent
							for link in frappe.get_all(
								"Dynamic Link",
								{"link_doctype": "Customer", "link_name": row.name, "parenttype": "Contact"},
								["parent"],
							)
						],
					]
				},
				pluck="user",
			)
			if user
		]
		orders = frappe.get_all(
			"Sales Order",
			{"company": COMPANY},
			["name", "customer_name", "order_stage", "po_no"],
			order_by="name",
		)
		notes = frappe.get_all(
			"Delivery Note", {"company": COMPANY, "is_return": 0}, ["name"], order_by="name", limit=1
		)
		turns = whose_turn() if with_desk else []
	finally:
		frappe.destroy()

	def cells(*values):
		return "<tr>" + "".join(f"<td>{value}</td>" for value in values) + "</tr>"

	def sign_in(user):
		return f'<a href="/sandbox/as/{html.escape(user)}">{html.escape(user)}</a>'

	def form(doctype, name):
		"""Where a document is seen: on its form, or by REST when there is no desk."""
		if not with_desk:
			return f"/api/resource/{doctype}/{html.escape(name)}"
		return f"/desk/{doctype.lower().replace(' ', '-')}/{html.escape(name)}"

	body = [f"<h1>{html.escape(COMPANY)}, in the sandbox</h1>"]
	where = "staff to the desk" if with_desk else f"staff use REST and print views here. {BUILD_DESK}"
	body.append(
		f"<p>Sign in by a click on an address. Customers come to the portal, {where}. What the sample orders"
		" left, as files: <a href='/out/index.html'>mails, prints and pages</a>.</p>"
	)
	body.append(
		"<h2>Customers</h2><table>"
		+ "".join(cells(html.escape(name), sign_in(user)) for name, user in customers)
		+ "</table>"
	)
	body.append(
		"<h2>Staff</h2><table>"
		+ "".join(
			cells(html.escape(person.name), html.escape(person.title), sign_in(person.email))
			for person in PEOPLE
		)
		+ "</table>"
	)
	body.append("<h2>What to try</h2><ul>")
	body.append(
		"<li>As a customer: <a href='/customer-orders'>orders</a>, <a href='/customer-quotations'>quotations</a></li>"
	)
	for person, words, doctype, name in turns:
		to = f"/sandbox/as/{person.email}?to={form(doctype, name)}"
		body.append(
			f"<li>As {html.escape(person.name)}, {html.escape(person.title)}: {words} <a href='{to}'>{html.escape(name)}</a></li>"
		)
	if notes:
		name = html.escape(notes[0].name)
		body.append(
			f"<li>As staff: <a href='/api/resource/Delivery Note/{name}'>a delivery by REST</a>, <a href='/printview?doctype=Delivery Note&name={name}'>its print</a>, "
		)
		body.append(
			f"<a href='/api/method/metalcraft_workflow.gates.checklist.get_checklist?doctype=Delivery Note&name={name}'>what its next gate asks for</a></li>"
		)
	body.append("</ul><h2>Orders</h2><table>")
	for order in orders:
		link = f"<a href='{form('Sales Order', order.name)}'>{html.escape(order.name)}</a>"
		body.append(
			cells(
				link,
				html.escape(order.customer_name or ""),
				html.escape(order.po_no or ""),
				html.escape(order.order_stage or ""),
			)
		)
	body.append("</table>")
	return f"<!DOCTYPE html><meta charset=utf-8><title>Sandbox</title>{ICON}{pages.STYLE}{''.join(body)}"
