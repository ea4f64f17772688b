"""Saves what came of the sample orders as files that open in a browser: mails, prints, portal pages."""

import email
import html
import re
from email import policy
from pathlib import Path

import frappe

from engine import portal
from engine.site import made_whole

# Of lists, mails and prints
STYLE = """<style>
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 62rem; padding: 0 1rem; color: #1f2937; }
table { border-collapse: collapse; width: 100%; margin: .5rem 0 1.5rem; }
th, td { text-align: left; padding: .35rem .6rem; border-bottom: 1px solid #e5e7eb; vertical-align: top; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; } a { color: #1d4ed8; }
.row { display: flex; flex-wrap: wrap; gap: 0 2rem; } .col-xs-6 { flex: 1 1 40%; } .text-right { text-align: right; }
.hidden, [hidden], .action-banner { display: none; }
</style>"""

# Document -> its prints
PRINTS = {
	"Quotation": ("Standard",),
	"Sales Order": ("Standard", "Work Order Traveller"),
	"Delivery Note": ("Packing List", "Standard"),
	"Conformance Certificate": ("Certificate of Conformance",),
	"Sales Invoice": ("Standard",),
}


def save(folder: Path) -> int:
	"""Write them anew, and put them in the place of the old ones; gives how many."""
	frappe.set_user("Administrator")
	with made_whole(folder) as new:
		new.mkdir()
		parts = {"Mails": mails(new), "Prints": prints(new), "Portal": portal_pages(new)}
		body = "".join(
			f"<h2>{title}</h2><table>{''.join(rows)}</table>" for title, rows in parts.items() if rows
		)
		write(new / "index.html", "What came of the sample orders", body)
	return sum(map(len, parts.values()))


def write(file: Path, title: str, body: str) -> None:
	file.parent.mkdir(parents=True, exist_ok=True)
	file.write_text(
		f"<!DOCTYPE html><meta charset=utf-8><title>{html.escape(title)}</title>{STYLE}<h1>{html.escape(title)}</h1>{body}"
	)


def row(file: Path, folder: Path, *cells: str) -> str:
	first, *rest = (html.escape(str(cell or "")) for cell in cells)
	link = f'<a href="{html.escape(str(file.relative_to(folder)))}">{first}</a>'
	return "<tr>" + "".join(f"<td>{cell}</td>" for cell in (link, *rest)) + "</tr>"


def slug(text: str) -> str:
	return re.sub(r"[^A-Za-z0-9-]+", "-", text).strip("-")[:80]


def mails(folder: Path) -> list[str]:
	rows = []
	for number, queued in enumerate(
		frappe.get_all("Email Queue", fields=["name", "message", "status", "creation"], order_by="creation"),
		1,
	):
		mail = email.message_from_string(queued.message, policy=policy.default)
		to = ", ".join(frappe.get_all("Email Queue Recipient", {"parent": queued.name}, pluck="recipient"))
		part = mail.get_body(("html", "plain"))
		subject = str(mail["subject"])
		file = folder / "mails" / f"{number:03}-{slug(subject)}.html"
		text = part.get_content() if part else ""
		if part and part.get_content_type() == "text/plain":
			text = f"<pre>{html.escape(text)}</pre>"
		head = (
			f"<p>To: {html.escape(to)}<br>From: {html.escape(str(mail['from']))}<br>{queued.status}</p><hr>"
		)
		write(file, subject, head + text)
		rows.append(row(file, folder, subject, to, queued.status))
	return rows


def prints(folder: Path) -> list[str]:
	rows = []
	for doctype, formats in PRINTS.items():
		if not frappe.db.exists("DocType", doctype):
			continue
		filters = {} if doctype == "Conformance Certificate" else {"docstatus": ["<", 2]}
		for name in frappe.get_all(doctype, filters, pluck="name", order_by="name"):
			for format in formats:
				if format != "Standard" and not frappe.db.exists("Print Format", format):
					continue
				try:
					text = frappe.get_print(doctype, name, format)
				except Exception as error:
					frappe.clear_messages()
					print(f"{doctype} {name} could not be printed as {format}: {error}")
					continue
				file = folder / "prints" / f"{slug(name)}-{slug(format)}.html"
				file.parent.mkdir(exist_ok=True)
				file.write_text(text.replace("</head>", f"{STYLE}</head>", 1))
				rows.append(row(file, folder, f"{doctype} {name}", format))
	return rows


def portal_pages(folder: Path) -> list[str]:
	"""What each customer sees."""
	from engine import people

	rows = []
	for customer, customer_name, user in people.of_the_portal():
		orders = frappe.get_all("Sales Order", {"customer": customer, "docstatus": ["<", 2]}, pluck="name")
		lead = frappe.db.get_value("Customer", customer, "lead_name")
		quotations = frappe.get_all(
			"Quotation", {"party_name": ["in", [customer, lead or ""]], "docstatus": 1}, pluck="name"
		)
		paths = ["customer-orders", "customer-quotations"]
		paths += [f"customer-orders/{name}" for name in orders]
		paths += [f"customer-quotations/{name}" for name in quotations]
		for path in paths:
			text = page(path, user)
			if not text:
				continue
			file = folder / "portal" / slug(customer_name) / f"{slug(path)}.html"
			file.parent.mkdir(parents=True, exist_ok=True)
			file.write_text(offline(text))
			rows.append(row(file, folder, f"{customer_name}: /{path}", user))
	frappe.set_user("Administrator")
	return rows


def page(path: str, user: str) -> str:
	"""One page as `user` sees it; empty when it is not for them."""
	from frappe.website.serve import get_response

	frappe.set_user(user)
	frappe.local.path = path
	frappe.local.no_cache = 1
	response = get_response(path)
	return response.get_data(as_text=True) if response.status_code == 200 else ""


def offline(text: str) -> str:
	"""Links among the saved pages lead to the saved pages."""
	text = re.sub(
		r'href="(?:https?://[^/"]+)?/(customer-(?:orders|quotations)(?:/[^"?#]+)?)"',
		lambda match: f'href="{slug(match[1])}.html"',
		text,
	)
	text = re.sub(r"<(?:link|script)[^>]+/assets/[^>]+>(?:</script>)?", "", text)
	# What leads elsewhere leads nowhere in a file
	return text.replace(
		"</head>",
		f"{portal.inline()}<style>.navbar, .web-sidebar, .web-footer {{ display: none; }}</style></head>",
		1,
	)
