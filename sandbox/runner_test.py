"""The runner tells what failed. Run by ./sandbox/test pure."""

import pytest
from engine import browser
from engine.runner import BROWSER, PURE, chosen, is_named, run_pytest

PARTS = """
import unittest


class TestParts(unittest.TestCase):
	def test_a_part_fails(self):
		for number in (1, 2):
			with self.subTest(number):
				self.assertEqual(number, 1)

	def test_all_parts_pass(self):
		with self.subTest(1):
			pass
"""


def test_a_test_fails_with_one_of_its_parts(tmp_path):
	file = tmp_path / "parts_test.py"
	file.write_text(PARTS)
	ended = {name.rsplit("::")[-1]: outcome for name, (outcome, _words) in run_pytest(file).items()}
	assert ended == {"test_a_part_fails": "failed", "test_all_parts_pass": "passed"}


@pytest.mark.parametrize(
	"given, module, test",
	[
		("test_gates", "test_gates", None),
		("test_gates.py", "test_gates", None),
		("metalcraft_workflow/tests/test_gates.py", "test_gates", None),
		("metalcraft_workflow.tests.test_gates", "test_gates", None),
		("test_gates.TestX.test_a", "test_gates", "test_gates.TestX.test_a"),
		("engine.test_desk.TestNoDesk", "test_desk", "test_desk.TestNoDesk"),
		("pure.stage_test.py::test_a[1/2]", PURE, "pure.stage_test.py::test_a[1/2]"),
		("browser.portal_test.test_a[desk]", BROWSER, "browser.portal_test.test_a[desk]"),
	],
)
def test_what_a_failure_is_called_can_be_run_again(given, module, test):
	assert chosen([given]) == ([module], [test] if test else [])


FOUND = """<testsuites><testsuite>
<testcase classname="sandbox.browser.portal_test" name="test_a[desk]"/>
<testcase classname="metalcraft_workflow.tests.browser.lead_to_closed_test.TestLeadToClosed" name="test_b[desktop]">
<failure message="no">No, it did not.</failure></testcase>
</testsuite></testsuites>"""


def test_what_failed_in_a_browser_is_found_again_by_its_name(tmp_path):
	file = tmp_path / "found.xml"
	file.write_text(FOUND)
	assert browser.outcomes(file) == {
		"browser.portal_test.test_a[desk]": ("passed", ""),
		"browser.lead_to_closed_test.TestLeadToClosed.test_b[desktop]": ("failed", "No, it did not."),
	}
	own = [f"{browser.FOLDER}/portal_test.py::test_a[desk]"]
	walk = [f"{browser.WALK}::TestLeadToClosed::test_b[desktop]"]
	assert browser.sessions([]) == [[str(browser.FOLDER)], [str(browser.WALK)]]
	assert browser.sessions(
		[
			"browser.lead_to_closed_test.TestLeadToClosed.test_b[desktop]",
			"browser.portal_test.test_a[desk]",
			"test_gates.TestX",
		]
	) == [own, walk]


def test_a_name_means_one_test_and_its_class_all_of_it():
	named = ["test_a.TestX.test_b", "test_a.TestY"]
	runs = [
		name
		for name in ("test_a.TestX.test_b", "test_a.TestX.test_bc", "test_a.TestY.test_c")
		if is_named(name, named)
	]
	assert runs == ["test_a.TestX.test_b", "test_a.TestY.test_c"]
	assert is_named("test_other.TestX.test_b", named)


def test_a_module_that_is_not_there_is_said():
	with pytest.raises(SystemExit, match="no test module test_nowhere"):
		chosen(["test_nowhere"])
