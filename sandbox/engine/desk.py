"""The desk: its scripts and styles, built from the engine's own sources with what npm has.

The engine's package has the sources and nothing that a browser can load. `desk/build.mjs` makes that of them,
once; what it needs is pinned in `desk/package-lock.json`. All of it stays in the cache.
"""

import contextlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import typing
from pathlib import Path

from engine import CACHE, SANDBOX, site

SOURCES = [SANDBOX / "desk" / name for name in ("build.mjs", "shims.js", "package.json", "package-lock.json")]
NEEDED_MB = 400
NEEDED_NODE = 18
# As who signs in to 16 is led
HOME = "/desk/my-work"


class NotBuilt(Exception):
	"""Why there is no desk, in a sentence."""


def folder() -> Path:
	"""Where it is, once it is built; another place when what makes it has changed."""
	return CACHE / f"desk-{site.digest([*SOURCES, SANDBOX / 'monoframe.txt'])}"


def is_built() -> bool:
	return folder().exists()


def build(say=lambda text: None) -> None:
	"""Build it, unless it is there. Raises NotBuilt; what was there before stays."""
	with site.alone("desk", say):
		if is_built():
			return
		if not shutil.which("node") or not shutil.which("npm"):
			raise NotBuilt(
				"The desk needs Node and npm to be built. On Debian and Ubuntu: apt-get install nodejs npm"
			)
		version = subprocess.run(["node", "--version"], capture_output=True, text=True).stdout.strip()
		if int("".join(re.findall(r"^v(\d+)", version)) or 0) < NEEDED_NODE:
			raise NotBuilt(f"The desk needs Node {NEEDED_NODE} or newer to be built, and this is {version}.")
		if shutil.disk_usage(CACHE).free // 2**20 < NEEDED_MB:
			raise NotBuilt(f"The desk needs {NEEDED_MB} MB of disk more than there is.")
		with site.made_whole(folder()) as new:
			new.mkdir()
			for file in SOURCES:
				shutil.copy(file, new)
			say("Fetching what the desk is built with (once; half a minute)")
			run(new, "npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error")
			shutil.rmtree(new / "npm")
			say("Building the desk")
			run(new, "node", "build.mjs", str(engine_folder()), "built")
			shutil.copy(new / "shims.js", new / "built")
		for old in CACHE.glob("desk-*"):
			if old != folder():
				shutil.rmtree(old, ignore_errors=True)


def run(where: Path, *command: str) -> None:
	# npm keeps its cache and its logs in the home of whoever runs it, unless it is told otherwise
	environment = {
		**os.environ,
		"npm_config_cache": str(where / "npm"),
		"npm_config_update_notifier": "false",
	}
	made = subprocess.run(
		command, cwd=where, env=environment, stdin=subprocess.DEVNULL, capture_output=True, text=True
	)
	if made.returncode:
		raise NotBuilt(why(made.stderr + made.stdout))


def why(said: str) -> str:
	"""What went wrong with npm or Node, in a sentence."""
	if "ENOSPC" in said:
		return f"The disk is full. Make room for {NEEDED_MB} MB, and the desk can be built."
	network = ("ENOTFOUND", "EAI_AGAIN", "ECONNREFUSED", "ECONNRESET", "ETIMEDOUT", "ENETUNREACH", "network")
	if any(word in said for word in network):
		return "npm's registry could not be reached. The desk needs the network once, to be built."
	lines = [line.strip() for line in said.splitlines() if re.search(r"(?i)error", line)]
	return (
		f"The desk could not be built: {lines[0] if lines else said.strip()[-200:] or 'no reason was given'}"
	)


def engine_folder() -> Path:
	return Path(importlib.util.find_spec("monoframe").origin).parent


def open_desk() -> tuple[dict[str, str], dict[str, str]]:
	"""Prepare the engine for the desk, in the site that is open; gives what was built, by its names, and address ->
	folder of what a desk loads."""
	import frappe
	from monoframe import hooks

	built = folder()
	bundles = json.loads((built / "built" / "assets.json").read_text())
	bundles["metalcraft_workflow.bundle.css"] = (
		"/assets/metalcraft_workflow/css/metalcraft_workflow.bundle.css"
	)
	# What calls home was not built
	hooks.app_include_js = [name for name in hooks.app_include_js if name in bundles]
	hooks.app_include_js.append("/assets/desk/shims.js")
	hooks.app_logo_url = "/assets/monoframe/images/frappe-framework-logo.svg"
	# A browser refuses to play them before anybody has clicked, and says so as an error
	hooks.sounds = []
	add_shims()
	frappe.clear_cache()
	return bundles, {
		"/assets/desk": str(built / "built"),
		"/assets/erpnext": str(SANDBOX / "erpnext" / "public"),
		"/assets/monoframe/node_modules": str(built / "node_modules"),
	}


def add_shims() -> None:
	"""What only the desk asks of the engine."""
	import monoframe
	from monoframe import boot
	from monoframe.database import query
	from monoframe.desk.form import meta
	from monoframe.utils import typing_validations

	from engine.shims import replace

	# It looks for a table that System Settings, a Single, never has, and sends everybody to the wizard
	replace(monoframe, "is_setup_complete", lambda: True)
	# DocTypes of the stand-in are declared in text and have no folder to look for templates in
	templates = meta.FormMeta.add_html_templates
	replace(
		meta.FormMeta,
		"add_html_templates",
		lambda self, path: templates(self, path) if os.path.isdir(path) else None,
	)
	# The engine's own icons lead to what only an administrator may open
	icon = {"label": "Metalcraft", "link_type": "External", "link": HOME, "icon_type": "Link", "standard": 1}
	replace(
		boot, "get_desktop_icons", lambda bootinfo=None: [monoframe._dict(icon, icon="organization", idx=1)]
	)
	# A link asks for what is enabled only, which the engine refuses to whoever may do no more than choose
	replace(
		query, "OPTIONAL_FIELDS", type(query.OPTIONAL_FIELDS)([*query.OPTIONAL_FIELDS, "enabled", "disabled"])
	)
	# What is sent is turned into what a function says that it takes, unless it says so in text, as all of the
	# engine does: "0" would be true
	transform = typing_validations.transform_parameter_types

	def transform_parameter_types(func, args, kwargs):
		if any(isinstance(kind, str) for kind in func.__annotations__.values()):
			# A name that is there for type checkers only is none here; then it stays as it is
			with contextlib.suppress(NameError, TypeError):
				func.__annotations__ = typing.get_type_hints(func)
		return transform(func, args, kwargs)

	replace(typing_validations, "transform_parameter_types", transform_parameter_types)
