"""Puts small defects into the app, one at a time, and sees whether its tests notice: a mutation check.

sandbox/mutants                        200 of them, drawn by chance from gates, rules and steps
sandbox/mutants gates/guard.py -n 0    every one of a file

Each is tried on the tests that run the line in question, those of its own step first, until one fails.
"""

import argparse
import ast
import collections
import difflib
import functools
import hashlib
import itertools
import json
import os
import random
import shutil
import signal
import subprocess
import sys
import time
import unittest
import warnings
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path

import engine
from engine import CACHE, PROJECT, SANDBOX, runner, site
from engine.processes import fork

APP = PROJECT / "metalcraft_workflow"
FOLDER = CACHE / "mutants"
TOOLS = SANDBOX / "mutants.txt"
# They change nothing that could be seen: types in signatures, and names of two strings that are one object
BLIND = ("BitOr", "Eq_Is", "NotEq_IsNot", "Is_Eq", "IsNot_NotEq")
# A mutant that keeps the tests busy for this many seconds more than they take is noticed, too
PATIENCE = 60


class Mutant:
	"""One defect: what is changed, and where."""

	def __init__(self, file: Path, operator: str, number: int, position: tuple[int, int]):
		self.file, self.operator, self.number, self.line = file, operator, number, position[0]
		# The same for all that would put another operator in the same place
		self.spot = (file, operator.split("_")[0], position)

	@property
	def place(self) -> str:
		return f"{self.file.relative_to(APP)}:{self.line}"

	@property
	def module(self) -> str:
		return ".".join(self.file.relative_to(PROJECT).with_suffix("").parts)

	@functools.cached_property
	def source(self) -> str:
		return self.file.read_text()

	@functools.cached_property
	def mutated(self) -> str | None:
		"""What the file then says; nothing where that would be the same, or no Python."""
		from cosmic_ray.mutating import mutate_code
		from cosmic_ray.plugins import get_operator

		try:
			mutated = mutate_code(self.source, get_operator(self.operator)(), self.number)
			return mutated if ast.dump(ast.parse(mutated)) != ast.dump(ast.parse(self.source)) else None
		except (AttributeError, SyntaxError):
			return None

	def __str__(self):
		lines = difflib.unified_diff(self.source.splitlines(), self.mutated.splitlines(), n=0, lineterm="")
		changed = [line for line in list(lines)[2:] if not line.startswith("@@")]
		return "\n".join([f"{self.place}  {self.operator.removeprefix('core/')}", *changed])


def main() -> int:
	options = arguments()
	files = [file for path in options.paths for file in files_of(path)]
	FOLDER.mkdir(parents=True, exist_ok=True)
	bring_tools()
	engine.start()
	with site.alone("test", lambda text: print(f"{text} ...", flush=True)):
		warm_up()
		reach = reach_of_tests(options.j)
		drawn = draw([mutant for file in files for mutant in mutants_of(file)], options.n, options.seed)
		begun = time.monotonic()
		ends = run_all(drawn, reach, options.j, options.cap)
		doubtful = run_again(ends, options.j)
	return report(ends, doubtful, time.monotonic() - begun)


def arguments() -> argparse.Namespace:
	parser = argparse.ArgumentParser(prog="sandbox/mutants", description=__doc__.split("\n")[0])
	parser.add_argument(
		"paths", nargs="*", default=["gates", "rules", "steps"], help="files or folders of the app"
	)
	parser.add_argument("-n", metavar="N", type=int, default=200, help="how many, drawn by chance; 0 for all")
	parser.add_argument("--seed", metavar="N", type=int, default=1, help="draws others")
	parser.add_argument(
		"-j", metavar="N", type=int, default=min(os.cpu_count() or 1, 4), help="how many at a time"
	)
	parser.add_argument(
		"--cap",
		metavar="S",
		type=float,
		default=float("inf"),
		help="give a mutant only tests that take so many seconds",
	)
	return parser.parse_args()


