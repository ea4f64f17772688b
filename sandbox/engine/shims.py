"""What has to be put right in the engine, each shim with its reason.

The engine is monoframe 0.0.1: Frappe's, of early version 16, cut down to one site. It lacks what lets
several apps live on it, and on SQLite and Python 3.11 a few things do not work. Nothing else is
changed. With another version none of this is applied: `apply` stops and names the first shim.
"""

import datetime
import decimal
import importlib.abc
import importlib.machinery
import importlib.metadata
import os
import re
import sqlite3
import sys
import types
from pathlib import Path

ENGINE = "0.0.1"
# The version of Frappe that the engine speaks for. It is younger, and has what the app uses of this one.
FRAPPE = "15.75.0"

SHIMS = []


class EngineChanged(Exception):
	"""The engine is not the one that the shims were written for."""


def shim(function):
	SHIMS.append(function)
	return function


def apply() -> None:
	"""Put the engine right. Raises EngineChanged, which names the shim that does not fit."""
	found = importlib.metadata.version("monoframe")
	if found != ENGINE:
		raise EngineChanged(
			f"The sandbox is written for monoframe {ENGINE} and found {found}. Nothing was changed. Look"
			f" through sandbox/engine/shims.py, beginning with the shim `{SHIMS[0].__name__}`."
		)
	for function in SHIMS:
		try:
			function()
		except Exception as error:
			raise EngineChanged(
				f"The shim `{function.__name__}` in sandbox/engine/shims.py does not fit the engine: {error!r}"
			) from error


def replace(owner, name: str, value) -> None:
	"""Put `value` in the place of what is there; nothing is added by mistake."""
	if not hasattr(owner, name):
		raise AttributeError(f"{owner.__name__} has no {name}")
	setattr(owner, name, value)


# Before the engine is imported


def before_import() -> None:
	"""Two things that would keep the engine from being imported at all."""
	no_mysqlclient()
	python_3_11()


def no_mysqlclient() -> None:
	"""The engine imports the MariaDB driver whatever the database is. The driver has no wheel, and
	compiling it takes a compiler and MariaDB's headers: an empty module does."""
	driver = types.ModuleType("MySQLdb")
	for name in (
		"ProgrammingError",
		"OperationalError",
		"InternalError",
		"DataError",
		"InterfaceError",
		"IntegrityError",
		"Error",
		"NotSupportedError",
	):
		setattr(driver, name, type(name, (Exception,), {}))

	class Anything:
		def __getattr__(self, name):
			return 0

	parts = {
		"_mysql": {"escape_string": lambda text: text},
		"constants": {"ER": Anything(), "FIELD_TYPE": Anything()},
		"converters": {"conversions": {}},
		"connections": {"Connection": object},
		"cursors": {"Cursor": object},
	}
	sys.modules["MySQLdb"] = driver
	for part, values in parts.items():
		module = types.ModuleType(f"MySQLdb.{part}")
		vars(module).update(values)
		setattr(driver, part, module)
		sys.modules[f"MySQLdb.{part}"] = module


def python_3_11() -> None:
	"""One module of the engine says `type X = ...`, which Python 3.11 does not know."""
	if sys.version_info >= (3, 12):
		return

	class OlderPython(importlib.machinery.SourceFileLoader):
		def get_code(self, fullname):
			source = Path(self.path).read_text()
			return compile(re.sub(r"(?m)^(\s*)type (\w+) = ", r"\1\2 = ", source), self.path, "exec")

	class Finder(importlib.abc.MetaPathFinder):
		def find_spec(self, name, path=None, target=None):
			if name != "monoframe.desk.doctype.event.event":
				return None
			file = str(Path(next(iter(path))) / "event.py")
			return importlib.machinery.ModuleSpec(name, OlderPython(name, file), origin=file)

	sys.meta_path.insert(0, Finder())


# SQLite


