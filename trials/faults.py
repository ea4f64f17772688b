"""Killing what a bench is made of, in the middle of a step. See docs/reliability.md.

From the folder `sites` of a bench, as the user of the bench:

    ../env/bin/python ../apps/metalcraft_workflow/trials/faults.py SITE [--moments 20] [TRIAL ...]

SITE is only read: its database is copied to a MariaDB of its own, in a temporary folder, with its own Redis, web
process, worker and mail server, all on 127.0.0.1. A trial has people take a step by REST, kills one of these at
as many moments, starts it again, and lets the scheduler and the worker do what they do by themselves. Then
everything has to have happened, and once. Whoever got an error instead of an answer presses the button again.
"""

import argparse
import json
import os
import shutil
import socketserver
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from email import message_from_bytes
from functools import partial
from http.server import ThreadingHTTPServer
from pathlib import Path
from typing import NamedTuple

import frappe
import psutil
import requests
from frappe.utils import add_days, now_datetime

from metalcraft_workflow.outgoing import restored
from metalcraft_workflow.tests.support import (
	deliveries,
	factories,
	mail_account,
	money,
	pdf,
	rest,
	web_server,
)
from metalcraft_workflow.tests.support.factories import ACCOUNTS, APPROVER, SHIPPER, SUPPORT

HOST, BUYER = "127.0.0.1", "buyer@customer.test"
KINDS = ("acknowledgement", "shipped", "invoice", "closed")
# What the scheduler of a bench does for this: the app's own jobs, and Frappe's for the Email Queue
JOBS = (
	"outgoing.production_notices.deliver",
	"outgoing.owed_mails.make_owed",
	"outgoing.mail_package.add_packages",
	"outgoing.sent_mails.start_again",
)
FLUSH = "frappe.email.queue.flush"


# The mail server

# (Message-ID, recipient) -> how often the mail server took it in, and broke off after it had
came: Counter = Counter()
broken_off: Counter = Counter()


class MailServer(socketserver.ThreadingTCPServer):
	"""Takes mails in. `mood` is how it feels: "well", "refuses", "is slow" or "hangs up", which
	takes each mail the first time and breaks off before it says so."""

	daemon_threads = allow_reuse_address = True

	def __init__(self):
		super().__init__((HOST, 0), MailSession)
		self.mood = "well"
		threading.Thread(target=self.serve_forever, daemon=True).start()


class MailSession(socketserver.StreamRequestHandler):
	def handle(self) -> None:
		with suppress(OSError):
			self.talk(self.server)

	def talk(self, server: MailServer) -> None:
		self.say("220 trial")
		to = ""
		for line in self.rfile:
			verb = line[:4].upper()
			answer = "250 ok"
			if verb == b"RCPT":
				to = line.decode().split("<")[1].split(">")[0]
				answer = "451 come back later" if server.mood == "refuses" else answer
			elif verb == b"DATA":
				self.say("354 go ahead")
				mail = message_id(b"".join(iter(self.rfile.readline, b".\r\n"))), to
				if server.mood == "hangs up" and not broken_off[mail]:
					broken_off[mail] += 1
					return
				if server.mood == "is slow":
					time.sleep(5)
				came[mail] += 1
			self.say("221 bye" if verb == b"QUIT" else answer)
			if verb == b"QUIT":
				return

	def say(self, line: str) -> None:
		self.wfile.write(f"{line}\r\n".encode())


def message_id(mail: bytes) -> str:
	return message_from_bytes(mail)["Message-Id"].strip(" <>")


# The bench


