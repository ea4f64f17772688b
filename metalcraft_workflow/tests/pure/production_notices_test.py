from dataclasses import replace
from datetime import date
from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.production_notices import (
	NoticeLine,
	Told,
	compare,
	is_refused_for_good,
	is_told_of,
	mail_failure,
	notices,
)

DAY = date(2026, 12, 1)

lines = st.builds(
	NoticeLine,
	line=st.sampled_from("abcd"),
	item_code=st.sampled_from("XYZ"),
	qty=st.sampled_from([1.0, 2.5, 10.0]),
	ship_date=st.sampled_from([None, DAY]),
)
orders = st.dictionaries(
	st.sampled_from(["Cylinders", "Electronics"]),
	st.lists(lines, min_size=1, max_size=4, unique_by=lambda line: (line.line, line.item_code)).map(tuple),
)


def kinds(wanted, told, notes=""):
	return [(row.department, row.kind, row.revision) for row in notices(wanted, told, notes)]


def after(wanted, told, notes=""):
	"""What departments have been told once the notices are out."""
	found = dict(told)
	for notice in notices(wanted, told, notes):
		found[notice.department] = Told(
			tuple(replace(line, changes=()) for line in notice.lines if line.qty),
			notes,
			notice.revision,
			cancelled=notice.kind == "Cancel",
		)
	return found


class TestNotices(TestCase):
	line = NoticeLine("a", "X", 10, "Nos", DAY)

	def test_first_approval(self):
		self.assertEqual(kinds({"A": [self.line], "B": []}, {}), [("A", "New", 1)])

	def test_lost_its_lines(self):
		told = {"A": Told((self.line,), revision=2)}
		self.assertEqual(kinds({}, told), [("A", "Cancel", 3)])
		self.assertEqual(kinds({}, after({}, told)), [])
		self.assertEqual(kinds({"A": [self.line]}, after({}, told)), [("A", "New", 4)])

	def test_amended_order_always_says_so(self):
		told = {"A": Told((self.line,), revision=2, cancelled=True, replaced=True)}
		(notice,) = notices({"A": [replace(self.line, line="b")]}, told)
		self.assertEqual((notice.kind, notice.revision), ("Change", 3))
		self.assertEqual(notice.lines[0].changes, ())
		self.assertEqual(kinds({}, told), [])

	def test_notes(self):
		told = {"A": Told((self.line,), "red", 1)}
		self.assertEqual(kinds({"A": [self.line]}, told, " red\n"), [])
		(notice,) = notices({"A": [self.line]}, told, "blue")
		self.assertTrue(notice.notes_changed)

	def test_what_is_listed_as_changed(self):
		before = (self.line, NoticeLine("b", "Y", 1))
		after = (replace(self.line, qty=12, ship_date=None), NoticeLine("c", "Z", 1))
		changed = [
			(line.item_code, line.qty, [change.text for change in line.changes])
			for line in compare(after, before)
		]
		self.assertEqual(
			changed,
			[
				("X", 12, ["Quantity {new}, was {old}", "Ship date {new}, was {old}"]),
				("Z", 1, ["Added"]),
				("Y", 0, ["Removed, was {old}"]),
			],
		)

	def test_same_item_on_a_new_line_is_no_change(self):
		(line,) = compare((replace(self.line, line="z"),), (self.line,))
		self.assertEqual(line.changes, ())

	@given(orders, orders)
	def test_nobody_is_told_the_same_twice(self, first, second):
		told = after(second, after(first, {}))
		self.assertEqual(kinds(second, told), [])

	@given(orders, orders)
	def test_everybody_ends_up_with_what_is_wanted(self, first, second):
		told = after(second, after(first, {}))
		for department in {*first, *second}:
			known = () if told[department].cancelled else told[department].lines
			wanted = second.get(department, ())

			def essence(lines):
				return sorted((line.item_code, line.qty, str(line.ship_date)) for line in lines)

			self.assertEqual(essence(known), essence(wanted))

	@given(orders, orders)
	def test_revisions_go_up_by_one(self, first, second):
		told = after(first, {})
		for notice in notices(second, told):
			before = told.get(notice.department)
			self.assertEqual(notice.revision, before.revision + 1 if before else 1)


class TestMailFailure(TestCase):
	def test_sentences(self):
		for error, expected in {
			"frappe.exceptions.OutgoingEmailError: Please setup default outgoing": "No outgoing email account",
			"in include_attachments\nOSError: no wkhtmltopdf": "traveller could not be printed",
			"smtplib.SMTPRecipientsRefused: {'a@b.c': (550, b'no')}": "refused an address",
			"ValidationError: Invalid Outgoing Mail Server or Port: [Errno 111]": "could not be reached",
			"KeyError: 'x'": "could not be sent",
			"": "could not be sent",
		}.items():
			self.assertIn(expected, mail_failure(error)[0])

	def test_what_a_mail_server_refuses_for_good(self):
		for error, for_good in {
			"smtplib.SMTPRecipientsRefused: {'a@b.c': (550, b'no')}": True,
			"smtplib.SMTPSenderRefused: (553, b'not yours', 'erp@b.c')": True,
			"smtplib.SMTPRecipientsRefused: {'a@b.c': (451, b'Come back later')}": False,
			"smtplib.SMTPServerDisconnected: Connection unexpectedly closed": False,
			"smtplib.SMTPAuthenticationError: (535, b'wrong password')": False,
			"": False,
		}.items():
			self.assertEqual(is_refused_for_good(error), for_good, error)

	@given(st.text())
	def test_any_text_gives_a_sentence(self, error):
		text, params = mail_failure(error)
		self.assertTrue(text.format(**params))


class TestGoods(TestCase):
	def test_of_which_goods_a_department_was_told(self):
		"""A bundle S of parts X and Y on line a; X is made by one department, the whole by another."""
		left = {"a": {"X": 0.0, "Y": 1.0}, "b": {"Z": 1.0}}
		for told, moved, expected in (
			({("a", "X")}, {("a", "X")}, True),
			({("a", "X")}, {("a", "Y")}, False),
			({("a", "S")}, {("a", "Y")}, True),
			({("b", "Z")}, {("a", "X")}, False),
			(set(), {("a", "X")}, False),
		):
			self.assertEqual(is_told_of(told, moved, left), expected, (told, moved))