@shim
def query_builder_on_sqlite():
	"""pypika as it is on PyPI gives SQLite's builder a wrapper for values that cannot be exchanged by an
	argument (Frappe pins a fork). SQLite locks the whole file, so there is no row to lock."""
	from monoframe.query_builder import builder, terms
	from pypika.dialects import SQLLiteQueryBuilder
	from pypika.terms import ValueWrapper

	class Builder(SQLLiteQueryBuilder):
		def __init__(self, **kwargs):
			super().__init__(**kwargs)
			self._wrapper_cls = Value

		def for_update(self, *args, **kwargs):
			return self

		def _insert_sql(self, **kwargs):
			return super()._insert_sql(**kwargs).replace("INSERT IGNORE", "INSERT OR IGNORE", 1)

	class Value(terms.ParameterizedValueWrapper):
		def get_value_sql(self, **kwargs):
			# SQLite has no booleans
			return str(int(self.value)) if isinstance(self.value, bool) else super().get_value_sql(**kwargs)

	Builder.QUERY_CLS = builder.SQLite
	replace(builder, "SQLLiteQueryBuilder", Builder)
	replace(builder.SQLite, "_BuilderClasss", Builder)
	replace(builder.SQLite, "_builder", classmethod(lambda cls, *args, **kwargs: Builder(**kwargs)))
	replace(builder, "SQLiteParameterizedValueWrapper", Value)
	assert issubclass(Value, ValueWrapper)


@shim
def functions_on_sqlite():
	"""Functions of the query builder that SQLite has under another name, or not at all."""
	from monoframe.query_builder import custom, functions, utils
	from pypika import functions as pypika
	from pypika.terms import CustomFunction

	sqlite = utils.db_type_is.SQLITE
	functions.GroupConcat.func_map[sqlite] = custom.GROUP_CONCAT
	functions.CombineDatetime.func_map[sqlite] = lambda date, time, alias=None: pypika.Concat(
		date, " ", time, alias=alias
	)
	functions.UnixTimestamp.func_map[sqlite] = CustomFunction("unixepoch", ["date"])
	functions.DateFormat.func_map[sqlite] = CustomFunction("date_format", ["date", "format"])


@shim
def parameters_on_sqlite():
	"""The engine writes parameters of a query into its text (`None` becomes 'None'), and takes no lists.
	They are bound instead, lists as so many parameters."""
	from monoframe.database.sqlite import database

	named = re.compile(r"%\((\w+)\)s|%%|%s")

	def execute_query(self, query, values=None):
		query = re.sub(r"(?i)\bfor update( skip locked| nowait)?\s*$", "", query)
		query = re.sub(r"(?i)^\s*insert ignore\b", "insert or ignore", query)
		bound = []

		def bind(value):
			if isinstance(value, list | tuple | set | frozenset):
				bound.extend(plain(each) for each in value)
				return "(" + ", ".join("?" * len(value)) + ")"
			bound.append(plain(value))
			return "?"

		self.last_query = query
		if values is None:
			return self._cursor.execute(query)
		if isinstance(values, dict):
			query = named.sub(
				lambda match: "%" if match[0] == "%%" else bind(values[match[1]]) if match[1] else match[0],
				query,
			)
		else:
			rest = iter(values)
			query = named.sub(lambda match: "%" if match[0] == "%%" else bind(next(rest)), query)
		# `in (%s)` with a list for its one parameter
		query = re.sub(r"\(\s*(\((?:\?(?:, )?)*\))\s*\)", r"\1", query)
		try:
			return self._cursor.execute(query, bound)
		except sqlite3.OperationalError as error:
			error.add_note(query)
			raise

	replace(database.SQLiteDatabase, "execute_query", execute_query)
	replace(
		database.SQLiteDatabase,
		"escape",
		staticmethod(lambda s, percent=True: "'" + str(s).replace("'", "''") + "'"),
	)


def plain(value):
	"""A value as SQLite keeps it."""
	if isinstance(value, bool):
		return int(value)
	if isinstance(value, decimal.Decimal):
		return float(value)
	if isinstance(value, datetime.datetime):
		return value.replace(tzinfo=None).isoformat(" ", "microseconds")
	if isinstance(value, datetime.date | datetime.time):
		return value.isoformat()
	if isinstance(value, datetime.timedelta):
		seconds = int(value.total_seconds())
		return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"
	if value is None or isinstance(value, int | float | str | bytes):
		return value
	return str(value)