class Bench:
	"""A bench of its own, of parts that can be killed: "database", "redis", "web", "worker"."""

	def __init__(self, site: str):
		self.site, self.parts, self.keys, self.full_disk = site, {}, {}, False
		self.durations: dict[str, float] = {}
		self.folder = Path(tempfile.mkdtemp(prefix="faults-"))
		self.ports = {name: free_port() for name in ("database", "redis", "web")}
		self.mails = MailServer()
		assets = partial(web_server.Assets, directory=os.getcwd())
		self.assets = ThreadingHTTPServer((HOST, 0), assets)  # what prints take their styles from
		threading.Thread(target=self.assets.serve_forever, daemon=True).start()
		self.copy_site()

	def copy_site(self) -> None:
		# Before Frappe is set up: it connects to the first Redis that it is told of, and stays with that
		conf = self.conf = frappe.get_site_config(sites_path=".", site_path=self.site)
		was = os.getcwd()
		for name in ("logs", "config/pids", "run"):
			(self.folder / name).mkdir(parents=True)
		sites = self.folder / "sites"
		(sites / "logs").mkdir(parents=True)
		for path in Path(was).iterdir():
			if path.is_file():
				shutil.copy(path, sites)
		(sites / "assets").symlink_to(Path(was, "assets"))
		shutil.copytree(self.site, sites / self.site, symlinks=True)
		redis = f"redis://{HOST}:{self.ports['redis']}"
		changes = dict.fromkeys(("redis_cache", "redis_queue", "redis_socketio"), redis)
		changes |= {"db_host": HOST, "db_port": self.ports["database"], "webserver_port": self.ports["web"]}
		changes["host_name"] = f"http://{HOST}:{self.assets.server_port}"
		for path in (sites / "common_site_config.json", sites / self.site / "site_config.json"):
			path.write_text(json.dumps({**json.loads(path.read_text()), **changes}))
		data = self.folder / "data"
		run(
			"mariadb-install-db",
			"--no-defaults",
			f"--datadir={data}",
			"--auth-root-authentication-method=normal",
		)
		self.start("database")
		self.sql(f"create database `{conf.db_name}`")
		for host in ("localhost", "%"):
			self.sql(f"grant all on *.* to '{conf.db_name}'@'{host}' identified by '{conf.db_password}'")
		# Nothing is killed yet, so nothing has to be on disk after each statement
		self.sql("set global innodb_flush_log_at_trx_commit = 0")
		self.restore(self.dump(conf.db_host, conf.db_port or 3306))
		self.sql("set global innodb_flush_log_at_trx_commit = 1")
		os.chdir(sites)
		for name in ("redis", "web", "worker"):
			self.start(name)

	# A dump of the database, and back

	def dump(self, host: str = HOST, port: int | None = None) -> bytes:
		conf = self.conf
		access = [
			f"-h{host}",
			f"-P{port or self.ports['database']}",
			f"-u{conf.db_name}",
			f"-p{conf.db_password}",
		]
		return run("mariadb-dump", "--no-defaults", *access, "--single-transaction", conf.db_name)

	def restore(self, dump: bytes) -> None:
		self.sql(dump, self.conf.db_name)

	def sql(self, statements: str | bytes, *database: str) -> None:
		given = statements.encode() if isinstance(statements, str) else statements
		run("mariadb", "--no-defaults", f"-S{self.folder}/run/s", "-uroot", *database, input=given)

	# Its parts

	def start(self, name: str) -> None:
		python, port = sys.executable, self.ports.get(name)
		command = {
			"database": [
				"mariadbd",
				"--no-defaults",
				f"--datadir={self.folder}/data",
				f"--socket={self.folder}/run/s",
				f"--port={port}",
				f"--bind-address={HOST}",
				f"--pid-file={self.folder}/run/pid",
				"--character-set-server=utf8mb4",
				"--collation-server=utf8mb4_unicode_ci",
			],
			"redis": [
				"redis-server",
				"--port",
				str(port),
				"--bind",
				HOST,
				"--save",
				"",
				"--dir",
				str(self.folder),
			],
			"web": [
				*(python, "-m", "gunicorn", "-b", f"{HOST}:{port}", "-w", "1", "--threads", "4", "-t", "120"),
				*("--preload", "frappe.app:application"),
			],
			"worker": [*(python, "-m", "frappe.utils.bench_helper", "frappe", "worker"), "--quiet"],
		}[name]
		if name == "web" and self.full_disk:
			# A disk of its own for the files, as large as one of them
			mount = f"mount -t tmpfs -o size=256k none {self.site}/private/files && exec "
			command = ["unshare", "-rm", "sh", "-c", mount + " ".join(command)]
		with open(self.folder / "logs" / f"{name}.log", "ab") as log:
			self.parts[name] = psutil.Popen(
				command, cwd=self.folder / "sites", stdout=log, stderr=log, start_new_session=True
			)
		self.wait_for(name)

	def wait_for(self, name: str) -> None:
		asked = {
			"database": lambda: (
				subprocess.run(
					["mariadb-admin", "--no-defaults", f"-S{self.folder}/run/s", "-uroot", "ping"],
					capture_output=True,
				).returncode
				== 0
			),
			"redis": lambda: run("redis-cli", "-p", str(self.ports["redis"]), "ping").strip() == b"PONG",
			"web": lambda: self.ask("GET", "frappe.ping").ok,
			"worker": lambda: True,
		}[name]
		wait_until(f"{name} is there", asked)

	def kill(self, name: str) -> None:
		"""As the power goes: SIGKILL to the part and all that belongs to it."""
		part = self.parts[name]
		for process in [part, *part.children(recursive=True)]:
			with suppress(psutil.NoSuchProcess):
				process.kill()
		part.wait()

	def mend(self, name: str) -> None:
		"""Start it again, and whatever went down with it, as the supervisor of a bench does."""
		self.start(name)
		for other, part in self.parts.items():
			if part.poll() is not None:
				self.start(other)
		for other in ("web", "worker"):
			self.wait_for(other)

	def close(self) -> None:
		for name in ("worker", "web", "redis", "database"):
			with suppress(Exception):
				self.kill(name)
		shutil.rmtree(self.folder)

	def ask(self, verb: str, path: str, user: str = "", **given) -> requests.Response:
		"""A request to the site, with the user's own key."""
		path = path if path.startswith("resource/") else f"method/{path}"
		headers = {"Host": self.site, **({"Authorization": f"token {self.keys[user]}"} if user else {})}
		return requests.request(
			verb, f"http://{HOST}:{self.ports['web']}/api/{path}", headers=headers, timeout=60, **given
		)

	# What happens by itself

	def tick(self) -> None:
		"""The scheduler comes by, for what is done every few minutes."""
		from frappe.utils.background_jobs import get_queue

		frappe.init(site=self.site, sites_path=".")
		with suppress(Exception):  # Redis may be what was killed
			if not get_queue("default").count:
				for job in (*(f"metalcraft_workflow.{name}" for name in JOBS), FLUSH):
					frappe.enqueue(job)
		frappe.destroy()

	def recover(self, hours: int = 1, times: int = 4) -> None:
		"""Let hours pass, with scheduler and worker."""
		for _time in range(times):
			self.idle()
			let_pass(hours)
			from frappe.utils.scheduler import enqueue_events

			enqueue_events(self.site)
			self.idle()

	def idle(self) -> None:
		"""Wait until the worker has nothing left; what a worker that was killed had begun is given up, as rq does
		after some minutes."""
		from frappe.utils.background_jobs import get_queues

		def nothing_left() -> bool:
			queues = get_queues()
			working = any(child.children() for child in [self.parts["worker"]])
			if not working:
				for queue in queues:
					queue.started_job_registry.cleanup(time.time() + 10**6)
			return not working and not any(queue.count for queue in queues)

		wait_until("the worker is idle", lambda: nothing_left() and (time.sleep(0.5) or nothing_left()), 600)
		frappe.db.rollback()


