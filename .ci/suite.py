"""Runs the app's test modules that no other process has taken yet.

    suite.py SITE APP FOLDER

Several of these side by side, each on a site of its own, share the suite among them: whoever makes
FOLDER/<module> runs that module, and leaves how it ended in FOLDER/<module>/result, as
"passed failed skipped", and what failed with its traceback in FOLDER/<module>/failures. Exits with 1
when anything failed. What a module leaves changed for the next one is said, because that may fail for it.
"""

import os
import sys
import unittest
from pathlib import Path

import frappe
import frappe.tests.utils


def modules(app: str) -> list[str]:
	"""The names of the app's test modules, those with the most tests first."""
	top = Path(frappe.get_app_path(app))
	files = sorted(top.rglob("test_*.py"), key=lambda file: (-file.read_text().count("def test_"), file))
	return [".".join(file.relative_to(top.parent).with_suffix("").parts) for file in files]


def set_up(site: str, app: str) -> None:
	"""Make the process a test's, as Frappe's own runner does. That of 15 and that of 16 have nothing in common
	that could be called from here."""
	frappe.init(site)
	frappe.connect()
	if hasattr(frappe.tests.utils, "toggle_test_mode"):
		frappe.tests.utils.toggle_test_mode(True)  # 16
	else:
		frappe.flags.in_test = True
	frappe.clear_cache()
	for hook in frappe.get_hooks("before_tests", app_name=app):
		frappe.get_attr(hook)()
	frappe.db.commit()


def run_module(module: str) -> unittest.TestResult:
	"""Run the tests of one module, each by its name."""
	tests = unittest.defaultTestLoader.loadTestsFromName(module)
	return unittest.TextTestRunner(stream=sys.stdout, verbosity=2).run(tests)


def tally(result: unittest.TestResult) -> tuple[int, int, int]:
	"""Passed, failed and skipped tests. A class whose setUp fails counts as one that failed, though none
	of its tests counts as run; a test that fails in several parts counts once."""
	bad = [test for test, _text in result.failures + result.errors] + result.unexpectedSuccesses
	failed = {id(getattr(test, "test_case", test)): test for test in bad}
	ran = sum(isinstance(test, unittest.TestCase) for test in failed.values())
	skipped = len(result.skipped)
	return max(0, result.testsRun - ran - skipped), len(failed), skipped


def failures(result: unittest.TestResult) -> str:
	texts = [f"FAILED: {test}\n{text}" for test, text in result.failures + result.errors]
	texts += [f"FAILED: {test}\nIt passed, and was expected to fail." for test in result.unexpectedSuccesses]
	return "\n".join(texts)


# What all tests stand on
SETTINGS = ("Metalcraft Settings", "Selling Settings", "Stock Settings", "Accounts Settings")
RECORDS = ("Shipment Document Type", "Workflow", "Company", "Item Group", "Customer Group", "Custom DocPerm")


def grounds() -> dict[str, str]:
	"""What the tests stand on, as it is in the database now; a value for each field."""
	frappe.db.rollback()
	found = {
		f"{doctype}: {field}": str(value)
		for doctype in SETTINGS
		for field, value in frappe.db.get_singles_dict(doctype).items()
	}
	for doctype in RECORDS:
		for row in frappe.get_all(doctype, fields=["*"]):
			found |= {f"{doctype} {row.name}: {field}": str(value) for field, value in row.items()}
	return {
		key: value
		for key, value in found.items()
		if not key.endswith((": modified", ": modified_by", ": lft", ": rgt"))
	}


def say_what_is_left(module: str, before: dict[str, str], after: dict[str, str]) -> None:
	for key in sorted(before):
		if after.get(key) != before[key]:
			print(f"LEFT CHANGED by {module}: {key} was {before[key]!r}, is {after.get(key)!r}", flush=True)


def run(site: str, app: str, folder: Path) -> int:
	set_up(site, app)
	failed_any, before = False, {}
	for module in modules(app):
		try:
			(folder / module).mkdir()
		except FileExistsError:
			continue
		print(module, flush=True)
		result = run_module(module)
		frappe.db.commit()
		frappe.clear_cache()
		passed, failed, skipped = tally(result)
		(folder / module / "result").write_text(f"{passed} {failed} {skipped}\n")
		(folder / module / "failures").write_text(failures(result))
		failed_any |= bool(failed)
		after = grounds()
		say_what_is_left(module, before, after)
		before = after
	return int(failed_any)


if __name__ == "__main__":
	os.environ.setdefault("CI", "true")
	sys.exit(run(sys.argv[1], sys.argv[2], Path(sys.argv[3])))