@shim
def connection_of_sqlite():
	"""What a connection needs besides: MariaDB's functions that the engine uses, comparisons of text that
	do not look at case, dates that may be empty, and a wait for whoever writes."""
	from monoframe.database.sqlite import database

	connect = database.SQLiteDatabase.get_connection

	def get_connection(self, read_only=False):
		connection = connect(self, read_only)
		connection.create_function("date_format", 2, date_format)
		connection.create_function("locate", 2, lambda part, text: (text or "").find(part or "") + 1)
		connection.create_function("now", 0, lambda: plain(datetime.datetime.now()))
		connection.execute("PRAGMA busy_timeout=20000")
		# What a crash may lose here can be made again
		connection.execute("PRAGMA synchronous=OFF")
		return connection

	replace(database.SQLiteDatabase, "get_connection", get_connection)

	def create_connection(self, read_only=False):
		for kind, convert in (
			("timestamp", datetime.datetime.fromisoformat),
			("datetime", datetime.datetime.fromisoformat),
			("date", lambda text: datetime.date.fromisoformat(text[:10])),
			("time", time_of),
		):
			sqlite3.register_converter(
				kind, lambda raw, convert=convert: convert(raw.decode()) if raw else None
			)
		mode = "?mode=ro" if read_only else ""
		return sqlite3.connect(
			f"file:{self.get_db_path()}{mode}",
			uri=True,
			detect_types=sqlite3.PARSE_DECLTYPES,
			timeout=20,
			isolation_level=None,
		)

	replace(database.SQLiteDatabase, "create_connection", create_connection)


def time_of(text: str) -> datetime.timedelta:
	"""A time of day, as MariaDB's driver gives it."""
	hours, minutes, seconds = [*text.split(":"), "0", "0"][:3]
	return datetime.timedelta(hours=int(hours), minutes=int(minutes), seconds=float(seconds))


def date_format(value: str | None, pattern: str) -> str | None:
	"""MariaDB's `date_format`."""
	if not value:
		return None
	python = pattern.replace("%i", "%M").replace("%s", "%S")
	return datetime.datetime.fromisoformat(str(value)).strftime(python)


@shim
def schema_on_sqlite():
	"""Columns of text compare without regard to case, as they do on MariaDB. When a table is written anew,
	its primary key, its defaults and its indexes stay."""
	import monoframe
	from monoframe.database.sqlite import database, schema

	setup = database.SQLiteDatabase.setup_type_map

	def setup_type_map(self):
		setup(self)
		for fieldtype, (kind, size) in list(self.type_map.items()):
			if kind == "TEXT":
				self.type_map[fieldtype] = ("TEXT COLLATE NOCASE", size)

	replace(database.SQLiteDatabase, "setup_type_map", setup_type_map)

	def alter(self):
		db = monoframe.db
		for column in self.columns.values():
			column.build_for_alter_table(self.current_columns.get(column.fieldname.lower()))
		for column in self.add_column:
			# SQLite adds no column that is unique, and none that must not be empty without a default
			definition = re.sub(r"(?i)\s+unique\b", "", column.get_definition())
			db.sql_ddl(f"ALTER TABLE `{self.table_name}` ADD COLUMN `{column.fieldname}` {definition}")
		for column in self.add_unique:
			db.sql_ddl(
				f"CREATE UNIQUE INDEX IF NOT EXISTS `{self.table_name}_{column.fieldname}_unique`"
				f" ON `{self.table_name}` (`{column.fieldname}`)"
			)
		for column in self.add_index:
			db.sql_ddl(
				f"CREATE INDEX IF NOT EXISTS `{self.table_name}_{column.fieldname}_index`"
				f" ON `{self.table_name}` (`{column.fieldname}`)"
			)
		# Types and defaults are the engine's to keep: SQLite takes what comes

	replace(schema.SQLiteTable, "alter", alter)

	def get_db_table_columns(self, table):
		return [row[1] for row in self.sql(f"PRAGMA table_info(`{table}`)")]

	cached = {}

	def columns(self, table):
		key = (monoframe.local.site_path, table)
		if key not in cached:
			if found := get_db_table_columns(self, table):
				cached[key] = found
			return found
		return list(cached[key])

	replace(database.SQLiteDatabase, "get_db_table_columns", columns)
	ddl = database.SQLiteDatabase.sql_ddl

	def sql_ddl(self, query, *args, **kwargs):
		cached.clear()
		# What people type in whatever case is found by its name too
		if re.match(r"CREATE TABLE .tab(Batch|Serial No|Item). ", query):
			query = query.replace("name TEXT PRIMARY KEY", "name TEXT COLLATE NOCASE PRIMARY KEY", 1)
		return ddl(self, query, *args, **kwargs)

	replace(database.SQLiteDatabase, "sql_ddl", sql_ddl)

	def add_unique(self, doctype, fields, constraint_name=None):
		fields = [fields] if isinstance(fields, str) else fields
		table = f"tab{doctype}"
		name = f"{table}_{constraint_name or 'unique_' + '_'.join(fields)}"
		self.commit()
		self.sql(f"CREATE UNIQUE INDEX IF NOT EXISTS `{name}` ON `{table}` ({', '.join(fields)})")

	replace(database.SQLiteDatabase, "add_unique", add_unique)


