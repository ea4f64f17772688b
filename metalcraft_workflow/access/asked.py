"""What a request asks for, by the names of `rules.requests`, whatever it looks like.

A request is read just as Frappe's own `app.application` reads it, and before that runs anything: `cmd` wins
over the path; below /api Frappe's own map of addresses decides; everything else is a page, for which Frappe's
own resolver is asked.
"""

import re
import sys
from collections.abc import Callable, Iterator

import frappe
from frappe.api import API_URL_MAP, v1, v2
from frappe.core.doctype.server_script.server_script_utils import get_server_script_map
from frappe.modules.utils import load_doctype_module
from werkzeug.exceptions import HTTPException

from metalcraft_workflow.gates.arguments import parsed

# Other spellings of one thing: the first is what it is called, and any of them may be allowed. An iterator,
# because the resolver of pages reads the database.
Names = Iterator[str]

# Methods that are about something else than themselves: kind, and the argument that says which
ABOUT = {
	"frappe.handler.download_file": ("file", None),
	"frappe.handler.upload_file": ("upload", "doctype"),
	"frappe.templates.includes.comments.comments.add_comment": ("comment", "reference_doctype"),
	"frappe.utils.print_format.download_pdf": ("print", "doctype"),
	"frappe.utils.weasyprint.download_pdf": ("print", "doctype"),
	"frappe.website.doctype.web_form.web_form.accept": ("form", "web_form"),
	"frappe.website.doctype.web_form.web_form.delete": ("form", "web_form_name"),
	"frappe.website.doctype.web_form.web_form.delete_multiple": ("form", "web_form_name"),
	"frappe.website.doctype.web_form.web_form.get_form_data": ("form", "web_form_name"),
	"frappe.website.doctype.web_form.web_form.get_web_form_filters": ("form", "web_form_name"),
	"frappe.www.list.get": ("list", "doctype"),
	"frappe.www.list.get_list_data": ("list", "doctype"),
}

# Methods that call another one, and the argument that names it
CARRIERS = {
	"frappe.desk.search.search_link": "query",
	"frappe.desk.search.search_widget": "query",
	"frappe.desk.treeview.get_all_nodes": "tree_method",
	"frappe.handler.upload_file": "method",
	"frappe.handler.uploadfile": "method",
	"frappe.model.mapper.make_mapped_doc": "method",
	"frappe.model.mapper.map_docs": "method",
}

# Those that call a method of a document
RUN_DOC_METHOD = ("frappe.handler.run_doc_method", "frappe.handler.runserverobj")

# Templates that show the document, or the list, that their arguments name
SHOWING = {
	"/list": "list",
	"/portal": "list",
	"/order": "record",
	"/rfq": "record",
	"/material_request_info": "record",
	"/printpreview": "print",
	"/printview": "print",
}

OWN_APPS = ("frappe", "erpnext", "metalcraft_workflow")

# What an address of a method is made of, so that none reads like a name of another kind
NONE = "no method"
ADDRESS = re.compile(r"[\w.]+")


def asked() -> list[Names]:
	"""What the request under way asks for; each has to be allowed by one of its names. Empty when nothing
	would run."""
	if frappe.form_dict.get("cmd"):
		return by_method(frappe.form_dict.cmd)
	path = frappe.request.path
	if path.startswith("/api/"):
		return by_api()
	if path.startswith("/backups"):
		return [iter(["/backups"])]
	if path.startswith("/private/files/"):
		return [_names_of_file(path)]
	if frappe.request.method in ("GET", "HEAD", "POST"):
		return [by_page(path)]
	return []


# Methods


def methods() -> list[str]:
	"""Addresses of the methods that the request calls, by itself or by name in an argument."""
	found = []
	for call in _called():
		found += [call, *_inner(call)]
	return found


def by_method(called) -> list[Names]:
	"""What a call of a method asks for: the method or what it is about, and the method that it calls."""
	name = address_of(called)
	found = [_names_of_method(name)]
	if name in RUN_DOC_METHOD:
		found.append(_names_of_document_method(frappe.form_dict.get("dt"), frappe.form_dict.get("docs")))
	return found + [_names_of_method(inner) for inner in _inner(name)]


