"""The runner tells what failed. Run by ./sandbox/test pure."""

import pytest
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
