"""A small stand-in for ERPNext, for the sandbox alone.

It has the documents that the app touches, under ERPNext's names, with what the app relies on: field
names, statuses, mappers, percentages and the order of events. It keeps no books: of stock it knows
quantities by warehouse, batch and serial number, of money what is outstanding on an invoice. What is
true of ERPNext is listed in metalcraft_workflow/tests/test_erpnext_contract.py, which runs on both.

DocTypes are declared in `doctypes/`. Behaviour is in one file a document: `erpnext.selling.doctype.
sales_order.sales_order` is the file `selling/sales_order.py`.
"""

import importlib.machinery
import importlib.util
import sys
import types
from pathlib import Path

__version__ = "15.71.1"

FOLDER = Path(__file__).parent


class Finder:
	"""Finds the module of a document where ERPNext has it; an empty one when it does nothing of its own."""

	@staticmethod
	def find_spec(name, path=None, target=None):
		parts = name.split(".")
		if parts[0] != "erpnext" or len(parts) < 3 or parts[2] != "doctype":
			return None
		if len(parts) < 5:
			return importlib.machinery.ModuleSpec(name, Folder(), is_package=True)
		file = FOLDER / parts[1] / f"{parts[4]}.py"
		if file.exists():
			return importlib.util.spec_from_file_location(name, file)
		if len(parts) == 5 and parts[3] == parts[4]:
			return importlib.machinery.ModuleSpec(name, Empty(parts[4]))
		return None


class Folder:
	def create_module(self, spec):
		return None

	def exec_module(self, module):
		module.__path__ = []
		module.__file__ = str(FOLDER / "__init__.py")


class Empty:
	"""The module of a document without behaviour: only its class."""

	def __init__(self, scrubbed: str):
		self.scrubbed = scrubbed

	def create_module(self, spec):
		return None

	def exec_module(self, module: types.ModuleType):
		import frappe
		from frappe.model.document import Document
		from frappe.utils.nestedset import NestedSet

		from erpnext.schema import doctypes

		for name, declared in doctypes().items():
			if frappe.scrub(name) == self.scrubbed:
				base = NestedSet if declared.get("is_tree") else Document
				attributes = {"__module__": module.__name__}
				if declared.get("is_tree"):
					attributes["nsm_parent_field"] = f"parent_{self.scrubbed}"
				class_name = name.replace(" ", "").replace("-", "")
				setattr(module, class_name, type(class_name, (base,), attributes))


if Finder not in sys.meta_path:
	sys.meta_path.insert(0, Finder)


def is_perpetual_inventory_enabled(company):
	"""It keeps no books."""
	return 0


def get_default_company(user=None):
	"""The company of who is signed in, or the first there is."""
	import frappe

	return frappe.defaults.get_user_default("Company") or frappe.db.get_value("Company", {}, "name")