def let_pass(hours: int) -> None:
	"""As if it were so many hours later, for whatever waits for a time."""
	waits = {
		"Email Queue": ("modified", "send_after"),
		"Production Notice": ("tried_on",),
		"Owed Mail": ("tried_on", "creation"),
		"Scheduled Job Type": ("last_execution", "creation"),
	}
	for doctype, columns in waits.items():
		sets = ", ".join(f"{column} = {column} - interval {hours} hour" for column in columns)
		frappe.db.sql(f"update `tab{doctype}` set {sets}")
	frappe.db.commit()


def free_port() -> int:
	with socketserver.TCPServer((HOST, 0), None) as server:
		return server.server_address[1]


def run(*command: str, **given) -> bytes:
	return subprocess.run(command, check=True, capture_output=True, **given).stdout


def wait_until(what: str, is_so: Callable[[], bool], seconds: int = 60) -> None:
	end = time.monotonic() + seconds
	while time.monotonic() < end:
		with suppress(Exception):
			if is_so():
				return
		time.sleep(0.1)
	raise TimeoutError(what)


# The steps that are interrupted


class Step(NamedTuple):
	"""A step that somebody takes: how its document is prepared, who sends what, how often each effect is there
	then, and which mails follow."""

	prepare: Callable[[], "frappe.model.document.Document"]
	ask: Callable[[Bench, str], requests.Response]
	is_done: Callable[[str], bool]
	effects: Callable[[str], dict[str, int]]
	told: str