@shim
def lengths_on_sqlite():
	"""MariaDB has columns of 140 characters for most text, and the engine refuses what is longer. SQLite's have no
	length: it is asked of MariaDB's types."""
	from monoframe.database.mariadb.database import MariaDBDatabase
	from monoframe.model.base_document import BaseDocument

	mariadb = types.SimpleNamespace(VARCHAR_LEN=MariaDBDatabase.VARCHAR_LEN)
	MariaDBDatabase.setup_type_map(mariadb)
	own = BaseDocument._validate_length

	def _validate_length(self):
		import monoframe

		db, kept = monoframe.db, monoframe.db.type_map
		db.type_map = mariadb.type_map
		try:
			own(self)
		finally:
			db.type_map = kept

	replace(BaseDocument, "_validate_length", _validate_length)


@shim
def transactions_on_sqlite():
	"""Python's driver begins and ends transactions behind one's back; here they begin with BEGIN and end
	with COMMIT or ROLLBACK, also when schema is changed, and a savepoint is one's own. The first begins with
	the connection: without it, what a request writes stays, also when the request is rolled back."""
	import monoframe
	from monoframe.database.sqlite import database

	own_connect = database.SQLiteDatabase.connect

	def connect(self):
		own_connect(self)
		self.begin()

	def end(self, how: str) -> None:
		if self._conn.in_transaction:
			self._conn.execute(how)

	def commit(self, chain=None):
		if not self._conn:
			self.connect()
		if self._disable_transaction_control:
			return
		self.before_rollback.reset()
		self.after_rollback.reset()
		self.before_commit.run()
		end(self, "COMMIT")
		self.transaction_writes = 0
		self.begin()
		self.value_cache.clear()
		self.after_commit.run()

	def rollback(self, *, save_point=None, chain=None):
		if not self._conn:
			self.connect()
		if save_point:
			self.sql(f"rollback to savepoint {save_point}")
			self.value_cache.clear()
		elif not self._disable_transaction_control:
			self.before_commit.reset()
			self.after_commit.reset()
			self.before_rollback.run()
			end(self, "ROLLBACK")
			self.begin()
			self.value_cache.clear()
			self.after_rollback.run()

	def begin(self, *, read_only=False):
		if not self._conn:
			self.connect()
		if not self._conn.in_transaction:
			self._conn.execute("BEGIN")

	replace(database.SQLiteDatabase, "connect", connect)
	replace(database.SQLiteDatabase, "commit", commit)
	replace(database.SQLiteDatabase, "rollback", rollback)
	replace(database.SQLiteDatabase, "begin", begin)
	assert monoframe


@shim
def sequences_on_sqlite():
	"""Where documents are numbered, the engine takes the next number from a sequence, and SQLite has none. It
	keeps the last number of such a table itself."""
	from monoframe.database import sequence
	from monoframe.database.sqlite import database

	own = sequence.get_next_val

	def get_next_sequence_val(self, doctype_name, slug="_id_seq"):
		if slug != "_id_seq":
			return own(doctype_name, slug=slug)
		last = self.sql("SELECT seq FROM sqlite_sequence WHERE name = %s", [f"tab{doctype_name}"])
		return last[0][0] + 1 if last else 1

	replace(database.SQLiteDatabase, "get_next_sequence_val", get_next_sequence_val)


# Several apps


