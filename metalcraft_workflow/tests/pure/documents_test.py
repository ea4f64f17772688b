import unittest
from decimal import Decimal

from hypothesis import example, given
from hypothesis import strategies as st

from metalcraft_workflow.rules.clearance import Order, prepayment, prepayment_due, released
from metalcraft_workflow.rules.documents import (
	Certificate,
	Demand,
	DocumentRow,
	Limits,
	Slot,
	State,
	Type,
	derive,
	documents,
	limits,
	missing,
	offers,
	place,
	reasons,
	rejected,
	type_of,
	what_ended,
	why_refused,
)

TYPES = st.sampled_from(["Conformance", "Mill", "Pictures"])


class TestDocuments(unittest.TestCase):
	def test_reasons_do_not_depend_on_the_order_of_demands(self):
		demands = [
			Demand("Mill", "Item Group", "Cylinders"),
			Demand("Mill", "Item", "CYL"),
			Demand("Conformance", "Item", "CYL"),
			Demand("Conformance", "Customer", "ACME"),
			Demand("Conformance", "Item", "CYL"),
			Demand("Mill", "Item", "CYL", "B-1"),
		]
		expected = {
			("Conformance", ""): {"Customer": ["ACME"], "Item": ["CYL"]},
			("Mill", ""): {"Item": ["CYL"], "Item Group": ["Cylinders"]},
			("Mill", "B-1"): {"Item": ["CYL"]},
		}
		self.assertEqual(reasons(demands), expected)
		self.assertEqual(reasons(reversed(demands)), expected)

	def test_rows_nobody_needs_go_without_a_file_only(self):
		rows = [
			DocumentRow("Mill", reason="Item: CYL", key="0"),
			DocumentRow("Pictures", file="f", reason="Item: CYL", key="1"),
			DocumentRow("Declaration", key="2"),
			DocumentRow("Conformance", reason="Item: CYL", key="3", dropped=True),
		]
		self.assertEqual(
			derive(rows, {}),
			[
				DocumentRow("Pictures", "f", key="1"),
				DocumentRow("Declaration", key="2"),
				DocumentRow("Conformance", key="3", dropped=True),
			],
		)

	@given(
		st.lists(
			st.builds(
				DocumentRow,
				TYPES,
				st.sampled_from(["", "f"]),
				st.sampled_from(["", "why"]),
				batch_no=st.sampled_from(["", "B-1"]),
				dropped=st.booleans(),
			)
		),
		st.dictionaries(st.tuples(TYPES, st.sampled_from(["", "B-1"])), st.just("why")),
	)
	def test_what_is_asked_for_has_its_row_and_nothing_is_lost(self, rows, why):
		derived = derive(rows, why)
		self.assertLessEqual(set(why), {row.what for row in derived})
		self.assertEqual(sum(bool(row.file) for row in derived), sum(bool(row.file) for row in rows))
		self.assertEqual(sum(row.dropped for row in derived), sum(row.dropped for row in rows))
		self.assertEqual(derive(derived, why), derived)
		# What was dropped is not asked for a second time
		dropped = {row.what for row in rows if row.dropped} - {row.what for row in rows if not row.dropped}
		self.assertFalse(dropped & {row.what for row in derived if not row.dropped})

	def test_missing(self):
		rows = [
			DocumentRow("Mill"),
			DocumentRow("Mill"),
			DocumentRow("Pictures", "f"),
			DocumentRow("Declaration", dropped=True),
		]
		self.assertEqual(missing(rows), [("Mill", "")])
		self.assertEqual(
			missing(rows, [("Pictures", ""), ("Conformance", ""), ("Pictures", "B-1"), ("Declaration", "")]),
			[("Mill", ""), ("Conformance", ""), ("Pictures", "B-1")],
		)
		self.assertTrue(documents([], "DN").met)
		self.assertFalse(documents(["Mill"], "DN").met)
		self.assertTrue(documents(["Mill"], "DN", waived=True).met)

	def test_a_rejected_document_counts_until_it_is_replaced_or_dropped(self):
		rows = [
			DocumentRow("Mill", "f", rejected=True),
			DocumentRow("Pictures", "f", rejected=True, dropped=True),
		]
		self.assertEqual(rejected(rows), [("Mill", "")])

	def test_what_a_row_was_is_kept_when_it_says_something(self):
		for old, new, event in (
			(State("a"), State("b"), "Replaced"),
			(State("a"), State(""), "Removed"),
			(State("a"), None, "Removed"),
			(State(""), None, ""),
			(State(""), State("a"), ""),
			(State(dropped=True), State(), "Needed Again"),
			(State("a", "Rejected"), State("a", "Accepted"), "Decided Otherwise"),
			(State("a", "Accepted"), State("a", "Rejected"), "Decided Otherwise"),
			(State("a", "Accepted"), State("a"), ""),
			(State("a"), State("a", "Accepted"), ""),
		):
			with self.subTest(old=old, new=new):
				self.assertEqual(what_ended(old, new), event)


