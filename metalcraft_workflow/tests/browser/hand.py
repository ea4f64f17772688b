"""A person's hand at the desk: it clicks, types and waits for what it sees, and counts what that takes.

A click is a click or a tap; choosing from a list is one more. An entry is a field that is typed into, whatever its
length; the click into it counts as well.
"""

import re

from conftest import Desk
from playwright.sync_api import Locator, TimeoutError, expect

EXTENDED = 60_000  # milliseconds, as in Desk


class Hand:
	"""What one person does in their own desk, at the width of a desktop or of a phone."""

	def __init__(self, desk: Desk, width: int):
		self.desk, self.page, self.width = desk, desk.page, width
		self.clicks = self.entries = 0
		self.errors: list[str] = []
		self.page.on("pageerror", lambda error: self.errors.append(str(error)))
		self.page.on("console", self.listen)
		# ERPNext 16 opens a list of its first steps over the form
		steps = self.page.locator(".onb-panel")
		self.page.add_locator_handler(
			steps, lambda: self.click(steps.locator(".onb-header-actions > *").last)
		)

	@property
	def is_phone(self) -> bool:
		return self.width < 768

	def listen(self, message) -> None:
		"""Keep what the console complains of. The tests have no socket, which is no fault of a page."""
		where = message.location.get("url", "")
		if message.type == "error" and "socket.io" not in message.text + where:
			self.errors.append(f"{message.text} ({where})")

	# Clicking and typing

	def click(self, what: Locator) -> None:
		what.click()
		self.clicks += 1

	def press(self, name: str | re.Pattern, within: Locator | None = None) -> None:
		"""Press the button with this name."""
		self.click((within or self.page).get_by_role("button", name=name).locator("visible=true").first)

	def field(self, fieldname: str) -> Locator:
		"""Where one types into a field of the form or of the open dialog."""
		where = self.page.locator(".modal.show") if self.in_dialog() else self.page
		return where.locator(
			f".frappe-control[data-fieldname={fieldname}] :is(input, select, textarea):visible"
		).first

	def bring_up(self, fieldname: str) -> None:
		"""Open the tab and the section of the form where a field is, when it is out of sight."""
		if self.in_dialog() or self.comes_up(fieldname):
			return
		tab, section = self.page.evaluate(
			"name => [cur_frm.get_field(name).tab, cur_frm.get_field(name).section].map(part => part?.df.label)",
			fieldname,
		)
		self.tab(tab)
		if not self.comes_up(fieldname):
			self.unfold(section)

	def comes_up(self, fieldname: str) -> bool:
		"""Whether a field is in sight, or will be in a moment: a form is drawn anew after it was loaded."""
		try:
			self.control(fieldname).wait_for(timeout=1500)
		except TimeoutError:
			return False
		return True

	def in_dialog(self) -> bool:
		return self.page.locator(".modal.show").count() > 0

	def type(self, fieldname: str, text: str) -> None:
		"""Type into a field."""
		self.bring_up(fieldname)
		self.type_in(self.field(fieldname), text)

	def type_in(self, field: Locator, text: str, is_cell: bool = False) -> None:
		self.click(field)
		# When the calendar of a date has opened, it empties the field
		self.page.wait_for_function(
			"[...document.querySelectorAll('.datepicker.active')].every(picker => !picker.getAnimations().length)"
		)
		field.fill(text)
		if is_cell:
			field.blur()  # Tab in the last cell begins another row
		else:
			field.press("Tab")
		self.entries += 1
		# Nobody is as fast as this: what a form fetches for one field comes before the next is typed
		self.settle()

	def choose(self, fieldname: str, text: str) -> None:
		"""Type into a field that is a link, and choose what it offers."""
		self.choose_in(self.field(fieldname), text)

	def choose_in(self, field: Locator, text: str) -> None:
		self.click(field)
		field.fill("")
		field.press_sequentially(text, delay=5)
		self.entries += 1
		offered = self.page.locator(".awesomplete ul:visible :is(li, [role=option])", has_text=text).first
		self.click(offered)

	def select(self, fieldname: str, option: str) -> None:
		"""Choose from a list of a field."""
		self.field(fieldname).select_option(label=option)
		self.clicks += 2

	# Forms

	def tab(self, name: str) -> None:
		self.click(self.page.locator(".form-tabs .nav-link:visible", has_text=name).first)

	def unfold(self, section: str) -> None:
		self.click(self.page.locator(".section-head.collapsible:visible", has_text=section).first)

	def save(self) -> None:
		"""Save the form, and wait until it shows what was saved."""
		self.click(self.page.locator(".page-head:visible .primary-action:visible", has_text="Save").first)
		self.page.wait_for_function(
			"cur_frm && !cur_frm.is_new() && !cur_frm.is_dirty() && !cur_frm.save_disabled"
		)
		self.settle()

	def submit(self) -> None:
		"""Submit the form, and say that one means it."""
		self.click(self.page.locator(".page-head:visible .primary-action:visible", has_text="Submit").first)
		self.press("Yes", self.page.locator(".modal.show"))
		self.page.wait_for_function("cur_frm.doc.docstatus === 1")
		self.settle()

	def create(self, what: str) -> None:
		"""Choose from the menu `Create`, which on a phone is a part of the form's own menu."""
		self.choose_button("Create", what)

	def choose_button(self, group: str, what: str) -> None:
		head = self.page.locator(".page-head:visible")
		if self.is_phone:
			self.click(head.locator(".menu-btn-group button:visible").first)
			entry = head.locator(".menu-btn-group .dropdown-menu.show a:visible")
			self.click(entry.filter(has_text=re.compile(rf"^\s*{group} > {what}\s*$")).first)
		else:
			self.click(head.locator(".inner-group-button:visible button", has_text=group).first)
			entry = head.locator(".inner-group-button .dropdown-menu.show a")
			self.click(entry.filter(has_text=re.compile(rf"^\s*{what}\s*$")).first)

	def act(self, action: str) -> None:
		"""Choose an action of the workflow."""
		head = self.page.locator(".page-head:visible")
		self.click(head.locator(".actions-btn-group button:visible").first)
		self.click(head.locator(".actions-btn-group .dropdown-menu.show a", has_text=action).first)

	def answer(self, button: str) -> None:
		"""Press a button of the open dialog."""
		self.click(self.page.locator(".modal.show .modal-footer button:visible", has_text=button).first)
		expect(self.page.locator(".modal.show")).to_have_count(0, timeout=EXTENDED)

	def expect_form(self, doctype: str) -> None:
		"""Wait until a form of this kind can be worked with."""
		self.page.wait_for_function(
			"doctype => window.cur_frm && cur_frm.doctype === doctype && cur_frm.doc"
			" && frappe.get_route()[1] === doctype && cur_frm.doc.name === frappe.get_route()[2]",
			arg=doctype,
			timeout=EXTENDED,
		)
		self.settle()

	def expect_state(self, state: str) -> None:
		self.page.wait_for_function(
			"state => cur_frm.doc.workflow_state === state && !document.querySelector('#freeze')",
			arg=state,
			timeout=EXTENDED,
		)
		self.settle()

	def settle(self) -> None:
		"""Wait until nothing is asked of the server, and nothing keeps one from going on."""
		self.page.wait_for_function(
			"window.frappe && frappe.request && !frappe.request.ajax_count"
			# behind an open row of a table the form is frozen
			" && (!document.querySelector('#freeze') || document.querySelector('.grid-row-open'))",
			timeout=EXTENDED,
		)

	def head_button(self, name: str) -> None:
		"""A button of the form's own; on a phone it is in the menu."""
		head = self.page.locator(".page-head:visible")
		if self.is_phone:
			self.click(head.locator(".menu-btn-group button:visible").first)
			entry = head.locator(".menu-btn-group .dropdown-menu.show a:visible")
			self.click(entry.filter(has_text=re.compile(rf"^\s*{name}\s*$")).first)
		else:
			self.click(head.get_by_role("button", name=name, exact=True).locator("visible=true").first)

	def control(self, fieldname: str) -> Locator:
		return self.page.locator(f".frappe-control[data-fieldname={fieldname}]:visible").first

	def checklist(self, text: str) -> Locator:
		return self.page.locator(".gate-checklist:visible", has_text=text).first

	def section(self, title: str) -> Locator:
		return self.page.locator(f".my-work-section[aria-label='{title}']")

	def expect_told(self, text: str) -> None:
		"""Wait for the word at the foot of the page that says that it is done."""
		expect(self.page.locator("#alert-container .desk-alert", has_text=text).first).to_be_visible(
			timeout=EXTENDED
		)
		self.settle()

	def day(self, ahead: int) -> str:
		"""A day as this person writes it."""
		return self.page.evaluate(
			"ahead => frappe.datetime.str_to_user(frappe.datetime.add_days(frappe.datetime.get_today(), ahead))",
			ahead,
		)

	def stock(self, item: str, qty: int) -> list[str]:
		"""Serial numbers that stand in production, read off the goods."""
		found = self.desk.call(
			"frappe.client.get_list",
			doctype="Serial No",
			filters={"item_code": item, "status": "Active", "warehouse": ["like", "Production%"]},
			order_by="name desc",
			limit_page_length=qty,
		)
		return [row["name"] for row in found]

	def doc(self, path: str = "name"):
		"""What the open form shows in a field."""
		return self.page.evaluate(f"cur_frm.doc.{path}")

	def land(self) -> None:
		"""Begin where signing in leads."""
		self.page.goto(self.desk.home)
		expect(self.page.locator(".my-work:visible")).to_be_visible(timeout=EXTENDED)
		self.settle()

	def go_on_with(self, doctype: str, name: str) -> None:
		"""Go on with the form that one has open; opened where it is not, as in a test of this step alone."""
		route = f"/{doctype.lower().replace(' ', '-')}/{name}"
		if not self.page.url.endswith(route):
			self.page.goto(f"/app{route}")
		self.expect_form(doctype)

	# Tables

	def row(self, table: str, number: int = 1) -> Locator:
		return self.page.locator(
			f".frappe-control[data-fieldname={table}]:visible .grid-body .rows .grid-row[data-idx='{number}']"
		).first

	def add_row(self, table: str, number: int = 1, **values) -> None:
		"""Add a row to a table and fill it in; a value that is a tuple is chosen from a list.

		On a phone the cells are out of sight, and the row is opened.
		"""
		grid = self.page.locator(f".frappe-control[data-fieldname={table}]:visible")
		self.click(grid.locator(".grid-add-row").first)
		row = self.row(table, number)
		if self.is_phone:
			self.click(row.locator(".row-index").first)
		for fieldname, value in values.items():
			field = row.locator(f"[data-fieldname={fieldname}] input:visible").first
			if not self.is_phone:
				self.click(row.locator(f".data-row [data-fieldname={fieldname}]").first)
			if isinstance(value, tuple):
				self.choose_in(field, *value)
			else:
				self.type_in(field, value, is_cell=True)
			self.settle()
		if self.is_phone:
			self.click(row.locator(".grid-collapse-row").first)

	# Files

	def upload(self, opener: Locator, name: str, content: bytes) -> None:
		"""Choose a file of one's own in the dialog that `opener` opens, and upload it."""
		self.click(opener)
		dialog = self.page.locator(".modal.show .file-uploader")
		with self.page.expect_file_chooser() as chooser:
			self.click(dialog.get_by_role("button", name="My Device").first)
		chooser.value.set_files({"name": name, "mimeType": "application/pdf", "buffer": content})
		self.click(self.page.locator(".modal.show .btn-modal-primary:visible", has_text="Upload").first)
		expect(self.page.locator(".modal.show")).to_have_count(0, timeout=EXTENDED)
		self.settle()

	# Ways

	def open_list(self, doctype: str) -> None:
		"""By the search of the desk, which is there at both widths; ERPNext 16 opens it by a button."""
		search = self.page.locator("#navbar-search")
		button = self.page.locator(":is(#navbar-modal-search, .navbar-modal-search-mobile):visible").first
		self.click(button if button.count() else search)
		search.press_sequentially(f"{doctype} List", delay=5)
		self.entries += 1
		self.click(self.page.locator(".awesomplete li:visible", has_text=f"{doctype} List").first)

	def open_from_list(self, doctype: str, text: str) -> None:
		"""Open the document whose row in the list has this text."""
		self.open_list(doctype)
		row = self.page.locator(".frappe-list:visible .list-row-container", has_text=text).first
		self.click(row.locator(".list-subject a, .level-left a").locator("visible=true").first)
		self.expect_form(doctype)

	def work(self, text: str) -> Locator:
		"""The row of My Work that has this text."""
		return self.page.locator(".my-work-row:visible", has_text=text).first

	def scan(self, codes: list[str]) -> None:
		"""A scanner types, wherever the cursor is, and presses Enter."""
		for number, code in enumerate(codes, 1):
			self.page.keyboard.type(code, delay=4)
			self.page.keyboard.press("Enter")
			self.entries += 1
			expect(self.page.locator(".scan-total strong")).to_have_text(
				f"{number} of {len(codes)}", timeout=EXTENDED
			)
