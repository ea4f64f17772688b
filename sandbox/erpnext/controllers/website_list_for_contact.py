"""A customer sees their own documents in the portal."""

import frappe


def get_customers(user: str | None = None) -> list[str]:
	"""The customers that a signed-in user of the portal belongs to."""
	user = user or frappe.session.user
	named = frappe.get_all("Portal User", {"user": user, "parenttype": "Customer"}, pluck="parent")
	contacts = frappe.get_all("Contact", {"email_id": user}, pluck="name") + frappe.get_all(
		"Contact", {"user": user}, pluck="name"
	)
	linked = frappe.get_all(
		"Dynamic Link",
		{"parenttype": "Contact", "parent": ["in", contacts or [""]], "link_doctype": "Customer"},
		pluck="link_name",
	)
	return sorted({*named, *linked})


def has_website_permission(doc, ptype, user, verbose=False):
	if doc.doctype == "Quotation":
		return doc.quotation_to == "Customer" and doc.party_name in get_customers(user)
	return doc.get("customer") in get_customers(user)


def list_of_documents(title: str) -> dict:
	"""A list of the portal, of whole documents as ERPNext's own is."""
	return {
		"get_list": submitted_documents,
		"show_sidebar": True,
		"show_search": True,
		"no_breadcrumbs": True,
		"title": title,
	}


def submitted_documents(doctype, txt=None, filters=None, limit_start=0, limit_page_length=20, order_by=None):
	user, filters = frappe.session.user, {**(filters or {}), "docstatus": 1}
	if user != "Guest" and frappe.get_cached_value("User", user, "user_type") != "System User":
		find = frappe.get_all
		party = "party_name" if doctype == "Quotation" else "customer"
		filters[party] = ["in", get_customers(user) or [""]]
		if doctype == "Quotation":
			filters["quotation_to"] = "Customer"
	else:
		find = frappe.get_list
	names = find(
		doctype,
		filters=filters,
		pluck="name",
		limit_start=limit_start,
		limit_page_length=limit_page_length,
		order_by=order_by or "creation desc",
	)
	return [frappe.get_doc(doctype, name) for name in names]
