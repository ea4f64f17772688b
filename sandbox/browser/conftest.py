"""A Chromium, and a page of it for each person who is signed in to the served sandbox."""

import os
import re
from contextlib import contextmanager

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

URL = os.environ["SANDBOX_URL"]
DESK, PHONE = {"width": 1400, "height": 900}, {"width": 390, "height": 844}


@pytest.fixture(scope="session")
def browser():
	with sync_playwright() as playwright:
		browser = playwright.chromium.launch(
			executable_path=os.environ["SANDBOX_CHROMIUM"], args=["--no-sandbox", "--disable-gpu"]
		)
		yield browser
		browser.close()


class Visit:
	"""One browser of one person. Keeps what went wrong behind the pages."""

	def __init__(self, browser: Browser, viewport: dict):
		self.context = browser.new_context(base_url=URL, viewport=viewport)
		self.context.set_default_timeout(60_000)
		self.page: Page = self.context.new_page()
		self.complaints: list[str] = []
		self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
		self.page.on("response", self.look_at)
		self.page.on("request", self.stay_here)

	def look_at(self, response) -> None:
		if response.status >= 400:
			self.complaints.append(f"{response.status} {response.url}")

	def stay_here(self, request) -> None:
		if not request.url.startswith((URL, "data:")):
			self.complaints.append(f"leads out: {request.url}")

	def sign_in(self, user: str, to: str = "") -> Page:
		self.page.goto(f"/sandbox/as/{user}" + (f"?to={to}" if to else ""))
		return self.page

	def open(self, path: str) -> Page:
		self.page.goto(path)
		self.page.wait_for_load_state("networkidle")
		return self.page

	def overflow(self) -> int:
		"""By how many pixels the page is wider than its window."""
		return self.page.evaluate("document.documentElement.scrollWidth - innerWidth")

	def styles(self, selector: str, name: str) -> str:
		return self.page.locator(selector).first.evaluate(f"each => getComputedStyle(each).{name}")


@pytest.fixture
def visit(browser):
	opened = []

	def begin(viewport: dict = DESK) -> Visit:
		opened.append(Visit(browser, viewport))
		return opened[-1]

	yield begin
	for one in opened:
		one.context.close()


@pytest.fixture(scope="session")
def customers(browser) -> list[tuple[str, str]]:
	"""Name and user of each customer that has orders, as the front page says."""
	visit = Visit(browser, DESK)
	cards = visit.open("/").locator("h2:has-text('Customers') + ul a")
	found = []
	for number in range(cards.count()):
		card = cards.nth(number)
		if "no order yet" in card.inner_text():
			continue
		user = re.search(r"/sandbox/as/(.+)", card.get_attribute("href"))[1].replace("%40", "@")
		found.append((card.locator("b").inner_text(), user))
	visit.context.close()
	return found


@contextmanager
def nothing_wrong(visit: Visit):
	"""Nothing behind the pages goes wrong meanwhile."""
	visit.complaints.clear()
	yield
	assert visit.complaints == []
