"""The REST API as another program uses it: real requests with a user's own key.

A request runs in a thread of its own with its own transaction, so what it should see has to be
committed first, and what it did is there to stay.
"""

from threading import Thread
from unittest.mock import patch

import frappe
from frappe.utils import get_test_client, get_url


class Answer:
	"""Status, text and JSON of a response, with the words a user would read in case of a refusal."""

	def __init__(self, response):
		self.status = response.status_code
		self.json = response.get_json(silent=True) or {}
		self.text = response.get_data().decode(errors="replace")
		self.location = response.headers.get("Location") or ""

	@property
	def data(self):
		return self.json.get("data") or self.json.get("message")

	@property
	def words(self) -> str:
		return " ".join(
			str(self.json.get(key) or "") for key in ("_server_messages", "exception", "exc_type")
		)


def request(user: str, method: str, path: str, data: dict | None = None, form: dict | None = None) -> Answer:
	"""Send one request as `user` ("Guest" for none), with `data` as JSON or `form` as a form with files;
	commits what the test has arranged."""
	headers = {} if user == "Guest" else {"Authorization": f"token {key_of(user)}"}
	frappe.db.commit()
	# Prints fetch their styles from the address that the request came to
	site, address, answers = frappe.local.site, get_url(), []

	def send():
		with patch("frappe.app.get_site_name", return_value=site):
			client = get_test_client(use_cookies=False)
			answer = client.open(path, address, method=method, json=data, data=form, headers=headers)
			answers.append(Answer(answer))

	thread = Thread(target=send)
	thread.start()
	thread.join()
	frappe.db.rollback()  # a new snapshot, which sees what the request did
	return answers[0]


def call(user: str, method: str, **arguments) -> Answer:
	"""Call a whitelisted method as `user`."""
	return request(user, "POST", f"/api/method/{method}", arguments)


def forget_rate_limits() -> None:
	"""Let everybody call again as often as they may."""
	frappe.cache.delete_keys("rl:")


def key_of(user: str) -> str:
	"""API key and secret of `user`, made when there is none."""
	doc = frappe.get_doc("User", user)
	if not doc.api_key:
		doc.api_key = frappe.generate_hash(length=15)
		doc.api_secret = frappe.generate_hash(length=15)
		doc.save(ignore_permissions=True)
	return f"{doc.api_key}:{doc.get_password('api_secret')}"
