"""DocTypes from their declarations in `doctypes/`.

A declaration begins with a line that names the DocType and says what it is; the lines under it, set
in, are its permissions, a letter a right (`RIGHTS`), and its fields:

    Sales Order | submit | series SAL-ORD-.YYYY.- | title customer_name
        may Sales User rwcdsxapmth
        customer: Link Customer *
        total net_total: Currency -

A field line has the names, the type, what the type is of, and marks: `*` mandatory, `~` not copied,
`+` allowed on submit, `-` read only, `!` unique, `#` indexed, `=value` default, `<link.field` fetched,
`"Label"`. Choices of a Select stand between slashes. `@name` takes the fields of the block `name:`.
"""

import re
from functools import cache
from pathlib import Path

FOLDER = Path(__file__).parent / "doctypes"

TYPES = {
	"Small": "Small Text",
	"Long": "Long Text",
	"Editor": "Text Editor",
	"Dynamic": "Dynamic Link",
	"Multi": "Table MultiSelect",
	"Image": "Attach Image",
	"ReadOnly": "Read Only",
	"Section": "Section Break",
}
# What stands across both columns of a form
WIDE = ("Table", "Text Editor", "HTML")
MARKS = {
	"*": "reqd",
	"~": "no_copy",
	"+": "allow_on_submit",
	"-": "read_only",
	"!": "unique",
	"#": "search_index",
	"^": "hidden",
	"§": "in_list_view",
	"1": "permlevel",
}
RIGHTS = {
	"r": "read",
	"w": "write",
	"c": "create",
	"d": "delete",
	"s": "submit",
	"x": "cancel",
	"a": "amend",
	"t": "report",
	"i": "import",
	"e": "export",
	"p": "print",
	"m": "email",
	"h": "share",
	"l": "select",
	"o": "if_owner",
}


@cache
def doctypes() -> dict[str, dict]:
	"""Name -> DocType, as a document to import."""
	found, blocks = {}, {}
	for file in sorted(FOLDER.glob("*.txt")):
		current = None
		for line in file.read_text().splitlines():
			if not line.strip() or line.startswith("#"):
				continue
			if line[0] != "\t":
				if line.endswith(":"):
					current = blocks.setdefault(line[:-1], [])
				else:
					current = []
					declared = header(line, file.stem)
					found[declared["name"]] = declared
					declared["lines"] = current
			else:
				current.append(line.strip())
	for declared in found.values():
		complete(declared, declared.pop("lines"), blocks)
	return found


def header(line: str, module: str) -> dict:
	"""The DocType of a header line, without its fields."""
	name, *words = [part.strip() for part in line.split("|")]
	declared = {
		"doctype": "DocType",
		"name": name,
		"module": {"crm": "CRM"}.get(module, module.title()),
		"engine": "InnoDB",
		"custom": 0,
		"sort_field": "modified",
		"sort_order": "DESC",
		"track_changes": 1,
		"permissions": [],
		"fields": [],
	}
	for word in words:
		kind, _, value = word.partition(" ")
		match kind:
			case "submit":
				declared["is_submittable"] = 1
			case "table":
				declared |= {"istable": 1, "editable_grid": 1}
			case "single":
				declared["issingle"] = 1
			case "tree":
				declared |= {"is_tree": 1, "nsm_parent_field": f"parent_{scrub(name)}"}
			case "series":
				declared |= {"autoname": "naming_series:", "series": value}
			case "name":
				declared["autoname"] = value
			case "title":
				declared |= {"title_field": value, "show_title_field_in_link": 0}
			case "search":
				declared["search_fields"] = value
			case "rename":
				declared["allow_rename"] = 1
			case _:
				raise ValueError(f"{name}: {word}")
	return declared


def complete(declared: dict, lines: list[str], blocks: dict[str, list[str]]) -> None:
	"""Add the fields and permissions of `lines`."""
	if series := declared.pop("series", ""):
		lines = [f"naming_series: Select /{series.replace(' ', '/')}/ *~ ={series.split()[0]}", *lines]
	if declared.get("is_submittable"):
		lines = [*lines, f"amended_from: Link {declared['name']} ~-"]
	if declared.get("is_tree"):
		own = scrub(declared["name"])
		lines = [
			*lines,
			f"parent_{own}: Link {declared['name']}",
			"is_group: Check",
			"lft rgt: Int ~-#",
			"old_parent: Data -^",
		]
	rows: dict[str, dict] = {}
	for line in expanded(lines, blocks):
		if line.startswith("may "):
			declared["permissions"].append(permission(line[4:]))
		else:
			for row in field_rows(line):
				rows[row["fieldname"]] = row
	fields = list(rows.values())
	if not declared.get("istable"):
		fields = laid_out(fields) if "items" in rows else in_sections(fields)
	declared["fields"] = fields
	print_only_what_is_read(declared)
	if not declared.get("istable") and not declared["permissions"]:
		declared["permissions"].append(permission("System Manager rwcd"))
	declared["allow_import"] = int(any(row.get("import") for row in declared["permissions"]))


