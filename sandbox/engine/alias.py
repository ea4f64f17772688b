"""The engine answers to the name `frappe`.

`monoframe` is Frappe's engine under another name. Whoever imports `frappe.x` gets the very module
`monoframe.x`, so that a class or a function is the same whichever name it was reached by, in dotted
paths of hooks and over REST too. What the engine has left out, or keeps elsewhere, is listed here.
"""

import importlib
import sys
from importlib.machinery import ModuleSpec
from importlib.util import find_spec

# Names under `frappe` that have another place in the engine, or one in the sandbox
ELSEWHERE = {
	"frappe.commands": "engine.frappe_commands",
	"frappe.tests.utils": "engine.frappe_tests",
	"frappe.modules": "monoframe.model.module_utils",
	"frappe.modules.utils": "monoframe.model.module_utils",
	"frappe.modules.import_file": "monoframe.model.import_doc",
	"frappe.modules.export_file": "monoframe.model.export",
	"frappe.modules.patch_handler": "monoframe.patches",
}


class Finder:
	"""Finds `frappe` and what is under it."""

	@staticmethod
	def find_spec(name, path=None, target=None):
		if name != "frappe" and not name.startswith("frappe."):
			return None
		real = ELSEWHERE.get(name) or "monoframe" + name.removeprefix("frappe")
		try:
			found = find_spec(real)
		except ModuleNotFoundError:
			return None
		return ModuleSpec(name, Loader(real), is_package=True) if found else None


class Loader:
	"""Gives the engine's own module, as it is."""

	def __init__(self, real: str):
		self.real = real

	def create_module(self, spec):
		module = importlib.import_module(self.real)
		# The import system writes the spec of the other name on the module; this puts back its own
		self.own = (module.__spec__, module.__loader__, module.__package__)
		return module

	def exec_module(self, module):
		module.__spec__, module.__loader__, module.__package__ = self.own


def install() -> None:
	"""Answer for `frappe` from now on."""
	if not any(isinstance(finder, type) and finder is Finder for finder in sys.meta_path):
		sys.meta_path.insert(0, Finder)
