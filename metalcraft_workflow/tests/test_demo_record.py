"""The demo, step by step, says what it said on the bench where it was written down."""

from frappe.tests.utils import FrappeTestCase

from metalcraft_workflow.tests.support import demo_record, marks

needs_record = marks.needs(
	"a record of the demo on this ERPNext (demo_record.keep)", lambda: demo_record.file_of_this().exists()
)
needs_no_demo = marks.needs("a site without orders of the demo", lambda: not demo_record.is_there())


class TestDemoRecord(FrappeTestCase):
	@needs_record
	@needs_no_demo
	def test_every_step_says_what_was_written_down(self):
		with demo_record.on_trial():
			found = demo_record.record()
		kept = demo_record.kept()
		self.assertEqual(list(found), list(kept))
		for step, documents in kept.items():
			for name in sorted({*documents, *found[step]}):
				with self.subTest(f"{step}, {name}"):
					self.assertEqual(found[step].get(name), documents.get(name))
