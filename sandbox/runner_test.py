"""The runner tells what failed. Run by ./sandbox/test pure."""

from engine.runner import run_pytest

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