def bring_tools() -> None:
	"""Make what draws the mutants, and what sees which lines a test runs, ready to import."""
	folder = FOLDER / f"tools-{site.digest([TOOLS])}"
	if not folder.exists():
		install = "-m pip install --quiet --no-deps --require-hashes --disable-pip-version-check".split()
		with site.made_whole(folder) as new:
			if subprocess.run([sys.executable, *install, "-r", TOOLS, "--target", new]).returncode:
				raise SystemExit("The tools could not be fetched from PyPI; they are needed once.")
	sys.path.append(str(folder))


def files_of(path: str) -> list[Path]:
	found = APP / path
	files = sorted(found.glob("*.py")) if found.is_dir() else [found]
	if not files or not all(file.is_file() for file in files):
		raise SystemExit(f"There is no {path} in {APP.name}.")
	return files


# ---------------------------------------------------------------------------------------- which tests to run


def warm_up() -> None:
	"""Make the site, and import all but the app, which each mutant imports for itself."""
	list_file = FOLDER / "imported.json"

	def make():
		runner.RUN.mkdir(parents=True, exist_ok=True)
		runner.prepare()
		list_file.write_text(json.dumps(list(sys.modules)))

	in_child(make)
	import frappe  # noqa: F401

	warnings.simplefilter("ignore")
	for name in json.loads(list_file.read_text()):
		if not name.startswith(("metalcraft_workflow", "__main__")) and name not in sys.modules:
			try:
				__import__(name)
			except (ImportError, RuntimeError):  # what wants a site while it is read
				continue


def reach_of_tests(jobs: int) -> dict[str, dict]:
	"""Of each test, the seconds that it takes and the lines of the app that it runs."""
	tests = [file.read_bytes() for file in sorted(runner.TESTS.rglob("*.py"))]
	name = f"reach-{site.name_of_app_site()}-{hashlib.sha256(b''.join(tests)).hexdigest()[:12]}.json"
	file = FOLDER / name
	if not file.exists():
		print("Looking which lines each test runs ...", flush=True)
		modules = [each for each in runner.chosen([]) if each != runner.PURE]
		side_by_side([(each, lambda each=each: write_reach(each)) for each in modules], jobs)
		found = {}
		for each in modules:
			found |= json.loads((FOLDER / f"{each}.reach").read_text())
		file.write_text(json.dumps(found))
	return json.loads(file.read_text())


def write_reach(module: str) -> None:
	import coverage

	seen = coverage.Coverage(
		data_file=None, include=[f"{APP}/{name}/*" for name in ("gates", "rules", "steps")]
	)

	class Watch(runner.Result):
		def __init__(self):
			super().__init__()
			self.took = {}

		def startTest(self, test):
			super().startTest(test)
			seen.switch_context(test.id())
			self.took[test.id()] = -time.monotonic()

		def stopTest(self, test):
			super().stopTest(test)
			self.took[test.id()] += time.monotonic()
			# What a class sets up, serves all of its module
			seen.switch_context("set-up")

	seen.start()
	with runner.on_a_site(FOLDER / module):
		suite = unittest.TestLoader().loadTestsFromName(f"metalcraft_workflow.tests.{module}")
		seen.switch_context("set-up")
		suite.run(result := Watch())
	seen.stop()
	for name, (outcome, words) in result.outcomes.items():
		if outcome == "failed":
			raise SystemExit(f"{words}\n{name} fails as the app is.")
	skipped = {test.id() for test, _reason in result.skipped}
	reach = {
		test: {"module": module, "took": took, "lines": collections.defaultdict(list)}
		for test, took in result.took.items()
		if test not in skipped
	}
	data = seen.get_data()
	for file in data.measured_files():
		for line, contexts in data.contexts_by_lineno(file).items():
			tests = reach if "set-up" in contexts else [each for each in contexts if each in reach]
			for test in tests:
				reach[test]["lines"][str(Path(file).relative_to(APP))].append(line)
	(FOLDER / f"{module}.reach").write_text(json.dumps(reach))


def tests_for(mutant: Mutant, reach: dict[str, dict]) -> list[str]:
	"""The tests that run what the mutant changes; those of the step itself first, then the quick ones."""
	lines = lines_around(mutant.source, mutant.line)
	name = str(mutant.file.relative_to(APP))
	tests = [test for test, found in reach.items() if lines.intersection(found["lines"].get(name, ()))]
	of_module = collections.Counter()
	for test in tests:
		of_module[reach[test]["module"]] += reach[test]["took"]

	def order(test):
		module = reach[test]["module"]
		return (module != f"test_{mutant.file.stem}", of_module[module], module, test)

	return sorted(tests, key=order)