@shim
def several_apps():
	"""The engine knows of no app but itself. Frappe's own way is put back: the site says which apps are
	installed, hooks and modules come from each."""
	import inspect
	import json

	import monoframe

	replace(monoframe, "__version__", FRAPPE)
	apps = ("frappe", "erpnext", "metalcraft_workflow")

	def package(app: str) -> str:
		return "monoframe" if app == "frappe" else app

	def get_all_apps(with_internal_apps=True, sites_path=None):
		return list(apps)

	def get_installed_apps(*, _ensure_on_bench=False):
		if getattr(monoframe.flags, "in_install_db", True):
			return []
		if not monoframe.db:
			monoframe.connect()
		return json.loads(monoframe.db.get_global("installed_apps") or "[]")

	def load_hooks(app_name=None):
		hooks = {}
		for app in [app_name] if app_name else get_installed_apps():
			module = monoframe.get_module(f"{package(app)}.hooks")
			for key, value in inspect.getmembers(
				module, lambda value: not isinstance(value, types.ModuleType | types.FunctionType | type)
			):
				if not key.startswith("_"):
					monoframe.append_hook(hooks, key, value)
		return hooks

	def get_hooks(hook=None, default="_KEEP_DEFAULT_LIST", app_name=None):
		if app_name:
			hooks = load_hooks(app_name)
		else:
			hooks = monoframe.client_cache.get_value("app_hooks")
			if hooks is None:
				hooks = load_hooks()
				monoframe.client_cache.set_value("app_hooks", hooks)
		if hook:
			return hooks.get(hook, [] if default == "_KEEP_DEFAULT_LIST" else default)
		return monoframe._dict(hooks)

	def get_app_path(app_name, *joins):
		return monoframe.get_pymodule_path(package(app_name), *joins)

	def get_app_source_path(app_name, *joins):
		return monoframe.get_pymodule_path(package(app_name), "..", *joins)

	def get_module_list(app_name="frappe"):
		return monoframe.get_file_items(get_app_path(app_name, "modules.txt"))

	def setup_module_map(include_all_apps=True):
		modules = {
			app: [monoframe.scrub(module) for module in get_module_list(app)]
			for app in apps
			if os.path.exists(get_app_path(app, "modules.txt"))
		}
		monoframe.local.app_modules = {**modules, "monoframe": modules["frappe"]}
		monoframe.local.module_app = {module: app for app, names in modules.items() for module in names}

	for function in (
		get_all_apps,
		get_installed_apps,
		get_hooks,
		get_app_path,
		get_app_source_path,
		get_module_list,
		setup_module_map,
	):
		replace(monoframe, function.__name__, function)
	replace(monoframe, "_load_app_hooks", load_hooks)


@shim
def installing_apps():
	"""An app is installed, and patches and documents of every app are brought up to date, as Frappe does."""
	import monoframe
	from monoframe import installer, migrate, patches
	from monoframe.model import sync

	def install_app(name, verbose=False, set_as_patched=True, force=False):
		from monoframe.core.doctype.scheduled_job_type.scheduled_job_type import sync_jobs
		from monoframe.model.module_utils import sync_customizations
		from monoframe.utils.dashboard import sync_dashboards
		from monoframe.utils.fixtures import sync_fixtures

		hooks = monoframe.get_hooks(app_name=name)
		own_name = "monoframe" if name == "frappe" else name
		monoframe.flags.in_install = own_name
		monoframe.clear_cache()
		run(hooks.before_install)
		if name != "frappe":
			installer.add_module_defs(name, ignore_if_duplicate=True)
		sync.sync_for(own_name, force=force, reset_permissions=True)
		remember(name)
		monoframe.get_doc("Portal Settings", "Portal Settings").sync_menu()
		installer.set_all_patches_as_completed(name)
		run(hooks.after_install)
		sync_jobs()
		sync_fixtures(name)
		sync_customizations(name)
		sync_dashboards(name)
		run(hooks.after_sync)
		monoframe.clear_cache()
		monoframe.flags.in_install = False

	def run(methods):
		for method in methods or []:
			monoframe.get_attr(method)()

	def remember(app):
		installed = monoframe.get_installed_apps()
		if app not in installed:
			import json

			monoframe.db.set_global("installed_apps", json.dumps([*installed, app]))
		monoframe.local.doc_events_hooks = None
		installer.post_install(rebuild_website=True)

	def sync_all(force=0, reset_permissions=False):
		patches._patch_mode(True)
		for app in monoframe.get_installed_apps():
			sync.sync_for(app, force, reset_permissions=reset_permissions)
		patches._patch_mode(False)
		monoframe.clear_cache()

	def get_all_patches(patch_type=None):
		return [
			patch
			for app in monoframe.get_installed_apps()
			if os.path.exists(monoframe.get_app_path(app, "patches.txt"))
			for patch in patches.get_patches_from_app(app, patch_type=patch_type)
		]

	def module_defs(app, ignore_if_duplicate=False):
		for module in monoframe.get_module_list(app):
			monoframe.get_doc({"doctype": "Module Def", "module_name": module, "app_name": app}).insert(
				ignore_permissions=True, ignore_if_duplicate=ignore_if_duplicate
			)

	replace(installer, "install_app", install_app)
	replace(installer, "add_module_defs", module_defs)
	replace(sync, "sync_all", sync_all)
	replace(patches, "get_all_patches", get_all_patches)
	replace(migrate.SiteMigration, "required_services_running", lambda self: True)


