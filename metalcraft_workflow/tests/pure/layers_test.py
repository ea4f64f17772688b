"""The layers of the app: who may import whom, and that what hooks and forms name is there."""

import ast
import re
import unittest
from pathlib import Path

from metalcraft_workflow import hooks
from metalcraft_workflow.moved import MODULES
from metalcraft_workflow.rules import requirement

APP = Path(__file__).parents[2]
PACKAGE = "metalcraft_workflow"
DEVELOPERS = APP.parent / "docs" / "developers.md"

# A quoted name, or the end of an address; scripts have names of their own below the package's
CALLED = re.compile(rf"""(?<=["'/]){PACKAGE}(?:\.[a-z_]+){{2,}}\b""")

# In the picture of the layers in docs/developers.md; a dotted one is for the part itself, not for those above
ARROW = re.compile(r"^\s+(\w+)(?:\[.*?\])? (-->|-\.->) (\w+)", re.MULTILINE)

# A row of "One save of a delivery note": the event where it begins, and a handler or whose method it is
HANDLER = re.compile(r"^\| (?:[`*](\w+)[`*] )?\| (?:`(\w+\.\w+)`|\*\w+\*) \|", re.MULTILINE)

# What each part of the app may import of it; "doctype" stands for the module's controllers and reports
MAY_IMPORT = {
	"rules": {"rules"},
	"gates": {"rules", "gates"},
	"facts": {"rules", "gates", "facts"},
	"outgoing": {"rules", "gates", "facts", "outgoing"},
	"files": {"rules", "gates", "facts", "files"},
	"desk": {"rules", "gates", "facts", "outgoing", "desk"},
	"access": {"rules", "gates", "facts", "outgoing", "access"},
	"doctype": {"rules", "gates", "facts", "outgoing", "files", "doctype", "setup"},
	"steps": {"rules", "gates", "facts", "outgoing", "files", "doctype"},
	"portal": {"rules", "gates", "facts", "outgoing", "files", "access", "portal"},
	"www": {"rules", "portal"},
	"setup": {"rules", "gates", "facts", "setup"},
	"patches": {"rules", "gates", "setup"},
}


def part_of(module: str) -> str:
	"""The part of the app that a dotted name below the package belongs to."""
	part = module.split(".")[1]
	return "doctype" if part == PACKAGE else part


def modules(part: str):
	"""The files of one part, each with its dotted name."""
	folder = APP / (PACKAGE if part == "doctype" else part)
	for path in sorted(folder.rglob("*.py")):
		yield path, ".".join((PACKAGE, *path.relative_to(APP).with_suffix("").parts))


def imports_of(path: Path):
	"""The dotted names that a file imports, wherever in it; of a package, what is taken from it."""
	for node in ast.walk(ast.parse(path.read_text())):
		if isinstance(node, ast.Import):
			yield from (alias.name for alias in node.names)
		elif isinstance(node, ast.ImportFrom):
			assert not node.level, f"{path} imports relative to itself"
			yield from (f"{node.module}.{alias.name}" for alias in node.names)


def is_of_app(name: str) -> bool:
	return name.startswith(f"{PACKAGE}.")


def defines(name: str) -> bool:
	"""Whether a dotted name is a module of the app, or a function at the top of one."""
	path = APP.joinpath(*name.split(".")[1:])
	if path.with_suffix(".py").exists():
		return True
	module = path.parent.with_suffix(".py")
	return module.exists() and any(
		isinstance(node, ast.FunctionDef) and node.name == path.name
		for node in ast.parse(module.read_text()).body
	)


def strings(value):
	"""Every string in a hook, however deep."""
	if isinstance(value, str):
		yield value
	elif isinstance(value, dict):
		for each in value.values():
			yield from strings(each)
	elif isinstance(value, list | tuple):
		for each in value:
			yield from strings(each)