def lines_around(source: str, line: int) -> set[int]:
	"""The lines that run when the code at `line` does: its statement's, or for one that runs at import,
	those of the function it heads, or of the whole file."""
	tree, found = ast.parse(source), None
	for node in ast.walk(tree):
		if isinstance(node, ast.stmt | ast.ExceptHandler) and first(node) <= line <= node.end_lineno:
			if not found or first(node) >= first(found):
				found = node
	if isinstance(found, ast.FunctionDef):
		return set(range(found.body[0].lineno, found.end_lineno + 1))
	inside = any(
		isinstance(node, ast.FunctionDef) and node.lineno < line <= node.end_lineno for node in ast.walk(tree)
	)
	if not found or not inside:
		return set(range(1, source.count("\n") + 2))
	body = getattr(found, "body", None)
	return set(range(found.lineno, (body[0].lineno if body else found.end_lineno + 1)))


def first(node) -> int:
	return min([node.lineno, *(each.lineno for each in getattr(node, "decorator_list", ()))])


# --------------------------------------------------------------------------------------------- the mutants


def mutants_of(file: Path) -> list[Mutant]:
	import parso  # noqa: F401
	from cosmic_ray.ast import ast_nodes, get_ast
	from cosmic_ray.plugins import get_operator, operator_names

	nodes = list(ast_nodes(get_ast(file.read_text())))
	found = []
	for name in sorted(operator_names()):
		kind = get_operator(name)
		if kind.arguments() or any(name.endswith(f"_{each}") or f"_{each}_" in name for each in BLIND):
			continue
		places = [start for node in nodes for start, _end in kind().mutation_positions(node)]
		found += [Mutant(file, name, number, position) for number, position in enumerate(places)]
	return found


def draw(mutants: list[Mutant], number: int, seed: int) -> list[Mutant]:
	"""By chance; one for each spot, or those where ten operators are in question would outweigh the rest."""
	random.Random(seed).shuffle(mutants)
	of_spot = {mutant.spot: mutant for mutant in reversed(mutants)}
	return list(itertools.islice((each for each in of_spot.values() if each.mutated), number or None))


class Finder:
	"""Gives the mutant instead of the file."""

	def __init__(self, mutant: Mutant):
		self.mutant = mutant

	def find_spec(self, name, path=None, target=None):
		if name != self.mutant.module:
			return None
		spec = ModuleSpec(
			name, Loader(name, str(self.mutant.file), self.mutant), origin=str(self.mutant.file)
		)
		spec.has_location = True
		return spec


class Loader(SourceFileLoader):
	def __init__(self, name, path, mutant: Mutant):
		super().__init__(name, path)
		self.mutant = mutant

	def get_code(self, name):
		return compile(self.mutant.mutated, self.path, "exec")


class UntilFirst(runner.Result):
	"""Stops at the first test that fails."""

	def note(self, test, outcome, words=""):
		super().note(test, outcome, words)
		if outcome == "failed":
			self.stop()


def run_mutant(mutant: Mutant | None, tests: dict[str, list[str]], file: Path) -> None:
	"""Run `tests`, by module, until one fails, and leave in `file` which one, and what ran before it."""
	if mutant:
		sys.meta_path.insert(0, Finder(mutant))
	if mutant and mutant.file.parent.name == "rules":
		for name, (outcome, _words) in runner.run_pure("", "-x").items():
			if outcome == "failed":
				return file.write_text(json.dumps({"by": name}))
	for module, names in tests.items():
		result = UntilFirst()
		with runner.on_a_site(FOLDER / f"{module}-{os.getpid()}"):
			try:
				loaded = unittest.TestLoader().loadTestsFromName(f"metalcraft_workflow.tests.{module}")
			except Exception:
				return file.write_text(json.dumps({"by": f"{module}: not imported"}))
			wanted = set(names)
			unittest.TestSuite(each for each in runner.flat(loaded) if each.id() in wanted).run(result)
		for name, (outcome, _words) in result.outcomes.items():
			if outcome == "failed":
				return file.write_text(json.dumps({"by": name, "module": module, "tests": names}))