@shim
def site_by_name():
	"""Frappe's `init` takes the name of a site, and what runs after it asks which site it is."""
	import monoframe

	init, connect = monoframe.init, monoframe.connect

	def init_site(site=None, sites_path=".", *, force=False, new_site=False):
		if isinstance(site, bool):
			site, force = None, site
		if getattr(monoframe.local, "initialised", None) and not force:
			return
		init(force=True)
		monoframe.local.site = monoframe.get_site_name()
		monoframe.local.sites_path = monoframe.local.site_path

	def connect_site(site=None, db_name=None, set_admin_as_user=True):
		init_site(site)
		connect(None, db_name, set_admin_as_user)

	replace(monoframe, "init", init_site)
	replace(monoframe, "connect", connect_site)
	from monoframe import app

	# Frappe takes the site from the host that was called; who tests over HTTP says which it is
	app.get_site_name = monoframe.get_site_name


# Without services


@shim
def cache_in_the_process():
	"""There is no Redis. A stand-in for it lives in the process, for the cache and for the queue."""
	import fakeredis
	import monoframe
	from monoframe.utils import background_jobs, redis_wrapper

	from engine.memory import Memory

	server = fakeredis.FakeServer()

	class Cache(redis_wrapper.RedisWrapper, Memory):
		pass

	def setup_cache():
		cache = Cache(server=server)
		cache.changed = forget
		return cache

	class ClientCache(redis_wrapper.ClientCache):
		def __init__(self, maxsize=4096, ttl=600, monitor=None):
			import threading

			self.maxsize, self.local_ttl, self.lock = maxsize, ttl, threading.RLock()
			self.cache, self.redis, self.healthy = {}, monoframe.cache, True
			self.hits = self.misses = 0

		def erase_persistent_caches(self, *, doctype=None):
			from monoframe.cache_manager import clear_controller_cache
			from monoframe.utils import caching

			clear_controller_cache(doctype)
			if not doctype:
				caching._SITE_CACHE.clear()

	def forget(name):
		# Redis tells its clients what became invalid; here there is one, and it is told directly
		if client := monoframe.client_cache:
			client.cache.pop(name.encode(), None)

	def connection(*args, **kwargs):
		return fakeredis.FakeRedis(server=server)

	replace(redis_wrapper, "setup_cache", setup_cache)
	replace(redis_wrapper, "ClientCache", ClientCache)
	replace(background_jobs, "get_redis_conn", connection)


@shim
def no_realtime():
	"""There is nobody to tell in real time; what waits to be told is looked through at every word."""
	import monoframe
	from monoframe import realtime

	own = realtime.publish_realtime
	for module in [monoframe, *(each for name, each in sys.modules.items() if name.startswith("monoframe."))]:
		if getattr(module, "publish_realtime", None) is own:
			module.publish_realtime = lambda *args, **kwargs: None
	replace(realtime, "emit_via_redis", lambda *args, **kwargs: None)


@shim
def logs_in_the_sandbox():
	"""The engine writes logs beside the folder it runs in; here all of them go into one of the sandbox."""
	import logging

	from monoframe.utils import logger

	from engine import CACHE

	def create_handler(module, site=None, max_size=100_000, file_count=20, stream_only=False):
		(CACHE / "logs").mkdir(parents=True, exist_ok=True)
		handler = logging.FileHandler(CACHE / "logs" / f"{module}.log", delay=True)
		handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(message)s"))
		return [handler]

	replace(logger, "create_handler", create_handler)


@shim
def missing_module():
	"""Making a site imports a module that the engine leaves out, to clear a log of tests; there is none."""
	module = types.ModuleType("monoframe.tests.utils.generators")
	module._clear_test_log = lambda: None
	sys.modules[module.__name__] = module


@shim
def prints_in_plain_text():
	"""The engine has left out the making of PDFs."""
	from monoframe.utils import pdf

	from engine import pdf as plain_text

	replace(pdf, "get_pdf", plain_text.get_pdf)
	# What every print is made by, on the screen too
	replace(
		pdf, "pdf_body_html", lambda template, args, **kwargs: template.render(args, filters={"len": len})
	)
	pdf.is_wkhtmltopdf_valid = plain_text.is_wkhtmltopdf_valid


@shim
def global_search_once():
	"""The set-up wizard lists the documents for the search once for every app, and then refuses them as
	repeated."""
	from monoframe.desk.doctype.global_search_settings import global_search_settings
	from monoframe.desk.page.setup_wizard import install_fixtures

	for module in (global_search_settings, install_fixtures):
		replace(module, "update_global_search_doctypes", lambda: None)