class TestLayers(unittest.TestCase):
	def test_each_part_imports_only_what_lies_below_it(self):
		for part, allowed in MAY_IMPORT.items():
			for path, module in modules(part):
				for name in filter(is_of_app, imports_of(path)):
					if part_of(name) == "compat" and part != "rules":
						continue  # what differs between versions, for whoever has to know
					self.assertIn(part_of(name), allowed, f"{module} imports {name}")

	def test_the_picture_of_them_says_so(self):
		arrows = ARROW.findall(DEVELOPERS.read_text())
		below: dict[str, set[str]] = {}

		def reached(part: str) -> set[str]:
			if part not in below:
				solid = {to for of, line, to in arrows if of == part and line == "-->"}
				below[part] = solid.union(*map(reached, solid))
			return below[part]

		for part, allowed in MAY_IMPORT.items():
			if part != "patches":
				dotted = {to for of, line, to in arrows if of == part and line != "-->"}
				self.assertLessEqual(allowed - {part}, reached(part) | dotted, part)
		for of, _line, to in arrows:
			self.assertIn(to, MAY_IMPORT[of])

	def test_rules_import_no_framework(self):
		for path, module in modules("rules"):
			for name in imports_of(path):
				self.assertNotIn(name.split(".")[0], ("frappe", "erpnext"), f"{module} imports {name}")

	def test_only_compat_tells_versions_apart(self):
		for part in MAY_IMPORT:
			for path, module in modules(part):
				if module != f"{PACKAGE}.setup.install":  # says in a sentence what does not fit
					self.assertNotIn("__version__", path.read_text(), module)

	def test_every_whitelisted_method_is_checked(self):
		for path in sorted(APP.rglob("*.py")):
			for node in ast.walk(ast.parse(path.read_text())):
				if isinstance(node, ast.FunctionDef) and "tests" not in path.parts:
					decorators = [ast.unparse(each) for each in node.decorator_list]
					if any(each.startswith("frappe.whitelist") for each in decorators):
						self.assertEqual(decorators[-1], "checked", f"{path.relative_to(APP)}: {node.name}")

	def test_no_step_imports_another(self):
		for path, module in modules("steps"):
			for name in imports_of(path):
				self.assertFalse(name.startswith(f"{PACKAGE}.steps"), f"{module} imports {name}")

	def test_no_test_imports_another(self):
		for path, module in modules("tests"):
			for name in imports_of(path):
				if name.startswith(f"{PACKAGE}.tests."):
					self.assertTrue(name.startswith(f"{PACKAGE}.tests.support"), f"{module} imports {name}")

	def test_old_addresses_lead_to_what_is_there_now(self):
		for old, new in MODULES.items():
			self.assertTrue(APP.joinpath(*new.split(".")[1:]).with_suffix(".py").exists(), f"{old}: {new}")
			self.assertFalse(APP.joinpath(*old.split(".")[1:]).with_suffix(".py").exists(), old)

	def test_the_old_name_of_the_marker_marks(self):
		self.assertIs(requirement._, requirement._lt)

	def test_every_patch_is_listed_and_there(self):
		lines = [line.split("#")[0].strip() for line in (APP / "patches.txt").read_text().splitlines()]
		called = [
			f"{module}.{name}"
			for line in lines
			for module, name in re.findall(r"^execute:from (\S+) import (\w+);", line)
		]
		listed = {line for line in lines if line.startswith(PACKAGE)}
		self.assertEqual(len(called) + len(listed), sum(1 for line in lines if line and line[0] != "["))
		for name in called:
			self.assertTrue(defines(name), f"patches.txt calls {name}")
		# What saves the settings stores new ones as empty, and their defaults would not reach them
		defaults = [
			name.rsplit(".", 1)[1] for name in called if name.startswith(f"{PACKAGE}.setup.defaults.")
		]
		self.assertEqual(defaults[0], "fill_new_settings")
		self.assertEqual(defaults.count("fill_new_settings"), 1)
		self.assertEqual(
			{name for _path, name in modules("patches") if not name.endswith("__init__")}, listed
		)

	def test_what_hooks_name_is_there(self):
		for hook, value in vars(hooks).items():
			if hook.startswith("_"):
				continue
			for name in strings(value):
				if is_of_app(name) and not name.endswith(".css"):
					self.assertTrue(defines(name), f"{hook} names {name}")
				elif name.startswith("public/"):
					self.assertTrue((APP / name).exists(), f"{hook} names {name}")

	def test_the_docs_follow_a_save_as_the_hooks_have_it(self):
		told: dict[str, list[str]] = {}
		event = ""
		for first_of, handler in HANDLER.findall(DEVELOPERS.read_text()):
			event = first_of or event
			if handler:
				told.setdefault(event, []).append(handler)
		called = {
			event: [".".join(name.split(".")[-2:]) for name in hooks.doc_events["Delivery Note"][event]]
			for event in ("before_validate", "validate", "on_update")
		}
		self.assertEqual(told, called)

	def test_what_forms_and_pages_call_is_there(self):
		for path in sorted(APP.rglob("*")):
			if path.suffix in (".js", ".html", ".json") and "tests" not in path.parts:
				for name in CALLED.findall(path.read_text()):
					self.assertTrue(defines(name), f"{path.relative_to(APP)} calls {name}")