def of_customer() -> dict:
	return {"customer": factories.make_customer("Faults"), "contact_email": BUYER}


def to_approve():
	order = factories.make_order((factories.make_item(), 2, 100), **of_customer())
	return factories.act(order, "Request Approval", SUPPORT)


def to_ship():
	order = deliveries.approved_order((factories.make_item(), 2, 100), **of_customer())
	deliveries.bring(order)
	return deliveries.ready_to_ship(deliveries.cleared(deliveries.packed(order)))


def to_pay():
	order = deliveries.approved_order((factories.make_item(), 2, 100), **of_customer())
	return money.pay(money.invoice(money.ship(order)), submit=False)


def act(action: str, user: str, doctype: str, bench: Bench, name: str) -> requests.Response:
	doc = {"doctype": doctype, "name": name}
	return bench.ask(
		"POST", "frappe.model.workflow.apply_workflow", user, json={"doc": json.dumps(doc), "action": action}
	)


def pay(bench: Bench, name: str) -> requests.Response:
	return bench.ask("PUT", f"resource/Payment Entry/{name}", ACCOUNTS, json={"docstatus": 1})


def submitted(doctype: str, name: str) -> bool:
	return frappe.db.get_value(doctype, name, "docstatus") == 1


def passages(gate: str, name: str) -> int:
	return frappe.db.count("Release Record", {"reference_name": name, "gate": gate, "kind": "Passage"})


def of_approval(order: str) -> dict[str, int]:
	notices = frappe.get_all("Production Notice", {"sales_order": order}, ["name", "status"])
	names = [row.name for row in notices]
	queued = names and frappe.get_all("Email Queue", {"reference_name": ("in", names)}, pluck="name")
	return {
		"on record": passages("approve", order),
		"notice": len(notices),
		"notice says Sent": sum(row.status == "Sent" for row in notices),
		"mail of the notice": arrived(queued),
		"acknowledgement": arrived(mails("acknowledgement", order)),
	}


def of_shipment(note: str) -> dict[str, int]:
	return {
		"on record": passages("ship", note),
		"booked": frappe.db.count("Stock Ledger Entry", {"voucher_no": note, "is_cancelled": 0}),
		"notice of shipment": arrived(mails("shipped", note)),
	}


def of_payment(payment: str) -> dict[str, int]:
	invoice = frappe.db.get_value("Payment Entry Reference", {"parent": payment}, "reference_name")
	order = frappe.db.get_value("Sales Invoice Item", {"parent": invoice}, "sales_order")
	closed = {"reference_name": order, "content": ("like", "Closed by the process%")}
	return {
		"closed": int(frappe.db.get_value("Sales Order", order, "order_stage") == "Closed"),
		"closed by the process": frappe.db.count("Comment", closed),
		"booked": frappe.db.count("GL Entry", {"voucher_no": payment, "is_cancelled": 0, "credit": (">", 0)}),
		"thanks": arrived(mails("closed", order)),
	}