def run_all(
	mutants: list[Mutant], reach: dict[str, dict], jobs: int, cap: float
) -> list[tuple[Mutant, str, dict]]:
	"""Each mutant with how it ended: noticed, too slow, survived or never run."""
	work, ends = [], {}
	for number, mutant in enumerate(mutants):
		tests = collections.defaultdict(list)
		left = cap
		for test in tests_for(mutant, reach):
			left -= reach[test]["took"]
			if left > 0:
				tests[reach[test]["module"]].append(test)
		file = FOLDER / f"{number}.end"
		file.unlink(missing_ok=True)
		limit = PATIENCE + 3 * int(sum(reach[test]["took"] for names in tests.values() for test in names))
		if tests or mutant.file.parent.name == "rules":
			work.append(
				(number, lambda mutant=mutant, tests=tests, file=file: run_mutant(mutant, tests, file), limit)
			)
		else:
			ends[number] = "never run"

	def done(number, status):
		file = FOLDER / f"{number}.end"
		if os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGALRM:
			ends[number] = "too slow"
		else:
			# One that takes the process with it is noticed, too
			ends[number] = "noticed" if file.exists() or status else "survived"
		print(f"{len(ends):5} of {len(mutants)}  {ends[number]:<9} {mutants[number].place}", flush=True)

	side_by_side(work, jobs, done)
	found = []
	for number, mutant in enumerate(mutants):
		file = FOLDER / f"{number}.end"
		found.append((mutant, ends[number], json.loads(file.read_text()) if file.exists() else {}))
	return found


def run_again(ends, jobs: int) -> list[str]:
	"""The tests that noticed something and fail on the app as it is, too, when run in that company."""
	asked = {end["by"]: end for _mutant, _how, end in ends if "module" in end}
	file = FOLDER / "again"
	shutil.rmtree(file, ignore_errors=True)
	file.mkdir()
	work = [
		(
			number,
			lambda end=end, number=number: run_mutant(
				None, {end["module"]: end["tests"]}, file / f"{number}.end"
			),
			PATIENCE * 10,
		)
		for number, end in enumerate(asked.values())
	]
	print(f"Running {len(work)} of the tests that noticed again, without a mutant ...", flush=True)
	side_by_side(work, jobs, lambda *_: None)
	return [json.loads(each.read_text())["by"] for each in file.glob("*.end")]


def report(ends, doubtful: list[str], took: float) -> int:
	for mutant, how, _end in ends:
		if how in ("survived", "never run"):
			print(f"\n{how.upper()} {mutant}")
	by_file = collections.defaultdict(collections.Counter)
	for mutant, how, _end in ends:
		by_file[mutant.file][how] += 1
	print()
	for file, counts in sorted(by_file.items()):
		words = ", ".join(f"{number} {how}" for how, number in sorted(counts.items()))
		print(f"  {file.relative_to(APP)!s:<32} {words}")
	for name in doubtful:
		print(f"DOUBTFUL: {name} fails without a mutant, too.")
	counts = collections.Counter(how for _mutant, how, _end in ends)
	noticed = counts["noticed"] + counts["too slow"]
	print(f"\n{took:.0f} s\nmutants: {noticed} of {len(ends)} noticed ({noticed / max(len(ends), 1):.0%})")
	return 1 if doubtful or not ends else 0


# ----------------------------------------------------------------------------------------------- processes


def in_child(do) -> None:
	side_by_side([("", do)], 1)


def side_by_side(work: list[tuple], jobs: int, done=None) -> None:
	"""Do each (name, function, seconds it may take) in a process of its own, `jobs` at a time. Calls
	`done` with its name and status; without it, stops when one fails."""
	waiting, running = collections.deque(work), {}
	while waiting or running:
		while waiting and len(running) < jobs:
			name, do, *limit = waiting.popleft()
			running[fork(do, Path(os.devnull) if done else None, *limit)] = name
		pid, status = os.wait()
		name = running.pop(pid)
		if done:
			done(name, status)
		elif status:
			raise SystemExit(f"{name or 'The set-up'} failed.")


if __name__ == "__main__":
	engine.carry_out(main)
