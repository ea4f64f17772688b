"""Keeping the demo's mails on this machine.

All people of the demo have addresses that end in .example, which belong to nobody. Their mails are
taken by a small mail server that listens on this machine while the demo runs, so that they pass
through the queue like any other and are delivered to nobody. On a site that has an outgoing account
of its own, the demo's mails are taken away from it.
"""

import socketserver
import threading
from collections import Counter
from contextlib import contextmanager

import frappe

from metalcraft_workflow.demo.company import COMPANY, own
from metalcraft_workflow.demo.people import DEPARTMENTS, DOMAIN

ACCOUNT = f"{COMPANY} Mailbox"
HOST = "127.0.0.1"


@contextmanager
def open_mailbox():
	"""Take in the demo's mails while the block runs; afterwards the account is switched off again."""
	with Server((HOST, 0), Session) as server:
		threading.Thread(target=server.serve_forever, daemon=True).start()
		switch_on(server.server_address[1])
		try:
			yield
		except BaseException:
			frappe.db.rollback()
			raise
		finally:
			frappe.set_user("Administrator")
			switch_off()
			server.shutdown()


def switch_on(port: int) -> None:
	"""Make the demo's Email Account send to `port` of this machine. It becomes the default one only
	where the site has none."""
	account = (
		frappe.get_doc("Email Account", ACCOUNT)
		if frappe.db.exists("Email Account", ACCOUNT)
		else frappe.new_doc("Email Account", email_account_name=ACCOUNT)
	)
	account.update(
		{
			"email_id": f"orders@{DOMAIN}",
			"enable_incoming": 0,
			"enable_outgoing": 1,
			"default_outgoing": int(not has_own_account()),
			"smtp_server": HOST,
			"smtp_port": port,
			"use_tls": 0,
			"use_ssl_for_outgoing": 0,
			"no_smtp_authentication": 1,
		}
	)
	account.save()
	# A bench command commits by itself
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


def has_own_account() -> bool:
	"""Whether the site sends mail, with an account of its own or by its configuration."""
	return bool(
		frappe.conf.get("mail_server")
		or frappe.db.exists(
			"Email Account",
			{"enable_outgoing": 1, "default_outgoing": 1, "name": ["!=", ACCOUNT]},
		)
	)


def switch_off() -> None:
	"""Leave the site's mail as it was found."""
	account = frappe.get_doc("Email Account", ACCOUNT)
	account.update({"enable_outgoing": 0, "default_outgoing": 0})
	account.save()
	# A bench command commits by itself
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


def divert() -> list[str]:
	"""Point the mails that wait for people of the demo at its own account; gives their names."""
	queue, recipient = frappe.qb.DocType("Email Queue"), frappe.qb.DocType("Email Queue Recipient")
	rows = (
		frappe.qb.from_(queue)
		.join(recipient)
		.on(recipient.parent == queue.name)
		.where(queue.status.isin(["Not Sent", "Partially Sent"]))
		.select(queue.name, recipient.recipient)
		.run()
	)
	outside = {name for name, address in rows if not address.endswith(".example")}
	names = sorted({name for name, _address in rows} - outside)
	if names:
		frappe.db.set_value(
			"Email Queue", {"name": ["in", names]}, "email_account", ACCOUNT, update_modified=False
		)
	return names


def deliver() -> int:
	"""Send the mails that wait for people of the demo, and let production notices know.

	A print is made by a program that asks this site for its styles. Where the site is not being served
	that fails, and the mail goes without it; gives how many did.
	"""
	without_print = 0
	follow_notices()
	for name in divert():
		if not send(name):
			without_print += 1
			frappe.db.set_value(
				"Email Queue", name, {"attachments": "[]", "status": "Not Sent", "error": None}
			)
			send(name)
	follow_notices()
	return without_print


def send(name: str) -> bool:
	"""Send one mail; gives whether it did not fail."""
	try:
		frappe.get_doc("Email Queue", name).send()
	except Exception:
		frappe.clear_messages()  # the row of the queue says why
		return False
	return True


def follow_notices() -> None:
	"""What the scheduler does every few minutes, for the notices of the demo's departments."""
	from metalcraft_workflow.outgoing.production_notices import deliver_one

	for name in frappe.get_all(
		"Production Notice",
		filters={
			"department": ["in", [own(name) for name in DEPARTMENTS]],
			"sent_on": ["is", "not set"],
		},
		pluck="name",
		order_by="creation",
	):
		deliver_one(name)
	# A bench command commits by itself
	frappe.db.commit()  # nosemgrep: frappe-manual-commit


def counts() -> dict[str, int]:
	"""Status -> how many mails of the demo have it."""
	return Counter(frappe.get_all("Email Queue", {"email_account": ACCOUNT}, pluck="status"))


class Server(socketserver.ThreadingTCPServer):
	daemon_threads = True
	allow_reuse_address = True


class Session(socketserver.StreamRequestHandler):
	"""As much SMTP as it takes to accept a mail and throw it away."""

	def handle(self) -> None:
		self.say("220 demo")
		for line in self.rfile:
			verb = line[:4].upper().decode("ascii", "replace").strip()
			if verb == "DATA":
				self.say("354 go ahead")
				for text in self.rfile:
					if text.rstrip(b"\r\n") == b".":
						break
			self.say("221 bye" if verb == "QUIT" else "250 ok")
			if verb == "QUIT":
				return

	def say(self, line: str) -> None:
		self.wfile.write(f"{line}\r\n".encode())