def mails(kind: str, doc: str) -> list[str]:
	stamps = frappe.get_all(
		"Communication", {"reference_name": doc, "name": ("like", f"{kind}-%")}, pluck="name"
	)
	return stamps and frappe.get_all("Email Queue", {"communication": ("in", stamps)}, pluck="name")


def arrived(queued: list[str]) -> int:
	"""How many mails the mail server took in, of these rows of the Email Queue."""
	ids = queued and frappe.get_all("Email Queue", {"name": ("in", queued)}, pluck="message_id")
	return sum(times for (message, _to), times in came.items() if message in ids)


STEPS = {
	"approval": Step(
		to_approve,
		partial(act, "Approve", APPROVER, "Sales Order"),
		partial(submitted, "Sales Order"),
		of_approval,
		"acknowledgement",
	),
	"shipping": Step(
		to_ship,
		partial(act, "Ship", SHIPPER, "Delivery Note"),
		partial(submitted, "Delivery Note"),
		of_shipment,
		"shipped",
	),
	"payment": Step(to_pay, pay, partial(submitted, "Payment Entry"), of_payment, "closed"),
}
PARTS = ("worker", "web", "redis", "database")


# The trials


def prepare(bench: Bench, step: Step, count: int) -> list[str]:
	"""Documents for which the step is next; who follows the process is told of nothing but by the step."""
	settings = frappe.get_doc("Metalcraft Settings")
	settings.update({f"mail_{kind}": int(kind == step.told) for kind in KINDS}).save()
	names = []
	for _number in range(count):
		frappe.set_user("Administrator")
		names.append(step.prepare().name)
		frappe.db.commit()
	bench.recover(times=1)
	return names


def take(bench: Bench, step: Step, name: str, over: threading.Event, answers: list) -> None:
	"""Somebody takes the step, and the scheduler comes by again and again."""
	try:
		answer = step.ask(bench, name)
		answers.append(answer.status_code)
		if answer.status_code == 417:
			print(f"  {name} was refused: {answer.text[:300]}", flush=True)
	except requests.RequestException as error:
		answers.append(type(error).__name__)
	while not over.wait(0.2):
		bench.tick()


def duration(bench: Bench, step: Step) -> float:
	"""Seconds from the step to its last mail, when nothing goes wrong."""
	for _warm_up in (True, False):
		(name,) = prepare(bench, step, 1)
		over, begin = threading.Event(), time.monotonic()
		thread = threading.Thread(target=take, args=(bench, step, name, over, []))
		thread.start()

		def all_there() -> bool:
			frappe.db.rollback()
			effects = step.effects(name)  # noqa: B023
			effects.pop("notice says Sent", None)
			return all(effects.values())

		wait_until(f"{step.told} is out", all_there, 120)
		seconds = time.monotonic() - begin
		over.set()
		thread.join()
		bench.idle()
	return seconds


def kill(bench: Bench, step_name: str, part: str, moments: int) -> int:
	"""Kill `part` at so many moments between a step and its last mail."""
	step = STEPS[step_name]
	if step_name not in bench.durations:
		bench.durations[step_name] = duration(bench, step)
	seconds = bench.durations[step_name]
	names, answers = prepare(bench, step, moments), []
	for number, name in enumerate(names, 1):
		over = threading.Event()
		thread = threading.Thread(target=take, args=(bench, step, name, over, answers))
		thread.start()
		time.sleep(seconds * number / moments)
		bench.kill(part)
		bench.mend(part)
		over.set()
		thread.join()
	connect(bench)
	again = press_again(bench, step, names)
	bench.recover(times=3)
	outcome = f"{len(names)} kills within {seconds:.1f} s, {again} pressed again"
	return report(f"{step_name}, {part} killed", step, names, outcome)


