"""Two people at the same moment, many times over. See docs/reliability.md.

From the folder `sites` of a bench, on a site to throw away:

    ../env/bin/python ../apps/metalcraft_workflow/trials/races.py SITE [--rounds 200] [TRIAL ...]

Each round makes an order of its own, has two processes that hold their document open already do their step at
once, and then has two more do what the scheduler does. It prints what did not happen exactly once, what neither
happened nor was refused in words, and what a sweep would still change.
"""

import argparse
import multiprocessing
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

import frappe
from frappe.model.workflow import apply_workflow

from metalcraft_workflow.steps.closing import out_of_step
from metalcraft_workflow.tests.support import deliveries, factories, mail_account, money
from metalcraft_workflow.tests.support.concurrency import worker
from metalcraft_workflow.tests.support.factories import (
	ACCOUNTS,
	APPROVER,
	CONTROLLER,
	PACKER,
	PRODUCER,
	SHIPPER,
	SUPPORT,
)

APPROVER2, SUPPORT2 = "approver2@metalcraft.test", "support2@metalcraft.test"
BUYER = "buyer@customer.test"
KINDS = ("acknowledgement", "shipped", "invoice", "closed")

# What somebody may be told who comes second; all else that is raised is a fault
REFUSALS = (frappe.ValidationError, frappe.PermissionError)

Task = tuple[str, str, str, str]  # user, action, DocType, name


@dataclass
class Round:
	"""What the two do, and what has to be so afterwards: `once` has for each effect how often it is there."""

	order: str
	tasks: list[Task]
	once: Callable[[], dict[str, int]]
	done: int = 2  # how many of the two get it done
	stage: str = ""


# The people: processes that stay


class Person:
	"""Somebody at a desk of their own, with a connection of their own for each step."""

	def __init__(self, site: str):
		fork = multiprocessing.get_context("fork")
		self.pipe, other = fork.Pipe()
		self.process = fork.Process(target=work, args=(site, other), daemon=True)
		self.process.start()

	def say(self, what) -> None:
		self.pipe.send(what)

	def hear(self):
		if not self.pipe.poll(120):
			raise TimeoutError("somebody has waited for two minutes")
		return self.pipe.recv()


def work(site: str, pipe) -> None:
	"""Open the document of each task, say so, and do the step when told to."""
	while True:
		user, action, doctype, name = pipe.recv()
		frappe.init(site=site, sites_path=".")
		frappe.connect()
		frappe.set_user(user)
		try:
			doc = frappe.get_doc(doctype, name) if name else None
			pipe.send("ready")
			pipe.recv()
			with worker():
				act(doc, action)
				frappe.db.commit()
			pipe.send("done")
		except REFUSALS as error:
			frappe.db.rollback()
			pipe.send(f"refused: {type(error).__name__}: {error}")
		except Exception as error:
			frappe.db.rollback()
			pipe.send(f"FAULT: {type(error).__name__}: {error}")
		finally:
			frappe.destroy()


def act(doc, action: str) -> None:
	"""What a button does with the document of an open form."""
	if action == "scheduler":
		for job in ("outgoing.production_notices.deliver", "outgoing.owed_mails.make_owed"):
			frappe.get_attr(f"metalcraft_workflow.{job}")()
	elif action == "close by hand":
		doc.update_status("Closed")
	elif action in ("submit", "cancel"):
		getattr(doc, action)()
	else:
		apply_workflow(doc.as_json(), action)


def at_once(people: list[Person], tasks: list[Task]) -> list[str]:
	"""Do the tasks at the same moment; gives what each said at the end."""
	for person, task in zip(people, tasks, strict=True):
		person.say(task)
	said = [person.hear() for person in people]
	for person, word in zip(people, said, strict=True):
		if word == "ready":
			person.say("go")
	return [person.hear() if word == "ready" else word for person, word in zip(people, said, strict=True)]


# What is counted


def mails(kind: str, doc: str) -> int:
	"""Mails of a kind about a document, as rows of the Email Queue."""
	stamps = frappe.get_all(
		"Communication", {"reference_name": doc, "name": ("like", f"{kind}-%")}, pluck="name"
	)
	return frappe.db.count("Email Queue", {"communication": ("in", stamps)}) if stamps else 0


def passages(gate: str, doc: str) -> int:
	return frappe.db.count("Release Record", {"reference_name": doc, "gate": gate, "kind": "Passage"})


def said(doc: str, text: str) -> int:
	return frappe.db.count("Comment", {"reference_name": doc, "content": ("like", f"{text}%")})


def closings(order: str) -> dict[str, int]:
	return {"closed by the process": said(order, "Closed by the process"), "thanks": mails("closed", order)}


