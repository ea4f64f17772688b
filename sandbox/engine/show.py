"""Shows the app without a bench: carries sample orders from Lead to Closed, tells what happened, saves what
came of it as files, and serves the portal on this machine.

    sandbox/run                  set up, show, serve on http://127.0.0.1:8000
    sandbox/run --desk           with the desk of the staff, which npm is needed for, once
    sandbox/run --no-serve       without serving
    sandbox/run --port 8080      on another port
    sandbox/run --reset          forget what was done in the sandbox, begin anew
"""

import argparse
import contextlib
import fcntl
import os
import socket
import sys

import engine
from engine import CACHE, PROJECT, SANDBOX, site, stop

SITE = CACHE / "show"
OUT = SANDBOX / "out"


def main() -> int:
	options = arguments()
	if not options.no_serve:
		check_port(options.port)
	os.environ["SANDBOX_URL"] = f"http://127.0.0.1:{options.port}"
	fine = build_desk() if options.desk else True
	with contextlib.ExitStack() as until_the_end:
		with site.alone("show", say):
			served = until_the_end.enter_context(open(CACHE / "served.lock", "w"))
			keep(served, options.reset)
			engine.start()
			fine = open_show(options.reset) and fine
			from engine import pages, standing

			saved = pages.save(OUT)
			standing.keep(SITE)
		print(f"{saved} mails, prints and pages: {(OUT / 'index.html').relative_to(PROJECT)}")
		if not options.no_serve:
			from engine import serve

			url = os.environ["SANDBOX_URL"]
			print(f"\nOpen {url} in a browser; a click there signs you in. Ctrl+C here ends it.")
			for line in standing.turns(url):
				print(f"  {line}")
			print("It is served to this machine alone.", flush=True)
			with contextlib.suppress(KeyboardInterrupt):
				serve.run(options.port)
	return 0 if fine else 1


def say(text: str) -> None:
	print(f"{text} ...", flush=True)


def arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(
		prog="sandbox/run", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
	)
	parser.add_argument("--port", type=int, default=8000, help="where to serve (8000)")
	parser.add_argument("--reset", action="store_true", help="begin anew")
	parser.add_argument("--desk", action="store_true", help="build the desk of the staff, once, with npm")
	parser.add_argument("--no-serve", action="store_true", help="show and save, do not serve")
	options = parser.parse_args()
	if not 0 < options.port < 65536:
		stop(f"{options.port} is no port. Choose one between 1 and 65535.")
	return options


def check_port(port: int) -> None:
	with socket.socket() as probe:
		probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
		try:
			probe.bind(("127.0.0.1", port))
		except PermissionError:
			stop(f"Port {port} needs more rights than you have. Choose another with --port.")
		except OSError:
			stop(f"Port {port} is in use. Choose another with --port, or --no-serve.")


def keep(served, reset: bool) -> None:
	"""Hold the site as long as this run lasts, together with others; who begins anew has to have it alone."""
	try:
		fcntl.flock(served, (fcntl.LOCK_EX if reset else fcntl.LOCK_SH) | fcntl.LOCK_NB)
	except BlockingIOError:
		stop("Another run serves what --reset would take away. End that one first, with Ctrl+C.")
	fcntl.flock(served, fcntl.LOCK_SH)


def build_desk() -> bool:
	"""Build the desk; gives whether it is there. All else does without it."""
	from engine import desk

	try:
		desk.build(say)
	except desk.NotBuilt as reason:
		print(f"{reason}\nAll else is there without it.", file=sys.stderr)
	return desk.is_built()


def open_show(reset: bool) -> bool:
	"""Open the sandbox's site, with the sample orders carried; gives whether all got where they should."""
	made = SITE / "made-by"
	if made.exists() and not reset:
		site.open_site(SITE)
		if made.read_text() != site.name_of_app_site():
			print("The app has changed since this was made: --reset begins anew with it as it is now.")
		from engine import standing

		print("The sample orders are there as you left them; --reset begins anew.")
		print(*standing.since(SITE), sep="\n")
		name_what_is_served()
		return True
	import frappe

	with site.made_whole(SITE) as new:
		name = site.fresh_site(new, say)
		fine = carry()
		if fine:
			(new / made.name).write_text(name)
		frappe.destroy()
	site.open_site(SITE)
	return fine


def carry() -> bool:
	from engine import people
	from metalcraft_workflow.demo import command

	fine = command.run(people.PASSWORD)
	name_what_is_served()
	print(f"They sign in with the password {people.PASSWORD}.\n")
	return fine


def name_what_is_served() -> None:
	from engine import people, portal

	people.make_customers()
	portal.name_it()


if __name__ == "__main__":
	engine.carry_out(main)