def laid_out(rows: list[dict]) -> list[dict]:
	"""The fields of a document with lines in two columns, its lines across both, and the tab at the end that
	ERPNext has its connections in."""
	lines = [row for row in rows if row["fieldname"] in ("items", "packed_items")]
	first = rows.index(lines[0])
	head = rows[:first]
	foot = [row for row in rows[first:] if row not in lines]
	return [
		*in_two_columns(head, "head"),
		layout("Section Break", "items_section"),
		*lines,
		layout("Section Break", "totals_section"),
		*in_two_columns(foot, "foot"),
		layout("Tab Break", "connections_tab", label="Connections", show_dashboard=1),
	]


def in_sections(rows: list[dict]) -> list[dict]:
	"""The fields of a document without lines: section by section in two columns, what is wide across both."""
	found, part = [], []
	for row in [*rows, layout("Section Break", "")]:
		begins = row["fieldtype"] == "Section Break"
		if begins or (part and (row["fieldtype"] in WIDE) != (part[0]["fieldtype"] in WIDE)):
			found += part if part and part[0]["fieldtype"] in WIDE else in_two_columns(part, str(len(found)))
			part = []
			if not begins:
				found.append(layout("Section Break", f"section_{len(found)}"))
		if begins:
			found.append(row)
		else:
			part.append(row)
	return found[:-1]


def in_two_columns(rows: list[dict], name: str) -> list[dict]:
	half = (len(rows) + 1) // 2
	return [*rows[:half], layout("Column Break", f"column_break_{name}"), *rows[half:]]


def layout(fieldtype: str, fieldname: str, **more) -> dict:
	return {"doctype": "DocField", "fieldname": fieldname, "fieldtype": fieldtype, **more}


# What a print of a document with lines shows; of its tables, what their lists show
PRINTED = set(
	"customer_name supplier_name contact_display address_display shipping_address transaction_date delivery_date"
	" posting_date due_date valid_till po_no po_date return_against items packed_items taxes payment_schedule total"
	" discount_amount total_taxes_and_charges grand_total in_words outstanding_amount terms".split()
)


def print_only_what_is_read(declared: dict) -> None:
	if not declared.get("istable") and not any(row["fieldname"] == "items" for row in declared["fields"]):
		return
	for row in declared["fields"]:
		if row["fieldtype"].endswith("Break"):
			continue
		shown = row.get("in_list_view") if declared.get("istable") else row["fieldname"] in PRINTED
		row["print_hide"] = int(not shown)


def expanded(lines: list[str], blocks: dict[str, list[str]]) -> list[str]:
	found = []
	for line in lines:
		found += expanded(blocks[line[1:]], blocks) if line.startswith("@") else [line]
	return found


def permission(text: str) -> dict:
	"""`Sales User rwc`, or `Sales Manager/1 rw` for a level."""
	role, rights = text.rsplit(" ", 1)
	role, _, level = role.partition("/")
	row = {"role": role, "permlevel": int(level or 0)}
	row |= {RIGHTS[letter]: 1 for letter in rights}
	return row


FIELD = re.compile(
	r"^(?P<names>[\w ]+): (?P<type>\w+)(?: (?P<of>/.*/|[A-Za-z][\w: ]*?))?(?: (?P<marks>[*~+\-!#^§1]+))?"
	r"(?: =(?P<default>[^<\"]+?))?(?: <(?P<fetch>[\w.]+))?(?: \"(?P<label>[^\"]+)\")?$"
)


def field_rows(line: str) -> list[dict]:
	"""The fields of one line."""
	match = FIELD.match(line)
	if not match:
		raise ValueError(line)
	rows = []
	for name in match["names"].split():
		row = {
			"doctype": "DocField",
			"fieldname": name,
			"fieldtype": TYPES.get(match["type"], match["type"]),
			"label": match["label"] or label(name),
		}
		if match["of"]:
			of = match["of"]
			row["options"] = "\n".join(of[1:-1].split("/")) if of.startswith("/") else of
		if row["fieldtype"] == "Section Break":
			row["collapsible"] = 1
		for mark in match["marks"] or "":
			row[MARKS[mark]] = 1
		if match["default"]:
			row["default"] = match["default"].strip()
		if match["fetch"]:
			row["fetch_from"] = match["fetch"]
		rows.append(row)
	return rows


def label(name: str) -> str:
	return name.replace("_", " ").title().replace("Uom", "UOM").replace("Po No", "PO No")


def scrub(name: str) -> str:
	return name.lower().replace(" ", "_").replace("-", "_")


def sync() -> None:
	"""Make the DocTypes, the roles that their permissions name, and those of the portal."""
	import copy

	import frappe
	from frappe.model.import_doc import import_doc

	found = doctypes()
	named = {row["role"] for declared in found.values() for row in declared["permissions"]}
	for role in sorted({"Customer", "Supplier", *named}):
		if not frappe.db.exists("Role", role):
			desk = int(role not in ("Customer", "Supplier"))
			frappe.get_doc({"doctype": "Role", "role_name": role, "desk_access": desk}).insert()
	# Tables first: a document looks at those that it holds
	for declared in sorted(found.values(), key=lambda declared: not declared.get("istable")):
		import_doc(copy.deepcopy(declared))