def address_of(called) -> str:
	"""The address of what is called: Frappe takes the names in its handler without their module."""
	if not isinstance(called, str):
		return NONE
	if "." in called or called == "login" or is_script(called):
		return called
	return "frappe.ping" if called == "ping" else f"frappe.handler.{called}"


def is_script(name: str) -> bool:
	"""Whether a Server Script answers to this name."""
	return name in get_server_script_map().get("_api", {})


def replaced(name: str) -> str:
	"""The address of the method that an app has put in the place of `name`; `name` where none has."""
	return address_of(frappe.override_whitelisted_method(name))


def function_of(name: str) -> Callable | None:
	"""What an address leads to, or None. It imports the module."""
	try:
		return frappe.get_attr(name)
	except Exception:
		frappe.clear_last_message()
		return None


def own_address(name: str) -> str | None:
	"""The address of the method that `name` leads to, where it is defined; None when there is none. A module
	that imports a method from another lends it a second address, for which nobody has allowed, replaced or
	demanded anything."""
	function = function_of(name)
	module, own = getattr(function, "__module__", None), getattr(function, "__name__", None)
	if not module or not own:
		return None
	here = name.rpartition(".")[0]
	return f"{here if sys.modules.get(module) is sys.modules.get(here) else module}.{own}"


def _called() -> list[str]:
	"""The methods that the request calls by itself."""
	cmd = frappe.form_dict.get("cmd")
	if not cmd:
		method = _api_method(*_api()) if frappe.request.path.startswith("/api/") else None
		return [method] if method else []
	return [address_of(cmd)]


def _inner(name: str) -> list[str]:
	"""The method that the method `name` would call."""
	argument = CARRIERS.get(name) or CARRIERS.get(replaced(name))
	called = argument and frappe.form_dict.get(argument)
	return [called if isinstance(called, str) else NONE] if called else []


def _names_of_method(name: str) -> Names:
	final = replaced(name)
	kind, argument = ABOUT.get(name) or ABOUT.get(final) or (None, None)
	if is_script(final):
		yield f"script:{final}"
	elif not ADDRESS.fullmatch(name):
		yield NONE
	elif kind == "file":
		yield from _names_of_file(frappe.form_dict.get("file_url"))
	elif kind:
		yield from _about(kind, frappe.form_dict.get(argument))
	else:
		yield name
		if final != name:
			yield final
		if (app := name.partition(".")[0]) not in OWN_APPS and "." in name:
			yield f"app:{app}"


def _about(kind: str, which) -> Names:
	"""Names of what a call or a page is about."""
	if which is not None and not isinstance(which, str):
		yield f"{kind}:?"
		return
	yield f"{kind}:{which or ''}"
	if kind == "form" and _is_of_this_site(which):
		yield f"own form:{which}"
	if kind == "print" and _has_key(which):
		yield f"keyed print:{which}"


def _names_of_file(address) -> Names:
	"""Names of a private file: one's own when nobody else has a File of the same address."""
	yield "file:private"
	if isinstance(address, str) and frappe.session.user != "Guest":
		owners = frappe.get_all("File", {"file_url": address}, pluck="owner", distinct=True)
		if owners == [frappe.session.user]:
			yield "file:own"


def _is_of_this_site(web_form: str | None) -> bool:
	return bool(
		web_form and frappe.db.exists("Web Form", {"name": web_form, "published": 1, "is_standard": 0})
	)


def _has_key(doctype: str | None) -> bool:
	"""Whether the request brings the key that somebody of the house has sent with a link to the print."""
	name, key = frappe.form_dict.get("name"), frappe.form_dict.get("key")
	if not (doctype and key and isinstance(name, str) and isinstance(key, str)):
		return False
	return bool(
		frappe.db.exists(
			"Document Share Key", {"reference_doctype": doctype, "reference_docname": name, "key": key}
		)
	)