def shipments(*notes: str) -> dict[str, int]:
	found = {}
	for number, note in enumerate(notes, 1):
		entries = {"voucher_no": note, "is_cancelled": 0}
		found[f"shipment {number} on record"] = passages("ship", note)
		found[f"shipment {number} booked"] = frappe.db.count("Stock Ledger Entry", entries)
		found[f"notice of shipment {number}"] = mails("shipped", note)
	return found


# The trials: each makes a round


def two_payments() -> Round:
	order = new_order(2)
	money.ship(order)
	payments = [money.pay(money.invoice_order(order, qty=1), submit=False) for _number in range(2)]
	tasks = [(ACCOUNTS, "submit", "Payment Entry", payment.name) for payment in payments]
	return Round(order.name, tasks, lambda: closings(order.name), stage="Closed")


def payment_and_return() -> Round:
	order = new_order(2)
	shipped = money.ship(order)
	payment = money.pay(money.invoice(shipped), submit=False)
	back = draft_return(shipped)
	tasks = [
		(ACCOUNTS, "submit", "Payment Entry", payment.name),
		(SHIPPER, "Receive Return", "Delivery Note", back),
	]

	def once() -> dict[str, int]:
		shut, opened = closings(order.name), said(order.name, "Opened again by the process")
		# Who pays first may see it closed for a moment, once
		return {
			"received": passages("receive_return", back),
			"closed or opened more than once": max(*shut.values(), opened, 1),
			"left closed": 1 + shut["closed by the process"] - opened,
		}

	return Round(order.name, tasks, once)


def two_approvals() -> Round:
	order = factories.make_order((factories.make_item(), 2, 100), **of_customer())
	factories.act(order, "Request Approval", SUPPORT)

	def once() -> dict[str, int]:
		notices = frappe.get_all("Production Notice", {"sales_order": order.name}, pluck="name")
		return {
			"on record": passages("approve", order.name),
			"notice": len(notices),
			"mail of the notice": frappe.db.count("Email Queue", {"reference_name": ("in", notices)}),
			"acknowledgement": mails("acknowledgement", order.name),
		}

	tasks = [(user, "Approve", "Sales Order", order.name) for user in (APPROVER, APPROVER2)]
	return Round(order.name, tasks, once, done=1, stage="In Production")


def two_clearances() -> Round:
	note = packed(new_order(2))
	tasks = [(user, "Clear for Shipment", "Delivery Note", note.name) for user in (SUPPORT, SUPPORT2)]
	order = note.items[0].against_sales_order
	return Round(
		order, tasks, lambda: {"on record": passages("clear", note.name)}, done=1, stage="Ready to Ship"
	)


def two_shippings() -> Round:
	order = new_order(2)
	note = deliveries.ready_to_ship(deliveries.cleared(brought(order)))
	tasks = [(SHIPPER, "Ship", "Delivery Note", note.name)] * 2
	return Round(order.name, tasks, lambda: shipments(note.name), done=1, stage="Shipped")


def two_deliveries() -> Round:
	order = new_order(2)
	notes = [deliveries.ready_to_ship(deliveries.cleared(brought(order, 1))).name for _number in range(2)]
	tasks = [(SHIPPER, "Ship", "Delivery Note", note) for note in notes]
	return Round(order.name, tasks, lambda: shipments(*notes), stage="Shipped")


def transfer_and_delivery() -> Round:
	order = new_order(4)
	note = deliveries.ready_to_ship(deliveries.cleared(brought(order, 2)))
	entry = deliveries.draft_transfer(order)
	tasks = [
		(PRODUCER, "submit", "Stock Entry", entry.name),
		(SHIPPER, "Ship", "Delivery Note", note.name),
	]

	def once() -> dict[str, int]:
		line = frappe.get_all("Sales Order Item", {"parent": order.name}, ["final_pack_qty", "delivered_qty"])
		return {
			**shipments(note.name),
			"all brought, half delivered": int(line == [{"final_pack_qty": 4, "delivered_qty": 2}]),
		}

	return Round(order.name, tasks, once, stage="Partially Shipped")


def closing_and_cancelled_payment() -> Round:
	order = new_order(2)
	money.ship(order)
	first, second = money.invoice_order(order, qty=1), money.invoice_order(order, qty=1)
	paid, payment = money.pay(first), money.pay(second, submit=False)
	tasks = [
		(ACCOUNTS, "submit", "Payment Entry", payment.name),
		(CONTROLLER, "cancel", "Payment Entry", paid.name),
	]
	return Round(order.name, tasks, lambda: left_open(order.name), stage="Invoiced")


def closing_and_cancelled_delivery() -> Round:
	order = new_order(2)
	shipped = money.ship(order)
	payment = money.pay(money.invoice_order(order), submit=False)
	tasks = [
		(ACCOUNTS, "submit", "Payment Entry", payment.name),
		(SHIPPER, "Cancel Delivery", "Delivery Note", shipped.name),
	]
	return Round(order.name, tasks, lambda: left_open(order.name))