def press_again(bench: Bench, step: Step, names: list[str]) -> int:
	"""Whoever got an error and sees that nothing has happened repeats the step; gives how many."""
	undone = [name for name in names if not step.is_done(name)]
	for name in undone:
		answer = step.ask(bench, name)
		if not answer.ok:
			print(f"  {name} could not be repeated: {answer.status_code} {answer.text[:300]}")
	return len(undone)


def mail_server_in_a_mood(bench: Bench, mood: str, moments: int) -> int:
	"""Approvals while the mail server refuses for hours, is slow, or breaks off after it took a mail."""
	step = STEPS["approval"]
	names = prepare(bench, step, moments)
	bench.mails.mood = mood
	for name in names:
		step.ask(bench, name)
	bench.recover(times=8 if mood == "refuses" else 1)
	bench.mails.mood = "well"
	bench.recover()
	twice = sum(came[mail] for mail in broken_off)
	outcome = f"{len(names)} approvals"
	if mood == "hangs up":
		outcome += f"; {twice} mails came a second time, after it had broken off"
	return report(f"the mail server {mood}", step, names, outcome)


def day_without_scheduler(bench: Bench, moments: int) -> int:
	"""All steps while neither scheduler nor worker runs, and what was queued is lost."""
	bad = 0
	for name, step in STEPS.items():
		names = prepare(bench, step, moments)
		bench.kill("worker")
		for doc in names:
			step.ask(bench, doc)
		bench.kill("redis")
		bench.mend("redis")  # and the worker
		bench.recover(hours=24)
		bad += report(f"{name}, a day without scheduler", step, names, f"{len(names)} steps")
	return bad


def disk_full(bench: Bench, moments: int) -> int:
	"""Uploads to a disk that has no room for them."""
	bench.kill("web")
	bench.full_disk = True
	bench.start("web")
	order = to_approve()
	frappe.db.commit()
	bad, kept = 0, frappe.db.count("File")
	files = Path(f"/proc/{bench.parts['web'].pid}/root{bench.folder}/sites/{bench.site}/private/files")
	for number in range(moments):
		given = {"doctype": "Sales Order", "docname": order.name, "is_private": 1}
		file = {"file": (f"po-{number}.pdf", pdf.sample_pdf() + os.urandom(300_000))}
		answer = bench.ask("POST", "upload_file", SUPPORT, data=given, files=file)
		bad += answer.ok
	frappe.db.rollback()
	rows = frappe.db.count("File") - kept
	left = [path.name for path in files.iterdir()]
	bench.kill("web")
	bench.full_disk = False
	bench.start("web")
	file = {"file": ("po.pdf", pdf.sample_pdf() + os.urandom(300_000))}
	answer = bench.ask("POST", "upload_file", SUPPORT, data=given, files=file)
	print(
		f"disk full: {moments} uploads, {bad} said to be kept, {rows} rows of files, {len(left)} pieces left on disk;"
		f" with room again: {answer.status_code}",
		flush=True,
	)
	return bad + rows + (not answer.ok)


def backup_restored(bench: Bench, moments: int) -> int:
	"""A backup is restored that was made with half of the mails sent, and half of them waiting or given up by
	Frappe, because the mail server was away."""
	step = STEPS["approval"]
	names = prepare(bench, step, moments)
	half = moments // 2
	for name in names[:half]:
		step.ask(bench, name)
	bench.recover()
	for name in names[half:]:
		step.ask(bench, name)
	bench.idle()  # in the Email Queue; nothing flushes it
	given_up = {"status": "Error", "error": "SMTPServerDisconnected: Connection unexpectedly closed"}
	for mail in frappe.get_all("Email Queue", {"status": "Not Sent"}, pluck="name")[::2]:
		frappe.db.set_value("Email Queue", mail, given_up)
	frappe.db.commit()
	dump = bench.dump()
	bench.recover()
	frappe.db.close()
	bench.restore(dump)
	connect(bench)
	frappe.clear_cache()
	# What an administrator does by `metalcraft-restored --apply`, before the scheduler comes by
	restored.count_as_sent(restored.waiting())
	frappe.db.commit()
	bench.recover()
	bad = report("a backup was restored, mails sent before it", step, names[:half], f"{half} approvals")
	waited = names[half:]
	return bad + report("a backup was restored, mails that waited", step, waited, f"{len(waited)} approvals")