# Below /api


def by_api() -> list[Names]:
	"""What a request below /api asks for."""
	endpoint, arguments = _api()
	if not endpoint:
		return [iter(["missing:api"])]
	if method := _api_method(endpoint, arguments):
		return by_method(method)
	if doctype := arguments.get("doctype"):
		return [iter([f"document:{doctype}"])]
	if frappe.form_dict.get("document"):
		return [_names_of_document_method(None, frappe.form_dict.document)]
	return [iter([frappe.request.path])]


def _api() -> tuple[Callable | None, dict]:
	"""The function that answers at the address, and its arguments; None when Frappe has none."""
	try:
		return API_URL_MAP.bind_to_environ(frappe.request.environ).match()
	except HTTPException:
		return None, {}


def _api_method(endpoint: Callable | None, arguments: dict) -> str | None:
	"""The method that the address calls, or None when it leads to documents."""
	if endpoint is v1.handle_rpc_call:
		return address_of(arguments["method"].split("/")[0])
	if endpoint is v2.handle_rpc_call:
		if doctype := arguments.get("doctype"):
			return f"{_module_of(doctype)}.{arguments['method']}"
		return arguments["method"]
	if endpoint is v2.login:
		return "login"
	if endpoint is v2.logout:
		return "frappe.handler.logout"
	if endpoint in frappe.whitelisted:
		# Those that stand in the map by themselves are in Frappe's handler too
		return address_of(endpoint.__name__)
	return None


def _module_of(doctype: str) -> str:
	try:
		return load_doctype_module(doctype).__name__
	except Exception:
		frappe.clear_last_message()
		return f"document:{doctype}"


def _names_of_document_method(doctype, document) -> Names:
	doctype = doctype or said(document).get("doctype")
	yield f"document:{doctype}" if isinstance(doctype, str) else "document:?"


def said(argument) -> dict:
	"""What an argument says in JSON; nothing where it says no such thing."""
	found = parsed(argument)
	return found if isinstance(found, dict) else {}


# Pages


def by_page(path: str) -> Names:
	"""Names of the page at `path`: its path, then what Frappe would show there."""
	if {".", ".."} & set(path.split("/")):
		yield "no page"  # templates are looked for in folders
		return
	name = "/" + path.strip("/ ").removesuffix(".html")
	if name not in SHOWING:
		yield name
	yield from _resolved(path)


def _resolved(path: str) -> Names:
	from frappe.website.path_resolver import PathResolver

	_endpoint, renderer = PathResolver(path).resolve()
	kind = type(renderer).__name__
	app = type(renderer).__module__.partition(".")[0]
	if app not in (frappe.__name__, *OWN_APPS):
		yield f"app:{app}"
	elif kind == "RedirectPage":
		yield "redirect:"
	elif kind == "NotFoundPage":
		yield "missing:page"
	elif kind == "StaticPage":
		yield "static:"
	elif kind == "WebFormPage":
		yield from _about("form", renderer.docname)
	elif kind == "DocumentPage":
		yield f"published:{renderer.doctype}"
	elif kind == "ListPage":
		yield from _about("list", renderer.path)
	elif kind == "PrintPage":
		doctype, _slash, name = renderer.path.partition("/")
		frappe.form_dict.name = name  # as Frappe does when it renders the page
		yield from _about("print", doctype)
	elif kind == "TemplatePage":
		yield from _names_of_template(renderer)


def _names_of_template(renderer) -> Names:
	template = renderer.template_path.replace("\\", "/").rpartition(".")[0]
	for folder in ("www/", "templates/pages/"):
		template = template.removeprefix(folder)
	name = f"/{template.removesuffix('/index')}"
	if renderer.app not in OWN_APPS:
		yield f"app:{renderer.app}"
	elif name in SHOWING and frappe.form_dict.get("doctype"):
		yield from _about(SHOWING[name], frappe.form_dict.doctype)
	else:
		yield name