def left_open(order: str) -> dict[str, int]:
	shut, opened = said(order, "Closed by the process"), said(order, "Opened again by the process")
	return {"closed or opened more than once": max(shut, opened, 1), "left closed": 1 + shut - opened}


TRIALS = {
	"two payments": (two_payments, ["closed"]),
	"payment and return": (payment_and_return, ["closed"]),
	"two approvals": (two_approvals, ["acknowledgement"]),
	"two clearances": (two_clearances, []),
	"two shippings": (two_shippings, ["shipped"]),
	"two deliveries": (two_deliveries, ["shipped"]),
	"transfer and delivery": (transfer_and_delivery, ["shipped"]),
	"closing and cancelled payment": (closing_and_cancelled_payment, ["closed"]),
	"closing and cancelled delivery": (closing_and_cancelled_delivery, ["closed"]),
}


# Preparing


def of_customer() -> dict:
	return {
		"customer": factories.make_customer("Racer"),
		"contact_email": BUYER,
	}


def new_order(qty: float):
	"""An approved order that production knows of."""
	order = deliveries.approved_order((factories.make_item(), qty, 100), **of_customer())
	# Which department is told is another trial
	frappe.db.set_value("Production Notice", {"sales_order": order.name}, "status", "Done")
	return order


def brought(order, *quantities: float):
	"""A delivery note in Packing of goods that were just brought."""
	deliveries.bring(order, *quantities)
	return deliveries.packed(order)


def packed(order):
	"""A delivery note that awaits its clearance."""
	return factories.act(brought(order), "Complete Packing", PACKER)


def draft_return(shipped) -> str:
	"""A draft of the return of one piece of a delivery."""
	from erpnext.stock.doctype.delivery_note.delivery_note import make_sales_return

	with factories.as_user("Administrator"):
		doc = make_sales_return(shipped.name)
		doc.items[0].qty = -1
		return doc.insert().name


# Running


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
	parser.add_argument("site")
	parser.add_argument("trials", nargs="*", metavar="TRIAL", help=", ".join(TRIALS))
	parser.add_argument("--rounds", type=int, default=200)
	args = parser.parse_intermixed_args()
	people = [Person(args.site), Person(args.site)]  # before there is a connection that they would share
	frappe.init(site=args.site, sites_path=".")
	frappe.connect()
	set_up()
	faults = 0
	for name in args.trials or TRIALS:
		faults += run(name, args.rounds, people)
	frappe.destroy()
	raise SystemExit(bool(faults))


def set_up() -> None:
	frappe.flags.in_test = True
	factories.setup_world()
	mail_account.make_account()
	frappe.flags.in_test = False
	frappe.db.commit()


def run(name: str, rounds: int, people: list[Person]) -> int:
	"""Run a trial; gives how many rounds were not as they should be."""
	make, told = TRIALS[name]
	settings = frappe.get_doc("Metalcraft Settings")
	settings.update({f"mail_{kind}": int(kind in told) for kind in KINDS}).save()
	frappe.db.commit()
	begin, outcomes, bad = time.monotonic(), Counter(), 0
	for number in range(1, rounds + 1):
		frappe.set_user("Administrator")
		round_ = make()
		frappe.db.commit()
		act(None, "scheduler")  # what preparing has left
		tasks = round_.tasks if number % 2 else round_.tasks[::-1]
		said = at_once(people, tasks)
		jobs = at_once(people, [("Administrator", "scheduler", "", "")] * 2)
		act(None, "scheduler")  # the next run makes what one of the two left to the other
		frappe.db.rollback()  # a new snapshot
		outcomes.update(
			word.split(": ")[0] + (": " + word.split(": ")[1] if ": " in word else "") for word in said
		)
		findings = judge(round_, said, jobs)
		if findings:
			bad += 1
			print(f"  {name}, round {number}, {round_.order}: {'; '.join(findings)}", flush=True)
	spent = time.monotonic() - begin
	print(f"{name}: {rounds} rounds, {spent:.0f} s, {bad} with a finding; {dict(outcomes)}", flush=True)
	return bad


def judge(round_: Round, said: list[str], jobs: list[str]) -> list[str]:
	"""What is not as it should be after a round."""
	found = [word for word in [*said, *jobs] if word.startswith("FAULT")]
	found += [f"scheduler {word}" for word in jobs if word.startswith("refused")]
	if said.count("done") != round_.done:
		found.append(f"{said.count('done')} of 2 done, not {round_.done}: {said}")
	found += [f"{what}: {times}" for what, times in round_.once().items() if times != 1]
	stage = frappe.db.get_value("Sales Order", round_.order, "order_stage")
	if round_.stage and stage != round_.stage:
		found.append(f"stage {stage}, not {round_.stage}")
	found += [f"a sweep would {what}" for what in out_of_step([round_.order]).values()]
	return found


if __name__ == "__main__":
	main()
