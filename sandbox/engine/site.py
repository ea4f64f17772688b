"""Sites: made once, copied for each run.

A site is a folder with its database and its files. Making one takes half a minute, copying it none,
so that every run begins with the same one.
"""

import contextlib
import fcntl
import hashlib
import io
import os
import shutil
from pathlib import Path

from engine import CACHE, PROJECT, SANDBOX

# What a site is made by, beside the documents
ENGINE = [SANDBOX / "requirements.txt", SANDBOX / "engine" / "shims.py"]


def config() -> dict:
	"""What a bench has in its site_config.json."""
	return {
		"encryption_key": "c2FuZGJveHNhbmRib3hzYW5kYm94c2FuZGJveDEyMzQ=",
		"host_name": os.environ.get("SANDBOX_URL", "http://127.0.0.1:8000"),
		"admin_password": "admin",
		"mute_emails": 0,
		"disable_async": 1,
		"allow_reads_during_maintenance": 0,
	}


def open_site(folder: Path) -> None:
	"""Go to a site and connect to it, as Administrator."""
	import frappe

	os.chdir(folder)
	frappe.init(force=True)
	frappe.connect()


def fresh_site(folder: Path, say=lambda text: None) -> str:
	"""Lay a copy of the site with the app at `folder`, and connect to it; gives its name."""
	with alone("sites", say):
		template = app_site(say)
		with made_whole(folder) as new:
			shutil.copytree(template, new)
	open_site(folder)
	return template.name


def app_site(say) -> Path:
	"""The site with the app installed; made when something of it changed, its tests apart."""
	base = stand_in_site(say)
	folder = CACHE / name_of_app_site()
	if not folder.exists():
		drop("app-*")
		say("Installing metalcraft_workflow")
		build(folder, base, install_app)
	return folder


def name_of_app_site() -> str:
	"""A name that changes with the app, the stand-in and the engine."""
	app = PROJECT / "metalcraft_workflow"
	files = [file for file in sorted(app.rglob("*.*")) if app / "tests" not in file.parents]
	return f"app-{digest([*ENGINE, *sorted((SANDBOX / 'erpnext').rglob('*.*')), *files])}"


def install_app() -> None:
	import frappe
	from frappe.installer import install_app

	frappe.init(force=True)
	frappe.connect()
	install_app("metalcraft_workflow")


def stand_in_site(say) -> Path:
	"""The site with the engine and the stand-in for ERPNext; made when something of them changed."""
	folder = CACHE / f"erpnext-{digest([*ENGINE, *sorted((SANDBOX / 'erpnext').rglob('*.*'))])}"
	if not folder.exists():
		base = engine_site(say)
		drop("erpnext-*")
		say("Making the stand-in's documents")
		build(folder, base, install_stand_in)
	return folder


def engine_site(say) -> Path:
	"""The site with nothing but the engine."""
	folder = CACHE / f"engine-{digest(ENGINE)}"
	if not folder.exists():
		drop("engine-*")
		say("Making a site")
		build(folder, None, install_engine)
	return folder


def build(folder: Path, base: Path | None, install) -> None:
	"""Make a site at `folder` by `install`."""
	import frappe

	with made_whole(folder) as new:
		if base:
			shutil.copytree(base, new)
		for part in ("db", "logs", "public/files", "private/files", "assets", "locks"):
			(new / part).mkdir(parents=True, exist_ok=True)
		(new / "assets/assets.json").write_text("{}")
		os.chdir(new)
		with quiet():
			install()
		frappe.db.commit()
		frappe.destroy()
		os.chdir(CACHE)


def install_engine() -> None:
	import frappe
	from frappe import installer
	from frappe.database import bootstrap_database

	frappe.init(force=True)
	frappe.flags.in_install_db = True
	bootstrap_database(verbose=False)
	frappe.db.create_auth_table()
	frappe.db.create_global_search_table()
	frappe.db.create_user_settings_table()
	frappe.flags.in_install_db = False
	frappe.conf.admin_password = "admin"
	installer.install_app("frappe")


def install_stand_in() -> None:
	import frappe
	from frappe.installer import install_app

	frappe.init(force=True)
	frappe.connect()
	install_app("erpnext")


def digest(files: list[Path]) -> str:
	"""A name that changes with the content of `files`."""
	found = hashlib.sha256()
	for file in files:
		if file.is_file() and "__pycache__" not in file.parts:
			found.update(str(file.relative_to(PROJECT)).encode() + file.read_bytes())
	return found.hexdigest()[:12]


@contextlib.contextmanager
def made_whole(folder: Path):
	"""A folder to fill. It takes the place of `folder` when it is whole, and goes when it does not get there."""
	new = folder.with_name(f"{folder.name}.new")
	shutil.rmtree(new, ignore_errors=True)
	try:
		yield new
	except BaseException:
		shutil.rmtree(new, ignore_errors=True)
		raise
	shutil.rmtree(folder, ignore_errors=True)
	new.rename(folder)


@contextlib.contextmanager
def alone(name: str, say):
	"""One at a time: who comes second waits, and is told so."""
	CACHE.mkdir(exist_ok=True)
	with open(CACHE / f"{name}.lock", "w") as lock:
		try:
			fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			say("Waiting for another run of the sandbox")
			fcntl.flock(lock, fcntl.LOCK_EX)
		yield


def drop(pattern: str) -> None:
	for old in CACHE.glob(pattern):
		shutil.rmtree(old, ignore_errors=True)


@contextlib.contextmanager
def quiet():
	"""Keep what the engine says to itself, unless it fails."""
	said = io.StringIO()
	try:
		with contextlib.redirect_stdout(said):
			yield
	except Exception as error:
		error.add_note("\n".join(line for line in said.getvalue().splitlines() if "[==" not in line)[-4000:])
		raise
