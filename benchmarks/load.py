"""People of the desk and of the portal at work at once: a locustfile. See README.md."""

import json
import os
import random
import re

from locust import HttpUser, between, task

WITH_APP = os.environ.get("WITHOUT_APP") != "1"
DESK, PORTAL, ORDERS = 20, 50, 400  # as load_site.py makes them
PASSWORD = "load-test-7391"


class Person(HttpUser):
	"""Somebody who is signed in, each as another user."""

	abstract = True
	wait_time = between(3, 9)
	made = 0

	def sign_in(self, user: str) -> None:
		self.client.post("/api/method/login", data={"usr": user, "pwd": PASSWORD}, name="sign in")


class DeskUser(Person):
	"""Looks at the list, opens orders, and saves a draft now and then."""

	fixed_count = DESK

	def on_start(self) -> None:
		number = DeskUser.made % DESK
		DeskUser.made += 1
		self.sign_in(f"load-desk-{number}@metalcraft.test")
		page = self.client.get("/app", name="desk").text
		self.client.headers["X-Frappe-CSRF-Token"] = page.split('csrf_token = "')[1].split('"')[0]
		self.orders = self.names()
		drafts = self.names(filters='[["docstatus","=",0]]')
		self.own = drafts[number::DESK]  # nobody saves what another has open

	def names(self, **args) -> list[str]:
		args["limit_page_length"] = ORDERS
		given = self.client.get("/api/resource/Sales Order", params=args, name="names of orders").json()
		return [row["name"] for row in given["data"]]

	@task(3)
	def list(self) -> None:
		self.client.post(
			"/api/method/frappe.desk.reportview.get",
			data={
				"doctype": "Sales Order",
				"fields": '["name", "customer_name", "status", "delivery_date", "grand_total"]',
				"order_by": "creation desc",
				"start": 0,
				"page_length": 20,
			},
			name="desk: list",
		)

	@task(5)
	def form(self) -> None:
		self.open(random.choice(self.orders))

	@task(2)
	def save(self) -> None:
		doc = self.open(random.choice(self.own))
		doc["tax_id"] = str(random.randrange(10**6))
		self.client.post(
			"/api/method/frappe.desk.form.save.savedocs",
			json={"doc": json.dumps(doc), "action": "Save"},
			name="desk: save",
		)

	def open(self, name: str) -> dict:
		"""The order, as its form asks for it."""
		args = {"doctype": "Sales Order", "name": name}
		given = self.client.get("/api/method/frappe.desk.form.load.getdoc", params=args, name="desk: form")
		if WITH_APP:
			method = "metalcraft_workflow.gates.checklist.get_checklist"
			self.client.get(f"/api/method/{method}", params=args, name="desk: checklist")
		return given.json()["docs"][0]


class Buyer(Person):
	"""Looks at the orders, and at one of them."""

	fixed_count = PORTAL
	page = "/customer-orders" if WITH_APP else "/orders"

	def on_start(self) -> None:
		number = Buyer.made % PORTAL
		Buyer.made += 1
		self.sign_in(f"load-buyer-{number}@customer.test")
		page = self.client.get(self.page, name="portal: list").text
		self.orders = sorted(set(re.findall(r"SAL-ORD-\d{4}-\d{5}", page)))

	@task(2)
	def list(self) -> None:
		self.client.get(self.page, name="portal: list")

	@task(3)
	def order(self) -> None:
		self.client.get(f"{self.page}/{random.choice(self.orders)}", name="portal: order")
