"""What the project has said in one place is said alike in the others: versions, tools, exceptions, names."""

import ast
import importlib.util
import json
import os
import re
import unittest
from pathlib import Path

import metalcraft_workflow

APP = Path(metalcraft_workflow.__file__).parent
ROOT = APP.parent

BROUGHT = {".git", ".cache", ".venv", "node_modules", "__pycache__"}
ENDINGS = (".py", ".js", ".md", ".txt")

# `a/file.py`, `module.name`, `gates.module.name`: what the docs name of the app, and of the project around it
NAMED = re.compile(r"`([\w./]+)(?:\([^`]*\))?`")
LINKED = re.compile(r"\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
DOCS = (
	"README.md",
	"CONTRIBUTING.md",
	"SECURITY.md",
	"CHANGELOG.md",
	*sorted(str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md")),
)
# The app's own links to the docs: its help, its DocTypes, its onboarding
HELP = re.compile(
	r'"(?:https://github\.com/metalcraft/metalcraft_workflow/blob/main/docs/)?((?:roles/)?[a-z-]+\.md)(?:#([^"]+))?"'
)
IMAGE = re.compile(r"\(((?:[\w.-]+/)*images/[\w-]+\.png)\)")
RELEASE = re.compile(r"^## \[(.+?)\](?: - (\d{4}-\d\d-\d\d))?$", re.MULTILINE)


# What the project has of Python, apart from the tools of the sandbox
FOLDERS = (APP, ROOT / "benchmarks", ROOT / "docs", ROOT / "trials")


def read(name: str) -> str:
	return (ROOT / name).read_text()


def sources() -> list[Path]:
	"""The Python of the project, apart from what its tools have brought."""
	return [path for folder in FOLDERS for path in sorted(folder.rglob("*.py"))]


def defined(path: Path) -> set[str]:
	"""Names of what a module has: functions, classes, what is assigned, fields of its classes."""
	nodes = list(ast.walk(ast.parse(path.read_text())))
	return {node.name for node in nodes if isinstance(node, ast.FunctionDef | ast.ClassDef)} | {
		node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
	}


def paths() -> list[str]:
	"""Files and folders of the project, each behind a slash; not what its tools have brought."""
	found = []
	for folder, folders, names in os.walk(ROOT):
		folders[:] = [name for name in folders if name not in BROUGHT]
		found += [f"/{(Path(folder) / name).relative_to(ROOT)}" for name in (*folders, *names)]
	return found


def is_there(name: str, known: list[str]) -> bool:
	"""Whether a path, or a dotted name of the app, leads somewhere; true of names that are no such thing."""
	if "/" in name or name.endswith(ENDINGS):
		return any(path.endswith(f"/{name.removeprefix('./').strip('/')}") for path in known)
	first, *rest = name.removeprefix("metalcraft_workflow.").split(".")
	if (APP / first).is_dir() and rest:
		module, *rest = rest
		modules = [APP / first / f"{module}.py"]
	else:
		modules = [ROOT / path[1:] for path in known if rest and path.endswith(f"/{first}.py")]
	return not modules or any(path.exists() and {*rest[:1]} <= defined(path) for path in modules)


def anchor(heading: str) -> str:
	"""What GitHub calls a heading in a link."""
	return re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-")


class TestVersion(unittest.TestCase):
	def test_it_stands_in_one_place(self):
		project = read("pyproject.toml").split("\n[project.urls]")[0]
		self.assertIn('dynamic = ["version"', project)
		self.assertNotRegex(project, r"(?m)^version =")
		self.assertNotIn("app_version", (APP / "hooks.py").read_text())

	def test_the_changelog_knows_it(self):
		(unreleased, undated), *released = RELEASE.findall(read("CHANGELOG.md"))
		self.assertEqual((unreleased, undated), ("Unreleased", ""))
		self.assertEqual(released[0][0], metalcraft_workflow.__version__)
		self.assertTrue(all(date for _version, date in released))
		self.assertEqual(released, sorted(released, key=lambda release: release[1], reverse=True))


class TestTools(unittest.TestCase):
	def test_they_are_pinned_alike(self):
		hooks, script = read(".pre-commit-config.yaml"), read(".ci/run")
		pinned = dict(re.findall(r"^([a-z]+)(?:\[.*\])?==(\S+)$", read(".ci/requirements.txt"), re.MULTILINE))
		for tool in ("mypy", "bandit"):
			self.assertRegex(hooks, rf"\b{tool}(\[\w+\])?=={re.escape(pinned[tool])}\b")
		found = dict(re.findall(r"(ruff|prettier|eslint)(?:-pre-commit)?\n\s+rev: v(\S+)", hooks))
		self.assertEqual(found.pop("ruff"), pinned["ruff"])
		self.assertEqual(found, dict(re.findall(r"^(prettier|eslint)=\1@(\S+)$", script, re.MULTILINE)))
		self.assertEqual(len(found), 2)

	def test_an_exception_names_its_rule_and_has_its_reason_above(self):
		"""Words behind the colon count as names of rules, and suppress nothing."""
		for path in sources():
			lines = path.read_text().splitlines()
			for number, line in enumerate(lines):
				if "# nosemgrep" not in line or path == Path(__file__):
					continue
				with self.subTest(where=f"{path.relative_to(ROOT)}:{number + 1}"):
					self.assertRegex(line, r"  # nosemgrep(: [\w-]+)?$")
					above = "\n".join(lines[max(0, number - 2) : number])
					self.assertRegex(above, r"(?m)^\s*# \w")


class TestDocs(unittest.TestCase):
	def test_what_they_name_is_there(self):
		known = paths()
		missing = [name for name in NAMED.findall(read("docs/developers.md")) if not is_there(name, known)]
		self.assertFalse(missing)

	def test_what_they_link_to_is_there(self):
		for doc in DOCS:
			for path, heading in LINKED.findall(read(doc)):
				target = (ROOT / doc).parent / path if path else ROOT / doc
				with self.subTest(doc=doc, link=f"{path}#{heading}"):
					self.assertTrue(target.exists())
					if heading:
						self.assertIn(heading, map(anchor, HEADING.findall(target.read_text())))

	def test_what_the_app_links_to_in_them_is_there(self):
		texts = [path.read_text() for ending in ("js", "json") for path in APP.rglob(f"*.{ending}")]
		links = {link for text in texts for link in HELP.findall(text)}
		self.assertGreater(len(links), 15)
		for path, heading in links:
			with self.subTest(link=f"{path}#{heading}"):
				self.assertIn(f"docs/{path}", DOCS)
				if heading:
					self.assertIn(heading, map(anchor, HEADING.findall(read(f"docs/{path}"))))

	def test_every_role_has_its_page(self):
		pages = "".join(path.read_text() for path in (ROOT / "docs/roles").glob("*.md"))
		for role in json.loads((APP / "fixtures/role.json").read_text()):
			self.assertIn(f"For `{role['name']}`", pages)

	def test_every_picture_is_made_by_the_command(self):
		"""And every one that it makes is shown somewhere."""
		shown = {(ROOT / doc).parent / path for doc in DOCS for path in IMAGE.findall(read(doc))}
		spec = importlib.util.spec_from_file_location("pictures", ROOT / "docs/pictures.py")
		spec.loader.exec_module(pictures := importlib.util.module_from_spec(spec))
		made = [picture.name for picture in pictures.PICTURES]
		self.assertEqual(len(made), len(set(made)))
		self.assertEqual(
			{path.resolve() for path in shown}, {pictures.IMAGES / f"{name}.png" for name in made}
		)
		self.assertEqual(sorted(path.stem for path in pictures.IMAGES.iterdir()), sorted(made))
