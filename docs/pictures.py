"""All pictures of the docs, taken anew from a served site that carries the demo.

	python docs/pictures.py http://127.0.0.1:8000 --password SECRET [NAME ...]

Each is a row of PICTURES, taken as the person whose page it shows. `developers.md` says what this needs.
"""

import argparse
import json
import os
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from urllib.parse import quote, urlencode

IMAGES = Path(__file__).parent / "images"

# Width and height
DESK, TALL, PHONE, PORTAL, PAPER = (1280, 760), (1280, 1000), (390, 844), (1200, 800), (816, 1056)

ADMINISTRATOR = "Administrator"
APPROVER = "priya.nair@fireline.example"
BUYER = "amir.haddad@northgate.example"
MANAGER = "olivia.grant@fireline.example"
PACKER = "marta.kowalska@fireline.example"
PRODUCTION = "tom.brandt@fireline.example"
QUALITY = "henrik.dahl@fireline.example"
SHIPPER = "rosa.delgado@fireline.example"
SUPPORT = "lucia.moreno@fireline.example"

# Number cards, charts and the desk while it waits for an answer
ALL_THERE = "() => !/Loading\\.\\.\\./.test(document.body.innerText) && !document.querySelector('#freeze')"

FORM = ".gate-checklist:visible"
REPORT = ".report-wrapper .dt-row-0:visible"
CHART = "svg.frappe-chart:visible"


@dataclass(frozen=True)
class Picture:
	"""One picture. `path` may name the order, delivery or certificate of purchase order `po_no`.

	part   what has to be on the page before the picture is taken
	act    what the person does on it before
	full   whether the page is shown to its end, however long it is
	"""

	name: str
	person: str
	path: str
	part: str
	size: tuple[int, int] = DESK
	po_no: str = ""
	act: Callable | None = None
	full: bool = False


def query_report(name: str, **filters: str) -> str:
	return f"/app/query-report/{quote(name)}" + (f"?{urlencode(filters, safe='{}')}" if filters else "")


def printed(doctype: str, name: str, print_format: str) -> str:
	asked = {"doctype": doctype, "format": print_format, "trigger_print": 0, "no_letterhead": 0}
	return f"/printview?{urlencode(asked)}&name={name}"


# What is done on a page


def ship(page) -> None:
	"""Press `Ship`, which is refused while the tracking is not there."""
	page.locator(".actions-btn-group button:visible").click()
	page.locator(".actions-btn-group .dropdown-menu.show a", has_text="Ship").click()
	page.locator(".modal.show .modal-body").wait_for()


def tab(name: str) -> Callable:
	"""Go to a tab of the form."""
	return lambda page: page.locator(".form-tabs .nav-link:visible", has_text=name).click()


def check_set_up(page) -> None:
	page.get_by_role("button", name="Check Set-Up").click()
	page.locator(".modal.show .gate-row").first.wait_for()


def scroll_to_traceability(page) -> None:
	tab("Packing and Release")(page)
	page.locator("[data-fieldname=traceability] .grid-body:visible").scroll_into_view_if_needed()


ORDER, DELIVERY = "/app/sales-order/{order}", "/app/delivery-note/{delivery}"

PICTURES = (
	# Everybody
	Picture("my-work", SUPPORT, "/app/my-work", ".my-work-row", (1280, 620)),
	Picture("my-work-phone", SHIPPER, "/app/my-work", ".my-work-row", (390, 400)),
	Picture("workspace", MANAGER, "/app/metalcraft", CHART, (1280, 900)),
	Picture("line", SUPPORT, ORDER, ".stations:visible", po_no="NG-3301"),
	Picture("refusal", SHIPPER, DELIVERY, FORM, po_no="RM-4406", act=ship),
	Picture("sales-order-list", MANAGER, "/app/sales-order", ".list-row-container:visible"),
	Picture("open-orders", MANAGER, query_report("Open Orders"), REPORT),
	Picture("order-board", MANAGER, "/app/order-board", ".order-board-card"),
	Picture("bottlenecks", MANAGER, query_report("Bottlenecks"), CHART),
	# In the order of the process
	Picture("order-checklist", SUPPORT, ORDER, FORM, po_no="NG-3304"),
	Picture("order-sent-back", SUPPORT, ORDER, FORM, po_no="AA-7713"),
	Picture("review-desk", APPROVER, "/app/review-desk/{order}", ".review-lines", po_no="SF-1190"),
	Picture("change-review", APPROVER, ORDER, ".stations:visible", po_no="NG-3302"),
	Picture(
		"scan-to-pack", PACKER, "/app/scan-to-pack?delivery={delivery}", ".scan-line", PHONE, po_no="NG-3305"
	),
	Picture(
		"packing-list",
		PACKER,
		printed("Delivery Note", "{delivery}", "Packing List"),
		".print-format",
		PAPER,
		po_no="HM-20418",
	),
	Picture(
		"certificate-of-conformance",
		QUALITY,
		printed("Conformance Certificate", "{certificate}", "Certificate of Conformance"),
		".print-format",
		PAPER,
		po_no="HM-20418",
	),
	Picture("delivery-note", QUALITY, DELIVERY, FORM, TALL, po_no="HM-20418", act=scroll_to_traceability),
	Picture("order-still-open", SUPPORT, ORDER, FORM, po_no="HM-20411"),
	Picture(
		"release-history",
		MANAGER,
		query_report("Release History", sales_order="{order}"),
		REPORT,
		po_no="BW-88120",
	),
	Picture(
		"batch-trace-forwards",
		QUALITY,
		query_report("Batch Trace", direction="Forwards", heat_no="H51104"),
		REPORT,
	),
	Picture(
		"batch-trace-backwards",
		QUALITY,
		query_report("Batch Trace", direction="Backwards", delivery_note="{delivery}"),
		REPORT,
		po_no="BW-88120",
	),
	# Customers
	Picture("portal-orders", BUYER, "/customer-orders", "main", PORTAL),
	Picture("portal-order", BUYER, "/customer-orders/{order}", "main", PORTAL, po_no="NG-3301", full=True),
	Picture(
		"portal-order-phone", BUYER, "/customer-orders/{order}", "main", PHONE, po_no="NG-3301", full=True
	),
	# Administrators
	Picture(
		"check-set-up", ADMINISTRATOR, "/app/metalcraft-settings", ".form-page:visible", act=check_set_up
	),
	Picture(
		"settings-gates",
		ADMINISTRATOR,
		"/app/metalcraft-settings",
		".form-page:visible",
		TALL,
		act=tab("Gates"),
	),
)


