"""Runs the app's tests: the very files that run on a bench, each on a fresh copy of one site.

sandbox/test                      all of it
sandbox/test test_gates           one file, or several
sandbox/test test_gates.TestChecklist.test_is_short    one test, as a failure names it
sandbox/test -k waiver            tests with that in their name
"""

import argparse
import collections
import contextlib
import errno
import gc
import json
import os
import re
import shutil
import signal
import time
import unittest
import warnings
from pathlib import Path

import engine
from engine import CACHE, PROJECT, SANDBOX, browser, site
from engine.processes import fork

TESTS = PROJECT / "metalcraft_workflow" / "tests"
# Those of the sandbox itself, which no bench has
OWN = SANDBOX / "engine"
PURE, BROWSER = "pure", "browser"
RUN = CACHE / "run"
# How a test says that it failed for want of room, which tells nothing of the app
FULL = r"database or disk is full|OSError: \[Errno 28\]"


class Result(unittest.TestResult):
	"""Each test once, whatever its parts do."""

	def __init__(self):
		super().__init__()
		self.outcomes: dict[str, tuple[str, str]] = {}

	def note(self, test, outcome: str, words: str = "") -> None:
		name = short(test)
		before, said = self.outcomes.get(name, ("passed", ""))
		if before != "failed":
			self.outcomes[name] = (outcome, words)
		elif words:
			# Each part that fails tells of itself
			self.outcomes[name] = (before, f"{said}\n{words}")

	def addSuccess(self, test):
		self.note(test, "passed")

	def addSkip(self, test, reason):
		super().addSkip(test, reason)
		self.note(test, "skipped", reason)

	def addFailure(self, test, error):
		self.note(test, "failed", self._exc_info_to_string(error, test))

	addError = addFailure

	def addSubTest(self, test, subtest, error):
		if error:
			self.note(test, "failed", f"{subtest}\n{self._exc_info_to_string(error, test)}")

	def addExpectedFailure(self, test, error):
		self.note(test, "passed")

	def addUnexpectedSuccess(self, test):
		self.note(test, "failed", "Was expected to fail")


def main() -> int:
	options = arguments()
	begun = time.monotonic()
	modules, options.tests = chosen(options.modules)
	engine.start()
	RUN.mkdir(parents=True, exist_ok=True)
	with site.alone("test", lambda text: print(f"{text} ...", flush=True)):
		if modules != [PURE]:
			prepare()
		outcomes = run_side_by_side(modules, options)
	return report(outcomes, time.monotonic() - begun)


def arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(prog="sandbox/test", description=__doc__.split("\n")[0])
	parser.add_argument(
		"modules", nargs="*", help="test_gates, test_guard, ... or pure; all when none is given"
	)
	parser.add_argument("-k", metavar="TEXT", default="", help="only tests with this in their name")
	parser.add_argument(
		"-j", metavar="N", type=positive, default=min(os.cpu_count() or 1, 4), help="how many at a time"
	)
	parser.add_argument("-v", action="store_true", help="name each test")
	return parser.parse_args()


def positive(text: str) -> int:
	return max(1, int(text))


def chosen(names: list[str]) -> tuple[list[str], list[str]]:
	"""The modules to run, those that took longest last time first; and the tests of them that are named, as a
	failure names them."""
	known = [file.stem for folder in (TESTS, OWN) for file in sorted(folder.glob("test_*.py"))]
	known += [PURE, BROWSER]
	modules, tests = [], []
	for given in names:
		name = given.removeprefix("metalcraft_workflow.tests.").removeprefix("engine.")
		if "/" in name and not name.startswith((f"{PURE}.", f"{BROWSER}.")):
			name = Path(name).name
		module, _, test = name.removesuffix(".py").partition(".")
		if module not in known:
			raise SystemExit(f"There is no test module {given}. There are: {', '.join(known)}.")
		modules.append(module)
		if test:
			tests.append(f"{module}.{test}")
	took = timings()
	return sorted(dict.fromkeys(modules or known), key=lambda name: -took.get(name, 20)), tests


def is_named(name: str, tests: list[str]) -> bool:
	"""Whether a test is one of those that are named; all are, of a module of which none is."""
	module = name.partition(".")[0]
	of_module = [test for test in tests if test.partition(".")[0] == module]
	return not of_module or any(
		name == test or name.startswith((f"{test}.", f"{test}[")) for test in of_module
	)


def timings() -> dict[str, float]:
	try:
		return json.loads((CACHE / "timings.json").read_text())
	except (OSError, ValueError):
		return {}


def prepare() -> None:
	"""One site with the app, as `bench run-tests` finds it; everything imported once."""
	import frappe

	site.fresh_site(RUN / "site", lambda text: print(f"{text} ...", flush=True))
	frappe.flags.in_test = frappe.local.flags.in_test = True
	frappe.in_test = True
	with site.quiet():
		for method in frappe.get_hooks("before_tests", app_name="metalcraft_workflow"):
			frappe.get_attr(method)()
	from metalcraft_workflow.tests.support import factories

	# What every test stands on, once and not in each module
	factories.setup_world()
	frappe.db.commit()
	frappe.db.close()
	gc.collect()
	gc.freeze()