class TestFiles(unittest.TestCase):
	def test_the_type_says_more_than_the_settings(self):
		self.assertEqual(limits((".PDF; jpg", 0), ("png", 3)), Limits(("pdf", "jpg"), 3))
		self.assertEqual(limits((None, None), ("", None)).max_mb, 25)
		self.assertIn("pdf", limits((None, None), ("", None)).extensions)

	def test_a_file_is_refused_in_a_sentence(self):
		allowed = Limits(("pdf", "png", "txt", "docx"), 1)
		for name, size, kind, said in (
			("a.pdf", 10, "pdf", ""),
			("A.PDF", 10, "pdf", ""),
			("a.txt", 10, "", ""),
			("a.exe", 10, "", "not allowed"),
			("pdf", 10, "pdf", "not allowed"),
			("a.pdf", 0, "", "empty"),
			("a.pdf", 2 * 1024 * 1024, "pdf", "larger than {mb} MB"),
			("a.pdf", 10, "", "no {extension} file"),
			("a.png", 10, "jpeg", "no {extension} file"),
			("a.txt", 10, "pdf", "no {extension} file"),
			("a.docx", 10, "macros", "macros"),
		):
			with self.subTest(name, kind=kind):
				message, params = why_refused(name, size, kind, allowed)
				self.assertIn(said, message)
				self.assertEqual(bool(message), bool(said))
				self.assertIsInstance(message.format(**params), str)


class TestPlaces(unittest.TestCase):
	KINDS = (
		Type("Certificate of Conformance", ("coc", "c of c", "conformance")),
		Type("Mill Certificate", ("mtr", "mill")),
		Type("Declaration of Conformity"),
		Type("Pictures", ("photo", "img")),
	)
	SLOTS = (
		Slot("coc", "Certificate of Conformance"),
		Slot("mill-7", "Mill Certificate", "B-07", ("B-07", "H4711")),
		Slot("mill-8", "Mill Certificate", "B-08", ("B-08", "H4712")),
		Slot("pictures", "Pictures"),
	)

	def placed(self, *names, slots=SLOTS):
		return list(place(dict(zip(names, names, strict=True)), slots, self.KINDS).values())

	def test_the_type_is_told_by_its_name_or_a_keyword(self):
		for name, kind in (
			("Certificate of Conformance DN-12.pdf", "Certificate of Conformance"),
			("CoC_DN-00012.pdf", "Certificate of Conformance"),
			("C of C 12.pdf", "Certificate of Conformance"),
			("conformance-cert.pdf", "Certificate of Conformance"),
			("MillCert.pdf", "Mill Certificate"),
			("mill certificate.pdf", "Mill Certificate"),
			("EU declaration of conformity.pdf", "Declaration of Conformity"),
			("IMG_2033.jpg", "Pictures"),
			("picture 1.png", "Pictures"),
			("certificate.pdf", ""),
			("scan0001.pdf", ""),
			("c.pdf", ""),
		):
			with self.subTest(name):
				self.assertEqual(type_of(name, self.KINDS)[0], kind)

	def test_a_name_that_tells_two_types_is_asked_about(self):
		self.assertFalse(type_of("mill and conformance", self.KINDS)[1])
		self.assertFalse(self.placed("mill and conformance.pdf")[0].sure)

	def test_batch_and_heat_tell_the_row(self):
		for name, key in (
			("MTR B-07.pdf", "mill-7"),
			("mill_cert_H4712.pdf", "mill-8"),
			("B-08.pdf", "mill-8"),
		):
			with self.subTest(name):
				target = self.placed(name)[0]
				self.assertEqual((target.key, target.sure), (key, True))
		self.assertFalse(self.placed("MTR.pdf")[0].sure, "which of the two batches?")
		self.assertFalse(self.placed("MTR B-071.pdf")[0].sure, "another batch")

	def test_two_pictures_do_not_replace_each_other(self):
		first, second = self.placed("photo 1.jpg", "photo 2.jpg")
		self.assertEqual((first.key, first.sure), ("pictures", True))
		self.assertEqual((second.key, second.document_type, second.sure), ("", "Pictures", True))

	def test_a_file_that_is_there_is_not_replaced_unasked(self):
		full = [Slot("coc", "Certificate of Conformance", taken=True)]
		target = self.placed("coc.pdf", slots=full)[0]
		self.assertEqual((target.key, target.sure), ("coc", False))

	def test_a_type_that_nobody_asked_for_is_a_question(self):
		target = self.placed("declaration of conformity.pdf")[0]
		self.assertEqual(
			(target.key, target.document_type, target.sure), ("", "Declaration of Conformity", False)
		)

	@given(st.lists(st.text(max_size=12), unique=True, max_size=6))
	def test_whatever_the_names_no_row_is_given_two_files(self, names):
		keys = [target.key for target in self.placed(*names) if target.sure and target.key]
		self.assertEqual(len(keys), len(set(keys)))