def report(what: str, step: Step, names: list[str], outcome: str) -> int:
	"""Print a trial and what was not there once; gives how many."""
	frappe.db.rollback()
	found, bad = Counter(), []
	for name in names:
		effects = step.effects(name) if step.is_done(name) else {"done": 0}
		wrong = {effect: times for effect, times in effects.items() if times != 1}
		found.update(f"{effect} {times} times" for effect, times in wrong.items())
		if wrong:
			bad.append(name)
	print(f"{what}: {outcome}; not once: {dict(found) or 'nothing'} {' '.join(bad[:3])}", flush=True)
	return len(bad)


def connect(bench: Bench) -> None:
	with suppress(Exception):  # of a connection that was killed
		frappe.destroy()
	frappe.init(site=bench.site, sites_path=".")
	frappe.connect()


TRIALS = {
	**{
		f"{step}-{part}": partial(
			lambda bench, moments, step, part: kill(bench, step, part, moments), step=step, part=part
		)
		for step in STEPS
		for part in PARTS
	},
	**{
		f"mail-{mood.replace(' ', '-')}": partial(
			lambda bench, moments, mood: mail_server_in_a_mood(bench, mood, moments), mood=mood
		)
		for mood in ("refuses", "is slow", "hangs up")
	},
	"scheduler": day_without_scheduler,
	"disk": disk_full,
	"backup": backup_restored,
}


def main() -> None:
	parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
	parser.add_argument("site")
	parser.add_argument("trials", nargs="*", metavar="TRIAL", help=", ".join(TRIALS))
	parser.add_argument("--moments", type=int, default=20)
	parser.add_argument("--keep", action="store_true", help="keep the folder of the bench, to look into")
	args = parser.parse_intermixed_args()
	os.environ.pop("CI", None)  # with it Frappe's worker takes itself for a test, and mails nothing
	bench, bad = Bench(args.site), 0
	try:
		set_up(bench)
		for name in args.trials or TRIALS:
			begin = time.monotonic()
			bad += TRIALS[name](bench=bench, moments=args.moments)
			print(f"  {time.monotonic() - begin:.0f} s", flush=True)
	finally:
		if args.keep:
			print(f"kept: {bench.folder}")
			shutil.rmtree = lambda *_args: None
		bench.close()
	raise SystemExit(bool(bad))


def set_up(bench: Bench) -> None:
	"""People with keys, a mail account that leads to the mail server here, and no jobs of others."""
	connect(bench)
	frappe.flags.in_test = True
	factories.setup_world()
	mail_account.make_account()
	frappe.flags.in_test = False
	frappe.get_doc("Metalcraft Settings").update({f"mail_{kind}": 1 for kind in KINDS}).save()
	frappe.db.set_value("Email Account", "MT Outgoing", "smtp_port", bench.mails.server_address[1])
	frappe.db.set_single_value("System Settings", "enable_scheduler", 1)
	frappe.db.set_value("Email Queue", {"status": ("!=", "Sent")}, "status", "Sent")
	jobs = frappe.qb.DocType("Scheduled Job Type")
	ours = jobs.method.like("metalcraft_workflow.%") | jobs.method.like("frappe.email.queue.%")
	frappe.qb.update(jobs).set(jobs.stopped, 1).where(ours.negate()).run()
	# On a new site a job that never ran waits for its creation, which may be in another time zone and still to come
	frappe.qb.update(jobs).set(jobs.last_execution, add_days(now_datetime(), -1)).where(ours).run()
	for user in (APPROVER, SHIPPER, ACCOUNTS, SUPPORT):
		bench.keys[user] = rest.key_of(user)
	frappe.db.commit()
	frappe.clear_cache()


if __name__ == "__main__":
	main()