def run_side_by_side(modules: list[str], options) -> dict[str, tuple[str, str]]:
	"""Run each module in a process of its own, `j` at a time."""
	waiting, running, outcomes, took = collections.deque(modules), {}, {}, timings()
	try:
		while waiting or running:
			while waiting and len(running) < options.j:
				name = waiting.popleft()
				running[start(name, options)] = (name, time.monotonic())
			pid, status = os.wait()
			if pid not in running:
				continue
			name, begun = running.pop(pid)
			found = read(name, status)
			if any(re.search(FULL, words) for _outcome, words in found.values()):
				raise OSError(errno.ENOSPC, "The disk is full")
			took[name] = time.monotonic() - begun
			outcomes |= found
			say(name, found, took[name], options.v)
	except BaseException:
		for pid in running:
			os.kill(pid, signal.SIGKILL)
			os.waitpid(pid, 0)
		raise
	(CACHE / "timings.json").write_text(json.dumps(took))
	return outcomes


def start(name: str, options) -> int:
	def run():
		if name == PURE:
			outcomes = run_pure(options.k, tests=options.tests)
		elif name == BROWSER:
			outcomes = browser.run(on_a_site, RUN / name, options.k, options.tests)
		else:
			outcomes = run_module(name, options.k, options.tests)
		(RUN / f"{name}.json").write_text(json.dumps(outcomes))

	return fork(run, log=RUN / f"{name}.log")


def run_module(name: str, filter: str, tests=()) -> dict[str, tuple[str, str]]:
	warnings.simplefilter("ignore")
	result = Result()
	with on_a_site(RUN / name):
		loader = unittest.TestLoader()
		package = "engine" if (OWN / f"{name}.py").exists() else "metalcraft_workflow.tests"
		suite = loader.loadTestsFromName(f"{package}.{name}")
		wanted = [each for each in flat(suite) if filter in each.id() and is_named(short(each), tests)]
		unittest.TestSuite(wanted).run(result)
	return result.outcomes


@contextlib.contextmanager
def on_a_site(folder: Path):
	"""A copy of the site at `folder`, for one module of tests."""
	import frappe

	shutil.rmtree(folder, ignore_errors=True)
	shutil.copytree(RUN / "site", folder)
	site.open_site(folder)
	frappe.in_test = frappe.flags.in_test = frappe.local.flags.in_test = True
	yield
	frappe.destroy()
	os.chdir(RUN)
	shutil.rmtree(folder, ignore_errors=True)


def short(test) -> str:
	"""What a test is called in the output."""
	return test.id().removeprefix("metalcraft_workflow.tests.").removeprefix("engine.")


def flat(suite):
	for each in suite:
		if isinstance(each, unittest.TestSuite):
			yield from flat(each)
		else:
			yield each


def run_pure(filter: str, *options: str, tests=()) -> dict[str, tuple[str, str]]:
	os.chdir(PROJECT)
	select = ["-k", filter] if filter else []
	# The sandbox's own, too
	files = [TESTS / PURE, *SANDBOX.glob("*_test.py")]
	if named := [test.removeprefix(f"{PURE}.") for test in tests if test.startswith(f"{PURE}.")]:
		folder = {file.name: file for file in [*TESTS.glob(f"{PURE}/*_test.py"), *files[1:]]}
		parts = [test.partition("::") for test in named]
		files = [f"{folder.get(file, file)}{colons}{rest}" for file, colons, rest in parts]
	return run_pytest(*files, options=[*select, *options])


def run_pytest(*files: Path, options=()) -> dict[str, tuple[str, str]]:
	import pytest

	outcomes = {}

	class Plugin:
		def pytest_runtest_logreport(self, report):
			name = f"pure.{report.nodeid.rsplit('/', 1)[-1]}"
			# Each part of a test reports before the test does, which passes even if its parts failed
			if outcomes.get(name, ("",))[0] == "failed":
				return
			if report.when == "call" or report.outcome != "passed":
				outcomes[name] = (report.outcome, str(report.longrepr or ""))

		def pytest_collectreport(self, report):
			if report.failed:
				outcomes[f"pure.{report.nodeid}"] = ("failed", str(report.longrepr))

	pytest.main([*map(str, files), "-q", "-p", "no:cacheprovider", *options], plugins=[Plugin()])
	return outcomes


def read(name: str, status: int) -> dict[str, tuple[str, str]]:
	"""What a module came to; a module that died is one failure."""
	file = RUN / f"{name}.json"
	if status == 0 and file.exists():
		found = json.loads(file.read_text())
		file.unlink()
		return {key: tuple(value) for key, value in found.items()}
	return {name: ("failed", (RUN / f"{name}.log").read_text()[-6000:])}


def say(name: str, found: dict, took: float, verbose: bool) -> None:
	counts = collections.Counter(outcome for outcome, _words in found.values())
	words = ", ".join(f"{counts[key]} {key}" for key in ("passed", "failed", "skipped") if counts[key])
	print(f"  {name:<28} {words or 'nothing to run':<36} {took:6.1f} s", flush=True)
	if verbose:
		for test, (outcome, _words) in found.items():
			print(f"      {outcome:<8} {test}")


def report(outcomes: dict[str, tuple[str, str]], took: float) -> int:
	by = collections.defaultdict(dict)
	for name, (outcome, words) in outcomes.items():
		by[outcome][name] = words
	for name, words in by["failed"].items():
		print(f"\nFAILED {name}\n{words.rstrip()}")
	if by["skipped"]:
		print("\nSkipped, and why:")
		for reason, number in collections.Counter(by["skipped"].values()).most_common():
			print(f"  {number:4}  {reason}")
	print(f"\n{took:.0f} s. What each module printed is in {(RUN).relative_to(PROJECT)}.")
	if not outcomes:
		print("No test was run.")
	print(f"sandbox: {len(by['passed'])} passed, {len(by['failed'])} failed, {len(by['skipped'])} skipped")
	return 1 if by["failed"] or not outcomes else 0


if __name__ == "__main__":
	engine.carry_out(main)
