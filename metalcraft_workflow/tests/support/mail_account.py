"""The outgoing mail account of the site, with and without."""

import frappe


def make_account() -> None:
	"""An outgoing account, so that mails can be queued."""
	if frappe.db.exists("Email Account", "MT Outgoing"):
		frappe.db.set_value("Email Account", "MT Outgoing", {"default_outgoing": 1, "enable_outgoing": 1})
	else:
		frappe.get_doc(
			{
				"doctype": "Email Account",
				"email_account_name": "MT Outgoing",
				"email_id": "erp@metalcraft.test",
				"enable_outgoing": 1,
				"default_outgoing": 1,
				"smtp_server": "127.0.0.1",
				"smtp_port": 1,
				"no_smtp_authentication": 1,
			}
		).insert()
	forget_accounts()


def forget_accounts() -> None:
	"""Frappe keeps the outgoing account for the request."""
	for name in ("outgoing_email_account",):
		if hasattr(frappe.local, name):
			delattr(frappe.local, name)


def without_account() -> None:
	frappe.db.set_value("Email Account", {"enable_outgoing": 1}, "enable_outgoing", 0)
	forget_accounts()