@shim
def rows_as_frappe_gives_them():
	"""Frappe 15 gives the rows of `get_all(as_list=True)` as a tuple, the engine as a list; and it takes
	sums and counts among the fields as text, which the engine takes only as a dict."""
	import monoframe

	aggregate = re.compile(r"(?i)^(count|sum|min|max|avg)\((.+)\)(?: as (\w+))?$")

	def as_dict(field):
		match = aggregate.match(field) if isinstance(field, str) else None
		return {match[1].upper(): match[2], "as": match[3] or field} if match else field

	def wrapped(function):
		def call(doctype, *args, **kwargs):
			if isinstance(kwargs.get("fields"), list | tuple):
				kwargs["fields"] = [as_dict(field) for field in kwargs["fields"]]
			found = function(doctype, *args, **kwargs)
			return tuple(map(tuple, found)) if kwargs.get("as_list") and isinstance(found, list) else found

		return call

	replace(monoframe, "get_list", wrapped(monoframe.get_list))


@shim
def no_telemetry():
	"""Errors are to be sent to a service whose client is not installed, and nothing is sent from here."""
	module = types.ModuleType("monoframe.utils.sentry")
	module.capture_exception = module.set_sentry_context = lambda *args, **kwargs: None
	sys.modules[module.__name__] = module


@shim
def frappe_in_templates():
	"""Templates and conditions of workflows find the engine under its own name only."""
	from monoframe.utils import jinja, safe_exec

	own = safe_exec.get_safe_globals

	def get_safe_globals():
		found = own()
		found["frappe"] = found["monoframe"]
		return found

	replace(safe_exec, "get_safe_globals", get_safe_globals)
	assert jinja


@shim
def addresses_of_forms():
	"""Forms of Frappe 15 are under /app, those of the engine under /desk."""
	from monoframe import utils
	from monoframe.utils import data

	def wrapped(function):
		def call(*args, **kwargs):
			return function(*args, **kwargs).replace("/desk/", "/app/", 1)

		return call

	for name in ("get_absolute_url", "get_url_to_form", "get_url_to_list", "get_url_to_report"):
		function = wrapped(getattr(data, name))
		replace(data, name, function)
		replace(utils, name, function)


@shim
def addresses_of_steps():
	"""The links of a workflow's mail call methods of `frappe`, which apps replace."""
	from monoframe.workflow.doctype.workflow_action import workflow_action

	def wrapped(function):
		def call(*args, **kwargs):
			return function(*args, **kwargs).replace("/api/method/monoframe.", "/api/method/frappe.", 1)

		return call

	for name in ("get_workflow_action_url", "get_confirm_workflow_action_url"):
		replace(workflow_action, name, wrapped(getattr(workflow_action, name)))


@shim
def dates_of_sums():
	"""SQLite says of what type a column is, but not of what type the least or the greatest of it is: what
	looks like a date there is one."""
	from monoframe.database.sqlite import database

	worked_out = re.compile(r"(?i)\b(min|max|coalesce|ifnull)\(|\|\|")
	date = re.compile(r"^\d{4}-\d\d-\d\d(?P<time>[ T]\d\d:\d\d(:\d\d(\.\d+)?)?)?$")

	def value(found):
		match = date.match(found) if isinstance(found, str) else None
		if not match:
			return found
		kind = datetime.datetime if match["time"] else datetime.date
		return kind.fromisoformat(found)

	def transform(self, result):
		if result and worked_out.search(self.last_query):
			return [tuple(value(each) for each in row) for row in result]
		return result

	replace(database.SQLiteDatabase, "_transform_result", transform)


@shim
def pictures_stay_pictures():
	"""The engine reads whatever is no UTF-8 as Windows' text, and writes it back as UTF-8: a picture is none
	after that. Frappe 15 leaves it as it is."""
	from monoframe.core.doctype.file import file

	replace(file, "FILE_ENCODING_OPTIONS", ("utf-8",))


@shim
def unknown_tags_are_text():
	"""The engine takes tags that it does not know out of what people type; Frappe 15 leaves them as text."""
	from monoframe import model
	from monoframe.utils import html_utils

	known = html_utils.acceptable_elements | html_utils.svg_elements | html_utils.mathml_elements
	known |= {"html", "head", "meta", "link", "body", "o:p", "script"}
	own = html_utils.sanitize_html
	tag = re.compile(r"<(/?\s*([A-Za-z][\w:-]*)[^<>]*)>")

	def sanitize_html(html, *args, **kwargs):
		if isinstance(html, str):
			html = tag.sub(
				lambda match: match[0] if match[2].lower() in known else f"&lt;{match[1]}&gt;", html
			)
		return own(html, *args, **kwargs)

	for module in [each for name, each in sys.modules.items() if name.startswith("monoframe.")]:
		if getattr(module, "sanitize_html", None) is own:
			module.sanitize_html = sanitize_html
	assert model


