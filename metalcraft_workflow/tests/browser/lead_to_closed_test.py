"""One order from Lead to Closed, as each person takes it: by clicking and typing in the desk, and by nothing else.

Twice, on a desktop and on a phone. Every step begins where that person lands when they sign in. The steps stand in
the order of the process, under the person whose they are; each goes on with what the one before has left.
At the end the clicks and seconds of each step are printed, as a table.
"""

import os
import re
import time
import uuid
from contextlib import contextmanager

import pytest
from conftest import Desk
from hand import Hand
from playwright.sync_api import Browser, expect

from metalcraft_workflow.demo.pdf import one_page

DESKTOP, PHONE = 1400, 390

SALES = "grace.okafor@fireline.example"
SUPPORT = "ben.hartley@fireline.example"
CLEARANCE = "lucia.moreno@fireline.example"
APPROVER = "priya.nair@fireline.example"
PRODUCTION = "wei.zhang@fireline.example"
PACKER = "marta.kowalska@fireline.example"
QUALITY = "henrik.dahl@fireline.example"
SHIPPER = "rosa.delgado@fireline.example"
ACCOUNTS = "yuki.tanaka@fireline.example"

ITEM, QTY = "FD-EXT-ABC10", 2
CERTIFICATE, PICTURES = "Certificate of Conformance", "Pictures"


class Walk:
	"""One order on its way: the people who take it on, what they have found, and what it took them."""

	def __init__(self, browser: Browser, width: int):
		self.browser, self.width = browser, width
		self.hands: dict[str, Hand] = {}
		self.steps: list[tuple] = []
		self.found: dict[str, str] = {"tag": uuid.uuid4().hex[:6]}

	def hand_of(self, user: str) -> Hand:
		if user not in self.hands:
			screen = {"viewport": {"width": self.width, "height": 860}}
			if self.width == PHONE:
				screen |= {"is_mobile": True, "has_touch": True}
			self.hands[user] = Hand(Desk(self.browser, user, **screen), self.width)
		return self.hands[user]

	@contextmanager
	def step(self, title: str, user: str, goes_on: tuple[str, str] | None = None):
		"""A step of `user`, from where they land or from the form that they have open; counted, and without a
		complaint of the console."""
		hand = self.hand_of(user)
		clicks, entries, began = hand.clicks, hand.entries, time.monotonic()
		hand.go_on_with(*goes_on) if goes_on else hand.land()
		yield hand
		self.steps.append((title, hand.clicks - clicks, hand.entries - entries, time.monotonic() - began))
		assert hand.errors == []

	def __getattr__(self, name: str) -> str:
		"""What an earlier step has left: `walk.order` is the name of the order."""
		try:
			return self.__dict__["found"][name]
		except KeyError:
			pytest.fail(f"No step before this one has left its {name}")

	def table(self) -> str:
		"""What each step took, as rows of Markdown."""
		rows = [
			f"| {title} | {clicks} | {entries} | {took:.1f} |" for title, clicks, entries, took in self.steps
		]
		clicks, entries, took = (sum(step[place] for step in self.steps) for place in (1, 2, 3))
		head = [
			f"At {self.width} px:",
			"",
			"| Step | Clicks | Fields | Seconds |",
			"| --- | ---: | ---: | ---: |",
		]
		return "\n".join([*head, *rows, f"| **All** | {clicks} | {entries} | {took:.1f} |", ""])

	def close(self) -> None:
		for hand in self.hands.values():
			hand.desk.context.close()


@pytest.fixture(scope="class", params=[DESKTOP, PHONE], ids=["desktop", "phone"])
def walk(request, browser):
	walk = Walk(browser, request.param)
	yield walk
	with request.config.pluginmanager.getplugin("capturemanager").global_and_fixture_disabled():
		print(f"\n\n{walk.table()}")
	if file := os.environ.get("METALCRAFT_CLICKS"):
		with open(file, "a") as table:
			table.write(walk.table() + "\n")
	walk.close()


