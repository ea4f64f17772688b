import unittest
from dataclasses import replace
from datetime import datetime

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.chain import (
	CHANGED,
	LEFT_OUT,
	OUT_OF_PLACE,
	PUT_IN,
	Chain,
	Row,
	Seal,
	contents_of,
	digest_of_record,
	digest_of_seal,
)

WHEN = datetime(2026, 12, 1, 9, 30, 0, 5)


def records_of(document: str, count: int) -> list[Row]:
	"""What is on record about a document, as it was written."""
	rows, previous = [], ""
	for number in range(1, count + 1):
		said = {
			"process_id": document,
			"sequence": number,
			"reference_doctype": "Sales Order",
			"reference_name": document,
			"kind": "Passage",
			"reason": f"Reason {number}",
			"creation": WHEN,
		}
		digest = digest_of_record(said, previous)
		rows.append(Row(f"{document}-{number}", said, digest, previous, previous or None, count))
		previous = digest
	return rows


def seals_of(*sets: list[Row]) -> list[Seal]:
	seals, previous = [], ""
	for number, rows in enumerate(sets, 1):
		contents = contents_of((row.name, row.digest) for row in rows)
		digest = digest_of_seal(number, previous, contents)
		seals.append(Seal(number, previous, digest, contents))
		previous = digest
	return seals


def found(seals: list[Seal], sets: list[list[Row]]) -> list[tuple[str, str]]:
	chain, findings = Chain(), []
	for seal, rows in zip(seals, sets, strict=True):
		findings += [(one.name, one.what) for one in chain.follow(seal, rows)]
		findings += [(name, "missing") for name in chain.missing]
	return findings


class TestRecords(unittest.TestCase):
	def test_a_digest_is_the_same_before_it_is_written_and_after_it_is_read(self):
		written = {"sequence": 1, "reason": "Größe ⌀ 5", "gate": "", "creation": "2026-12-01 09:30:00.000005"}
		read = {"sequence": 1, "reason": "Größe ⌀ 5", "gate": None, "role": None, "creation": WHEN}
		self.assertEqual(digest_of_record(written, ""), digest_of_record(read, ""))

	def test_a_digest_says_which_field_says_what_and_what_was_before(self):
		said = {"reason": "x"}
		self.assertNotEqual(digest_of_record(said, ""), digest_of_record({"role": "x"}, ""))
		self.assertNotEqual(digest_of_record(said, ""), digest_of_record(said, "y"))

	def test_a_digest_does_not_change_with_the_version(self):
		"""Sites keep what was digested: the form is settled."""
		said = {"process_id": "a", "sequence": 2, "kind": "Waiver", "reason": "Größe", "creation": WHEN}
		self.assertEqual(
			digest_of_record(said, "b"), "fc4ad0728ac3ce86d008336bb19a224ae85ec41c220bca02f63a7e8e45e2f95f"
		)
		self.assertEqual(
			digest_of_seal(1, "", "x y"), "720fe29ee697b71bde9d77d6d6497059d360df3fb6023f0c63a0a434d67d78a0"
		)


class TestSeals(unittest.TestCase):
	def setUp(self):
		one, other = records_of("SO-1", 4), records_of("SO-2", 2)
		self.sets = [[one[0], one[1], other[0]], [one[2], other[1]], [one[3]]]
		self.seals = seals_of(*self.sets)

	def test_what_is_as_it_was_has_no_findings(self):
		self.assertEqual(found(self.seals, self.sets), [])

	def test_a_record_that_was_changed_is_named(self):
		row = self.sets[0][1]
		self.sets[0][1] = replace(row, said={**row.said, "reason": "Another"})
		self.assertEqual(found(self.seals, self.sets), [("SO-1-2", CHANGED)])

	def test_a_record_that_was_changed_with_its_digest_is_named(self):
		row = self.sets[1][0]
		said = {**row.said, "reason": "Another"}
		forged = digest_of_record(said, row.previous)
		self.sets[1][0] = replace(row, said=said, digest=forged)
		self.sets[2][0] = replace(self.sets[2][0], before=forged)
		self.assertEqual(found(self.seals, self.sets), [("SO-1-3", CHANGED), ("SO-1-4", OUT_OF_PLACE)])

	def test_a_record_that_was_left_out_is_named(self):
		del self.sets[1][0]
		self.sets[2][0] = replace(self.sets[2][0], before=None)
		self.assertEqual(found(self.seals, self.sets), [("SO-1-3", "missing"), ("#3", LEFT_OUT)])

	def test_a_record_that_was_put_in_is_named(self):
		last = self.sets[2][0]
		said = {**last.said, "sequence": 5}
		forged = Row("forged", said, digest_of_record(said, last.digest), last.digest, last.digest, 4)
		self.sets[2].append(forged)
		self.assertEqual(found(self.seals, self.sets), [("forged", PUT_IN), ("forged", PUT_IN)])

	def test_a_seal_that_was_changed_or_left_out_is_named(self):
		seal = self.seals[1]
		changed = [self.seals[0], replace(seal, contents=seal.contents + "\nx y"), self.seals[2]]
		self.assertEqual(found(changed, self.sets), [("seal 2", CHANGED), ("x", "missing")])
		forged = digest_of_seal(2, seal.previous, "")
		changed = [self.seals[0], Seal(2, seal.previous, forged, ""), self.seals[2]]
		self.assertEqual(found(changed, [self.sets[0], [], self.sets[2]]), [("seal 3", OUT_OF_PLACE)])
		without = [self.seals[0], self.seals[2]]
		self.assertEqual(found(without, [self.sets[0], self.sets[2]]), [("seal 2", LEFT_OUT)])

	@given(st.data())
	def test_no_change_of_a_record_goes_unseen(self, data):
		place = data.draw(st.integers(0, 2))
		number = data.draw(st.integers(0, len(self.sets[place]) - 1))
		row = self.sets[place][number]
		field = data.draw(st.sampled_from(sorted(row.said)))
		value = data.draw(st.text(min_size=1).filter(lambda text: text != str(row.said[field])))
		sets = [list(rows) for rows in self.sets]
		if field == "sequence":
			value = row.number + 1
		sets[place][number] = replace(row, said={**row.said, field: value})
		self.assertIn((row.name, CHANGED), found(self.seals, sets))