class TestOffers(unittest.TestCase):
	def test_a_batch_answers_its_row_with_its_newest_certificate(self):
		rows = [
			DocumentRow("Mill", key="0", batch_no="B-1"),
			DocumentRow("Mill", key="1", batch_no="B-2"),
			DocumentRow("Mill", "f", key="2", batch_no="B-1"),
			DocumentRow("Mill", key="3", batch_no="B-1", dropped=True),
		]
		old, new = Certificate("Mill", "B-1", "old"), Certificate("Mill", "B-1", "new")
		self.assertEqual(offers(rows, [old, new]), {"0": new})

	def test_a_row_without_a_batch_takes_what_all_its_batches_share(self):
		rows = [DocumentRow("Mill", key="0")]
		one, same = Certificate("Mill", "B-1", "a"), Certificate("Mill", "B-2", "a")
		self.assertEqual(set(offers(rows, [one, same])), {"0"})
		self.assertEqual(offers(rows, [one, Certificate("Mill", "B-2", "b")]), {})
		self.assertEqual(offers(rows, [Certificate("Conformance", "B-1", "a")]), {})


class TestClearance(unittest.TestCase):
	def test_every_order_has_to_be_released(self):
		self.assertIsNone(released([]))
		self.assertTrue(released([Order("SO-1", approved=True)]).met)
		for wrong, word in (
			(Order("SO-2", approved=False), "not approved"),
			(Order("SO-2", approved=False, in_review=True), "changed after"),
			(Order("SO-2", approved=True, stopped="Closed"), "closed"),
			(Order("SO-2", approved=True, stopped="On Hold"), "on hold"),
		):
			requirement = released([Order("SO-1", approved=True), wrong])
			self.assertFalse(requirement.met)
			self.assertIn(word, requirement.message)
			self.assertEqual((requirement.params["order"], requirement.link.name), ("SO-2", "SO-2"))

	def test_prepayment(self):
		self.assertIsNone(prepayment([Order("SO-1", True, total=100)]))
		wanting = prepayment([Order("SO-1", True, total=1000, prepayment=30, paid=299.98)])
		self.assertFalse(wanting.met)
		self.assertEqual(str(wanting.params["due"]), "0.02")

	@given(st.decimals(0, 10**6, places=2), st.integers(0, 100))
	@example(Decimal("7.25"), 6)
	def test_who_paid_the_share_owes_nothing(self, total, percent):
		total = float(total)
		share = round(total * percent / 100, 2)
		self.assertEqual(prepayment_due(Order("SO", True, total=total, prepayment=percent, paid=share)), 0)
		self.assertEqual(prepayment_due(Order("SO", True, total=total, prepayment=percent, paid=total)), 0)