def answer(response) -> dict:
	"""What the site answers, which has to be no refusal."""
	if not response.ok:
		raise SystemExit(f"{response.url}: {response.text()}")
	return response.json()


class Site:
	"""The served site, and who is signed in there."""

	def __init__(self, browser, url: str, password: str, admin_password: str):
		self.browser, self.url = browser, url.rstrip("/")
		self.password, self.admin_password = password, admin_password
		self.context_of = cache(self.sign_in)
		self.document = cache(self.find)

	def sign_in(self, person: str):
		"""A context of the browser in which `person` is signed in."""
		context = self.browser.new_context(base_url=self.url, reduced_motion="reduce", locale="en-US")
		context.set_default_timeout(180_000)  # a site that is just started is slow
		password = self.admin_password if person == ADMINISTRATOR else self.password
		response = context.request.post("/api/method/login", form={"usr": person, "pwd": password})
		if not response.ok:
			raise SystemExit(f"{person} cannot sign in. Was the demo made with this --password?")
		return context

	def find(self, kind: str, po_no: str) -> str:
		"""The name of the order, delivery or certificate of a purchase order of the demo."""
		order = self.first("Sales Order", [["po_no", "=", po_no], ["docstatus", "<", 2]])
		if kind == "order":
			return order
		delivery = self.first("Delivery Note", [["Delivery Note Item", "against_sales_order", "=", order]])
		if kind == "delivery":
			return delivery
		return self.first("Conformance Certificate", [["delivery_note", "=", delivery]]) or self.issue(
			delivery
		)

	def first(self, doctype: str, filters: list) -> str:
		"""The name of a document that Quality Assurance may read; empty when there is none."""
		asked = {"filters": json.dumps(filters), "limit_page_length": 1}
		request = self.context_of(QUALITY).request
		found = answer(request.get(f"/api/resource/{quote(doctype)}", params=asked))["data"]
		return found[0]["name"] if found else ""

	def issue(self, delivery: str) -> str:
		"""Have Quality Assurance issue the certificate of a delivery that waits for its documents."""
		request = self.context_of(QUALITY).request
		token = re.search(r'csrf_token = "(\w+)"', request.get("/app").text())
		return answer(
			request.post(
				"/api/method/metalcraft_workflow.steps.conformance.issue_certificate",
				headers={"X-Frappe-CSRF-Token": token.group(1)},
				form={"delivery_note": delivery},
			)
		)["message"]

	def take(self, picture: Picture) -> Path:
		"""Take a picture; gives its file."""
		kinds = [kind for kind in ("order", "delivery", "certificate") if f"{{{kind}}}" in picture.path]
		path = picture.path.format(**{kind: self.document(kind, picture.po_no) for kind in kinds})
		page = self.context_of(picture.person).new_page()
		page.set_viewport_size(dict(zip(("width", "height"), picture.size, strict=True)))
		page.route("**/socket.io/**", lambda route: route.abort())  # what others do is not awaited
		page.goto(path)
		page.locator(picture.part).first.wait_for()
		page.wait_for_load_state("networkidle")
		if picture.act:
			picture.act(page)
		page.wait_for_function(ALL_THERE)
		page.wait_for_timeout(2000)  # charts and dialogs are drawn in steps
		page.mouse.move(0, 0)
		file = IMAGES / f"{picture.name}.png"
		page.screenshot(path=file, full_page=picture.full, animations="disabled", caret="hide")
		page.close()
		return file


def main() -> None:
	from playwright.sync_api import sync_playwright

	parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
	parser.add_argument("url", help="where the site is served")
	parser.add_argument("names", nargs="*", metavar="NAME", help="only these pictures")
	parser.add_argument("--password", required=True, help="of the people of the demo")
	parser.add_argument("--admin-password", default="admin", help="of Administrator")
	parser.add_argument(
		"--chromium", default=os.environ.get("METALCRAFT_CHROMIUM"), help="path of a Chromium"
	)
	asked = parser.parse_intermixed_args()
	IMAGES.mkdir(exist_ok=True)
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(
			executable_path=asked.chromium,
			args=["--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--disable-background-networking"],
		)
		site = Site(browser, asked.url, asked.password, asked.admin_password)
		for picture in PICTURES:
			if not asked.names or picture.name in asked.names:
				print(site.take(picture))
		browser.close()


if __name__ == "__main__":
	main()