@shim
def access_is_on_record():
	"""Frappe 15 keeps on record at once who took what, also when a request only reads. The engine leaves it
	to a job, or to the end of a test."""
	import monoframe
	from monoframe.core.doctype.access_log import access_log

	own = access_log.make_access_log
	# What has wrapped it hides whose it is from the modules that know it
	own.__module__, own.__name__ = "frappe.core.doctype.access_log.access_log", "make_access_log"

	def make_access_log(*args, **kwargs):
		own(*args, **kwargs)
		if monoframe.request and monoframe.request.method == "GET":
			monoframe.db.commit()

	replace(access_log, "make_access_log", make_access_log)


@shim
def lists_of_the_portal():
	"""Frappe 15 also sends a list of the portal with markup, by a call that the engine has left out."""
	import monoframe
	from monoframe.www import list as portal

	@monoframe.whitelist(allow_guest=True)
	def get(doctype, txt=None, limit_start=0, limit=20, pathname=None, **kwargs):
		rows = portal.get_list_data(doctype, txt, limit_start, limit=limit, **kwargs)
		return {"raw_result": monoframe.as_json(rows), "result": [], "show_more": False}

	portal.get = get


@shim
def hooks_that_say_nothing():
	"""A permission hook that gives None forbids in the engine; in Frappe 15 the next one is asked."""
	import monoframe
	from monoframe import permissions

	def has_controller_permissions(doc, ptype, user=None, debug=False):
		hooks = monoframe.get_hooks("has_permission")
		for method in reversed([*hooks.get(doc.doctype, []), *hooks.get("*", [])]):
			said = monoframe.call(
				method, doc=doc, ptype=ptype, user=user or monoframe.session.user, debug=debug
			)
			if said is not None:
				return bool(said)
		return True

	replace(permissions, "has_controller_permissions", has_controller_permissions)


@shim
def own_logins_by_their_name():
	"""Everybody's own login is kept among those of other services, by the engine under its own name."""
	from monoframe.core.doctype.user.user import User

	own_get, own_set = User.get_social_login_userid, User.set_social_login_userid

	def known(provider: str) -> str:
		return "frappe" if provider == "monoframe" else provider

	replace(User, "get_social_login_userid", lambda self, provider: own_get(self, known(provider)))
	replace(
		User,
		"set_social_login_userid",
		lambda self, provider, *args, **kwargs: own_set(self, known(provider), *args, **kwargs),
	)


@shim
def methods_by_frappe_s_names():
	"""Functions of the engine say that they are of `monoframe`; apps replace methods of `frappe`."""
	import monoframe

	own = monoframe.override_whitelisted_method

	def override_whitelisted_method(original_method):
		name = str(original_method)
		if name.startswith("monoframe."):
			name = f"frappe{name.removeprefix('monoframe')}"
		found = own(name)
		return original_method if found == name else found

	replace(monoframe, "override_whitelisted_method", override_whitelisted_method)


@shim
def tokens_of_pages():
	"""The token against forged requests has the engine's name in pages and in the header that brings it; and
	while tests run, the engine does not keep it for the next request."""
	import monoframe
	from monoframe import sessions
	from monoframe.website.page_renderers import base_template_page

	header, add_token = monoframe.get_request_header, base_template_page.BaseTemplatePage.add_csrf_token

	def get_request_header(key, default=None):
		return header(key.replace("X-Monoframe-", "X-Frappe-"), None) or header(key, default)

	def add_csrf_token(self, html):
		return add_token(self, html).replace(
			"<script>monoframe.csrf_token = ", "<script>window.frappe ??= monoframe; frappe.csrf_token = "
		)

	generate = sessions.generate_csrf_token

	def generate_csrf_token():
		generate()
		if monoframe.in_test and getattr(monoframe.local, "session_obj", None):
			monoframe.local.session_obj.update(force=True)

	replace(sessions, "generate_csrf_token", generate_csrf_token)
	replace(monoframe, "get_request_header", get_request_header)
	replace(base_template_page.BaseTemplatePage, "add_csrf_token", add_csrf_token)
