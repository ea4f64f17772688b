"""Drives a browser through what is served: sample orders on a site of their own, and the tests in `browser/`.

It takes a Chromium and a Python with Playwright, neither of which the sandbox brings along.
"""

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from xml.etree import ElementTree

from engine import SANDBOX
from engine.processes import fork

FOLDER = SANDBOX / "browser"
NEEDED = "A browser: Chromium, and Playwright and pytest in a Python (SANDBOX_PLAYWRIGHT names it)"
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
	browser, python = chromium(), playwright()
	if not browser or not python:
		return {"browser": ("skipped", NEEDED)}
	with socket.socket() as probe:
		probe.bind(("127.0.0.1", 0))
		port = probe.getsockname()[1]
	url = f"http://127.0.0.1:{port}"
	os.environ["SANDBOX_URL"] = url
	found = folder.with_suffix(".xml")
	with site_of_tests(folder):
		make_orders()
		pid = fork(lambda: serve(port), folder.with_suffix(".served.log"))
		try:
			wait_for(url)
			files = [named(test) for test in tests if test.startswith("browser.")] or [str(FOLDER)]
			command = [
				python,
				"-m",
				"pytest",
				"-q",
				"-p",
				"no:cacheprovider",
				f"--junitxml={found}",
				*files,
			]
			environment = {**os.environ, "SANDBOX_URL": url, "SANDBOX_CHROMIUM": browser}
			subprocess.run([*command, *(["-k", filter] if filter else [])], env=environment)
		finally:
			os.kill(pid, 9)
			os.waitpid(pid, 0)
	return outcomes(found)


def named(test: str) -> str:
	"""Where pytest finds a test, by the name that it has in the output."""
	_, file, function = test.split(".", 2) if test.count(".") > 1 else (*test.split("."), "")
	return f"{FOLDER / file}.py" + (f"::{function}" if function else "")


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
		name = f"browser.{case.get('classname', '').rpartition('.')[2]}.{case.get('name')}"
		found[name] = ("passed", "")
		for kind in ("failure", "error", "skipped"):
			if (part := case.find(kind)) is not None:
				words = part.get("message", "") if kind == "skipped" else part.text or ""
				found[name] = ("skipped" if kind == "skipped" else "failed", words)
	file.unlink()
	return found or {"browser": ("failed", "No test of the browser was run")}
