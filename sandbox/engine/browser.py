"""Drives a browser through what is served: sample orders on a site of their own, the tests in `browser/`, and the
app's own walk from Lead to Closed, the very file that walks on a bench.

It takes a Chromium and a Python with Playwright, neither of which the sandbox brings along.
"""

import os
import re
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

from engine import PROJECT, SANDBOX, desk
from engine.processes import fork

FOLDER = SANDBOX / "browser"
WALK = PROJECT / "metalcraft_workflow" / "tests" / "browser" / "lead_to_closed_test.py"
NEEDED = "A browser: Chromium, and Playwright and pytest in a Python (SANDBOX_PLAYWRIGHT names it)"
NEEDED_BY_WALK = "A desk that is built: ./sandbox/run --desk"
# Stories of the demo: what each person of the tests finds to do
STORIES = (
	"Quoted, and so a customer",
	"Credit released, waits for approval",
	"Partly at Final Pack",
	"Shipped in parts",
	"Shipped and invoiced, not paid",
)


def chromium() -> str | None:
	named = (os.environ.get("SANDBOX_CHROMIUM"), "chromium", "chromium-browser", "google-chrome")
	return next(filter(None, (shutil.which(name) for name in named if name)), None)


def playwright() -> str | None:
	"""A Python that has it."""
	for python in (os.environ.get("SANDBOX_PLAYWRIGHT"), sys.executable, "python3"):
		if not python:
			continue
		found = subprocess.run([python, "-c", "import playwright, pytest"], capture_output=True)
		if found.returncode == 0:
			return python
	return None


def run(site_of_tests, folder: Path, filter: str, tests=()) -> dict[str, tuple[str, str]]:
	"""Test -> outcome and words. `site_of_tests` opens a site at a folder, for a block."""
	chromium_at, python = chromium(), playwright()
	if not chromium_at or not python:
		return {"browser": ("skipped", NEEDED)}
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		port = probe.getsockname()[1]
	url = f"http://127.0.0.1:{port}"
	environment = {**os.environ, **environment_of(url, chromium_at)}
	os.environ["SANDBOX_URL"] = url
	outcomes = {}
	with site_of_tests(folder):
		make_orders()
		pid = fork(lambda: serve(port), folder.with_suffix(".served.log"))
		try:
			wait_for(url)
			for files in sessions(tests):
				if files[0].startswith(str(WALK)) and not desk.is_built():
					outcomes[f"browser.{WALK.stem}"] = ("skipped", NEEDED_BY_WALK)
					continue
				outcomes |= ask(python, files, filter, folder.with_suffix(".xml"), environment)
		finally:
			os.kill(pid, 9)
			os.waitpid(pid, 0)
	return outcomes or {"browser": ("failed", "No test of the browser was run")}


def environment_of(url: str, chromium_at: str) -> dict[str, str]:
	"""By which names the tests, and those of the app, know what is served."""
	from engine.people import PASSWORD

	return {
		"PYTHONPATH": str(PROJECT),
		"SANDBOX_URL": url,
		"SANDBOX_CHROMIUM": chromium_at,
		"METALCRAFT_URL": url,
		"METALCRAFT_PASSWORD": PASSWORD,
		"METALCRAFT_CHROMIUM": chromium_at,
	}


def sessions(tests) -> list[list[str]]:
	"""What pytest is asked for, one time after the other: each folder has a conftest.py of its own."""
	files = [named(test) for test in tests if test.startswith("browser.")] or [str(FOLDER), str(WALK)]
	own = [file for file in files if file.startswith(str(FOLDER))]
	return [each for each in (own, [file for file in files if file not in own]) if each]


def ask(
	python: str, files: list[str], filter: str, found: Path, environment: dict
) -> dict[str, tuple[str, str]]:
	command = [python, "-m", "pytest", "-q", "-p", "no:cacheprovider", f"--junitxml={found}", *files]
	done = subprocess.run([*command, *(["-k", filter] if filter else [])], env=environment)
	# None of these files has what the filter names
	return {} if done.returncode == 5 else outcomes(found)


def named(test: str) -> str:
	"""Where pytest finds a test, by the name that it has in the output."""
	name, bracket, parameters = test.removeprefix("browser.").partition("[")
	file, *parts = name.split(".")
	folder = WALK.parent if file == WALK.stem else FOLDER
	return "::".join([f"{folder / file}.py", *parts]) + bracket + parameters


def make_orders() -> None:
	import frappe

	from engine import people, portal
	from metalcraft_workflow.demo import runner
	from metalcraft_workflow.demo.orders import STORIES as ALL

	frappe.in_test = frappe.flags.in_test = frappe.local.flags.in_test = False
	stopped = runner.run(
		password=people.PASSWORD, stories=tuple(story for story in ALL if story.title in STORIES)
	).stopped
	if stopped:
		raise AssertionError(f"Orders of the demo stopped: {stopped}")
	people.make_customers()
	portal.name_it()


def serve(port: int) -> None:
	from engine import serve

	serve.run(port)


def wait_for(url: str) -> None:
	for _attempt in range(120):
		try:
			urllib.request.urlopen(url, timeout=30).close()
			return
		except OSError:
			time.sleep(0.5)
	raise TimeoutError(f"Nothing is served on {url}")


def outcomes(file: Path) -> dict[str, tuple[str, str]]:
	"""What pytest says, test by test."""
	if not file.exists():
		return {"browser": ("failed", "pytest left no result")}
	found = {}
	for case in ElementTree.parse(file).iter("testcase"):
		place = re.search(r"\w+_test.*", case.get("classname", ""))
		name = ".".join(["browser", *([place[0]] if place else []), case.get("name")])
		found[name] = ("passed", "")
		for kind in ("failure", "error", "skipped"):
			if (part := case.find(kind)) is not None:
				words = part.get("message", "") if kind == "skipped" else part.text or ""
				found[name] = ("skipped" if kind == "skipped" else "failed", words)
	file.unlink()
	return found