class TestLeadToClosed:
	# Sales

	def test_sales_records_a_lead(self, walk):
		with walk.step("1 Lead", SALES) as hand:
			hand.choose_button("New", "Lead")
			hand.expect_form("Lead")
			hand.type("first_name", "Mira")
			hand.type("last_name", "Solberg")
			hand.type("email_id", f"mira.{walk.tag}@clicks.example")
			hand.type("company_name", f"Clicks {walk.tag} Marine")
			hand.save()
			hand.unfold("Address & Contacts")
			hand.press("New Address")
			hand.expect_form("Address")
			hand.type("address_line1", "12 Quay Street")
			hand.type("city", "Norfolk")
			hand.choose("country", "United States")
			hand.save()
			hand.expect_form("Lead")
			walk.found["lead"] = hand.doc()

	def test_sales_makes_an_opportunity_of_it(self, walk):
		with walk.step("2 Opportunity", SALES, goes_on=("Lead", walk.lead)) as hand:
			hand.create("Opportunity")
			hand.answer("Create")
			hand.expect_form("Opportunity")
			hand.save()
			walk.found["opportunity"] = hand.doc()

	def test_sales_quotes(self, walk):
		with walk.step("3 Quotation", SALES, goes_on=("Opportunity", walk.opportunity)) as hand:
			hand.create("Quotation")
			hand.expect_form("Quotation")
			hand.type("customer_rfq_no", f"RFQ-{walk.tag}")
			hand.type("lead_time_days", "21")
			hand.add_row("items", item_code=(ITEM,), qty=str(QTY), rate="68")
			hand.save()
			hand.submit()
			walk.found["quotation"] = hand.doc()
			walk.found["customer"] = f"Clicks {walk.tag} Marine"

	# Customer Support

	def test_support_records_the_customers_purchase_order(self, walk):
		with walk.step("4 Sales Order", SUPPORT) as hand:
			hand.open_from_list("Quotation", walk.customer)
			hand.create("Sales Order")
			hand.expect_form("Sales Order")
			hand.type("po_no", f"PO-{walk.tag}")
			hand.type("po_date", hand.day(0))
			hand.type("delivery_date", hand.day(30))
			hand.tab("Process")
			for kind in (CERTIFICATE, PICTURES):
				hand.choose("required_documents", kind)
			hand.save()
			hand.bring_up("customer_po_file")
			hand.upload(
				hand.control("customer_po_file").get_by_role("button", name="Attach"),
				f"PO-{walk.tag}.pdf",
				one_page(f"Purchase order PO-{walk.tag}"),
			)
			walk.found["order"] = hand.doc()

	def test_support_asks_for_approval(self, walk):
		with walk.step("5 Request Approval", SUPPORT, goes_on=("Sales Order", walk.order)) as hand:
			expect(hand.checklist("Next: Request Approval")).to_contain_text("Nothing missing")
			hand.act("Request Approval")
			hand.expect_state("Pending Approval")

	# Order Approver

	def test_the_approver_approves_on_the_review_desk(self, walk):
		with walk.step("5 Approve", APPROVER) as hand:
			hand.press(f"More for {walk.order}", hand.work(walk.order))
			hand.click(hand.work(walk.order).get_by_role("menuitem", name="Review"))
			expect(hand.page.locator(".review-head")).to_contain_text(walk.order)
			expect(hand.page.get_by_role("link", name=f"Open PO-{walk.tag}")).to_be_visible()
			hand.press("Approve", hand.page.locator(".review-actions"))
			hand.expect_told(f"Approve: {walk.order}")

	# Production

	def test_production_acknowledges_its_notice(self, walk):
		with walk.step("6 Acknowledge the notice", PRODUCTION) as hand:
			notice = hand.work(walk.customer)
			hand.press(re.compile("^Acknowledge"), notice)
			expect(
				hand.section("Notices to Acknowledge").locator("li", has_text=walk.customer)
			).to_have_count(0)

	def test_production_transfers_to_final_pack(self, walk):
		with walk.step("7 Transfer to Final Pack", PRODUCTION) as hand:
			hand.press(re.compile("^Transfer"), hand.work(walk.order))
			hand.expect_form("Stock Entry")
			hand.save()
			walk.found["transfer"] = hand.doc()
			serials = hand.stock(ITEM, QTY)
			hand.head_button("Scan")
			expect(hand.page.locator(".scan-total strong")).to_have_text(f"0 of {QTY}")
			hand.scan(serials)
			hand.press("Open Transfer")
			hand.expect_form("Stock Entry")
			heading = hand.control("items").locator(".grid-heading-row .data-row").first
			expect(heading).to_contain_text("Serial No")
			hand.submit()

	# Final Pack

	def test_final_pack_packs(self, walk):
		with walk.step("8 Delivery Note", PACKER) as hand:
			hand.press(re.compile("^(Pack|Make|Delivery)"), hand.work(walk.order))
			hand.expect_form("Delivery Note")
			hand.tab("Packing and Release")
			hand.type("packages", "1")
			hand.type("gross_weight", "12")
			hand.choose("gross_weight_uom", "Kg")
			hand.save()
			walk.found["note"] = hand.doc()
			serials = hand.page.evaluate(
				"cur_frm.doc.traceability.flatMap(row => row.serial_nos.split('\\n'))"
			)
			assert len(serials) == QTY
			hand.head_button("Scan")
			expect(hand.page.locator(".scan-total strong")).to_have_text(f"0 of {QTY}")
			hand.scan(serials)
			hand.press("Open Delivery Note")
			hand.expect_form("Delivery Note")

	def test_final_pack_completes_the_packing(self, walk):
		with walk.step("8 Complete Packing", PACKER, goes_on=("Delivery Note", walk.note)) as hand:
			hand.act("Complete Packing")
			hand.expect_state("QA Review")

	# Quality Assurance

	def test_quality_assurance_releases_the_documents(self, walk):
		with walk.step("9 Documents", QUALITY) as hand:
			hand.press(f"Open: {walk.note}", hand.work(walk.note))
			hand.expect_form("Delivery Note")
			hand.create(CERTIFICATE)
			hand.expect_told("is issued")
			hand.settle()
			hand.tab("Packing and Release")
			hand.upload(
				hand.page.get_by_role("button", name="Upload or Drop Files"),
				"picture.pdf",
				one_page(f"Picture {walk.note}"),
			)
			hand.expect_told("Filed")
			hand.act("Release Documents")
			hand.expect_state("Awaiting Clearance")

	# Customer Support, another one than who asked

	def test_support_clears_for_shipment(self, walk):
		with walk.step("10 Clear", CLEARANCE) as hand:
			hand.press(f"Clear for Shipment: {walk.note}", hand.work(walk.note))
			hand.expect_told(f"Clear for Shipment: {walk.note}")

	# Shipping

	def test_shipping_ships(self, walk):
		with walk.step("11 Ship", SHIPPER) as hand:
			hand.press(f"Open: {walk.note}", hand.work(walk.note))
			hand.expect_form("Delivery Note")
			hand.tab("Packing and Release")
			hand.type("carrier", "Redwood Freight")
			hand.type("tracking_number", f"RWF-{walk.tag}")
			hand.type("ship_date", hand.day(0))
			hand.save()
			hand.act("Ship")
			hand.expect_state("Shipped")

	# Customer Support and Accounts

	def test_support_invoices(self, walk):
		with walk.step("12 Sales Invoice", CLEARANCE) as hand:
			hand.press(re.compile("Invoice"), hand.work(walk.note))
			hand.expect_form("Sales Invoice")
			assert hand.doc("po_no") == f"PO-{walk.tag}"
			hand.save()
			hand.submit()
			walk.found["invoice"] = hand.doc()

	def test_accounts_books_the_payment(self, walk):
		with walk.step("13 Payment Entry", ACCOUNTS) as hand:
			hand.open_from_list("Sales Invoice", walk.invoice)
			hand.create("Payment")
			hand.expect_form("Payment Entry")
			hand.type("reference_no", f"WIRE-{walk.tag}")
			hand.type("reference_date", hand.day(0))
			hand.save()
			hand.submit()

	def test_the_order_has_closed_by_itself(self, walk):
		with walk.step("14 Closed", SUPPORT) as hand:
			hand.open_from_list("Sales Order", walk.customer)
			closed = hand.page.locator(".station:visible", has_text="Closed")
			expect(closed).to_have_class(re.compile("is-done"))
			assert hand.doc("status") == "Closed"
