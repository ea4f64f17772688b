"""What every document with lines, a price and a party does, and "Update Items"."""

import json

import frappe
from frappe import _
from frappe.model.workflow import get_workflow_name, is_transition_condition_satisfied
from frappe.utils import cint, flt, get_link_to_form, getdate, nowdate

from erpnext.controllers import party, taxes_and_totals
from erpnext.controllers.status_updater import StatusUpdater


class AccountsController(StatusUpdater):
	def validate(self):
		if not self.get("is_return"):
			self.check_quantities()
		self.set_missing_values(for_validate=True)
		self.check_conversion_factors()
		self.set_qty_as_per_stock_uom()
		self.calculate_taxes_and_totals()
		if self.meta.has_field("in_words"):
			self.set_total_in_words()
		self.set_payment_schedule()
		self.check_payment_schedule()
		self.check_references()
		self.check_addresses()

	def check_quantities(self):
		if self.doctype == "Sales Order" and cint(
			frappe.db.get_single_value("Selling Settings", "allow_zero_qty_in_sales_order")
		):
			return
		for row in self.items:
			if not flt(row.qty) and self.doctype != "Sales Invoice":
				frappe.throw(
					_("Row {0}: enter a quantity of {1}.").format(row.idx, frappe.bold(row.item_code)),
					title=_("Invalid Quantity"),
				)

	def check_conversion_factors(self):
		for row in self.items:
			if cint(frappe.get_cached_value("UOM", row.uom, "must_be_whole_number")) and flt(row.qty) % 1:
				frappe.throw(
					_("Row {1}: {3} come whole, and this says {0} ({2}).").format(
						flt(row.qty), row.idx, frappe.bold(_("Must be Whole Number")), frappe.bold(row.uom)
					)
				)

	# What is filled in

	@frappe.whitelist()
	def set_missing_values(self, for_validate=False):
		party.fill(self)
		company = frappe.get_cached_doc("Company", self.company) if self.company else None
		if company:
			self.currency = self.currency or company.default_currency
			if self.meta.has_field("debit_to") and not self.debit_to:
				self.debit_to = company.default_receivable_account
			if for_validate and self.meta.has_field("party_account_currency"):
				self.party_account_currency = company.default_currency
		if company and self.currency == company.default_currency:
			self.conversion_rate = 1
		if self.meta.has_field("selling_price_list"):
			self.selling_price_list = self.selling_price_list or frappe.db.get_single_value(
				"Selling Settings", "selling_price_list"
			)
			self.price_list_currency = self.price_list_currency or self.currency
			self.plc_conversion_rate = self.plc_conversion_rate or 1
		self.set_missing_item_details(for_validate)
		self.set_qty_as_per_stock_uom()
		if self.meta.has_field("due_date") and not self.get("payment_terms_template"):
			self.due_date = self.due_date or self.posting_date or nowdate()

	def set_missing_item_details(self, for_validate=False):
		for row in self.items:
			if not row.item_code:
				continue
			item = frappe.get_cached_doc("Item", row.item_code)
			check_item(item)
			default = next(
				(each for each in item.item_defaults if each.company == self.company), frappe._dict()
			)
			uom = row.uom or item.sales_uom or item.stock_uom
			company = frappe.get_cached_doc("Company", self.company)
			values = {
				"item_name": item.item_name,
				"description": item.description or item.item_name,
				"item_group": item.item_group,
				"brand": item.brand,
				"image": item.image,
				"stock_uom": item.stock_uom,
				"uom": uom,
				"conversion_factor": get_conversion_factor(row.item_code, uom)["conversion_factor"],
				"warehouse": self.get("set_warehouse")
				or default.get("default_warehouse")
				or default_warehouse(self.company),
				"weight_per_unit": item.weight_per_unit,
				"weight_uom": item.weight_uom,
				"income_account": default.get("income_account") or company.default_income_account,
				"cost_center": company.cost_center,
				"customer_item_code": customer_code(item, self),
				"transaction_date": self.get("transaction_date"),
			}
			if self.doctype == "Delivery Note":
				values["expense_account"] = company.default_expense_account
				if not (for_validate or self.is_return):
					values.pop("cost_center")
			if self.doctype == "Sales Order" and not row.get("supplier"):
				values["delivered_by_supplier"] = item.delivered_by_supplier
			if row.get("price_list_rate") is None or not flt(row.price_list_rate):
				values["price_list_rate"] = price_of(
					row.item_code, self.get("selling_price_list") or self.get("buying_price_list"), uom
				)
			forced = {"item_group", "brand", "stock_uom"} | (
				{"customer_item_code"} if values["customer_item_code"] else set()
			)
			for field, value in values.items():
				if not value or not row.meta.has_field(field):
					continue
				if (
					field in forced
					or row.get(field) in (None, "")
					or (field in ("conversion_factor", "price_list_rate") and not flt(row.get(field)))
				):
					row.set(field, value)

	def set_qty_as_per_stock_uom(self):
		for row in self.items:
			if not flt(row.conversion_factor):
				row.conversion_factor = 1
			row.stock_qty = flt(flt(row.qty) * flt(row.conversion_factor), row.precision("stock_qty"))

	@frappe.whitelist()
	def calculate_taxes_and_totals(self):
		taxes_and_totals.calculate(self)

	def set_total_in_words(self):
		taxes_and_totals.in_words(self)

	def set_other_charges(self):
		self.set_taxes_and_charges()

	def set_taxes_and_charges(self):
		if self.get("taxes_and_charges") and not self.taxes:
			for tax in frappe.get_doc("Sales Taxes and Charges Template", self.taxes_and_charges).taxes:
				self.append(
					"taxes",
					{
						key: tax.get(key)
						for key in ("charge_type", "account_head", "description", "rate", "row_id")
					},
				)

	def set_payment_schedule(self):
		if not self.meta.has_field("payment_schedule") or self.get("is_return"):
			if self.get("is_return") and self.meta.has_field("payment_schedule"):
				self.payment_terms_template, self.payment_schedule = "", []
			return
		day = self.get("posting_date") or self.get("transaction_date")
		total = flt(self.rounded_total or self.grand_total)
		base = flt(self.base_rounded_total or self.base_grand_total)
		if not self.payment_schedule:
			terms = (
				frappe.get_cached_doc("Payment Terms Template", self.payment_terms_template).terms
				if self.get("payment_terms_template")
				else []
			)
			for term in terms:
				self.append(
					"payment_schedule",
					{
						"payment_term": term.payment_term,
						"description": term.description,
						"invoice_portion": term.invoice_portion,
						"mode_of_payment": term.mode_of_payment,
						"due_date": party.due_date(term, day),
					},
				)
			if not terms:
				self.append(
					"payment_schedule", {"due_date": self.get("due_date") or day, "invoice_portion": 100}
				)
		for row in self.payment_schedule:
			row.payment_amount = flt(total * flt(row.invoice_portion) / 100, 2)
			row.base_payment_amount = flt(base * flt(row.invoice_portion) / 100, 2)
			row.outstanding = row.payment_amount
		if self.meta.has_field("due_date"):
			self.due_date = max(getdate(row.due_date) for row in self.payment_schedule)

	# What has to fit

	def check_payment_schedule(self):
		rows = self.get("payment_schedule") or ()
		total = flt(self.get("rounded_total") or self.grand_total)
		if rows and abs(sum(flt(row.payment_amount) for row in rows) - total) > 0.1:
			frappe.throw(_("The payment terms do not add up to {0}.").format(total))

	def check_addresses(self):
		kind, name = party.party_of(self)
		if not name or kind == "Lead":
			return
		links = {"link_doctype": kind, "link_name": name}
		for doctype, fields in (
			("Address", ("customer_address", "shipping_address_name")),
			("Contact", ("contact_person",)),
		):
			for found in filter(None, (self.get(field) for field in fields)):
				if not frappe.db.exists("Dynamic Link", {**links, "parenttype": doctype, "parent": found}):
					frappe.throw(_("{0} {1} is not one of {2}.").format(_(doctype), found, name))

	def references(self) -> list[tuple[str, str, tuple[str, ...]]]:
		"""(field of the line, DocType it names, fields of the document that have to be the same)."""
		return []

	def check_references(self):
		for field, doctype, same in self.references():
			for row in self.items:
				name = row.get(field)
				if not name:
					continue
				found = frappe.db.get_value(doctype, name, list(same), as_dict=True)
				for fieldname in same:
					if found and found[fieldname] and self.get(fieldname) != found[fieldname]:
						frappe.throw(
							_("{0} is another one on {1} {2}.").format(
								_(self.meta.get_label(fieldname)), _(doctype), name
							),
							frappe.ValidationError,
						)

	def check_sales_order_on_hold_or_close(self, field):
		for row in self.items:
			if name := row.get(field):
				status = frappe.db.get_value("Sales Order", name, "status")
				if status in ("Closed", "On Hold") and not self.get("is_return"):
					frappe.throw(
						_("Sales Order {0} is {1}").format(name, _(status)), frappe.InvalidStatusError
					)

	def check_authority(self):
		frappe.get_doc("Authorization Control").validate_approving_authority(
			self.doctype, self.company, self.base_grand_total, self
		)

	def has_product_bundle(self, item_code):
		return bool(frappe.db.exists("Product Bundle", {"name": item_code, "disabled": 0}))

	def update_billing_percentage(self, update_modified=True):
		rows = frappe.get_all(f"{self.doctype} Item", {"parent": self.name}, ["amount", "billed_amt"])
		total = sum(abs(flt(row.amount)) for row in rows)
		billed = sum(min(abs(flt(row.amount)), abs(flt(row.billed_amt))) for row in rows)
		percentage = round(billed / total * 100, 6) if total else 0
		frappe.db.set_value(self.doctype, self.name, "per_billed", percentage, update_modified=False)
		if update_modified:
			target = frappe.get_doc(self.doctype, self.name)
			target.set_status(update=True)
			target.notify_update()

	@frappe.whitelist()
	def set_advances(self):
		"""Put the customer's payments on account, and those against its orders, on the invoice."""
		from erpnext.accounts.doctype.payment_entry.payment_entry import open_payments

		self.set("advances", [])
		left = flt(self.rounded_total or self.grand_total)
		orders = {row.get("sales_order") for row in self.items} - {None}
		for row in open_payments(self.customer, self.company, orders):
			taken = min(left, row["amount"])
			left -= taken
			self.append(
				"advances",
				{
					"reference_type": row["voucher_type"],
					"reference_name": row["voucher_no"],
					"reference_row": row.get("row"),
					"advance_amount": row["amount"],
					"allocated_amount": taken,
				},
			)


def check_item(item) -> None:
	if item.disabled:
		frappe.throw(_("{0} is not used any more.").format(item.name))
	if item.has_variants:
		frappe.throw(_("{0} is a template. Choose one of its variants.").format(item.name))


def default_warehouse(company: str) -> str | None:
	found = frappe.db.get_single_value("Stock Settings", "default_warehouse")
	return found if found and frappe.get_cached_value("Warehouse", found, "company") == company else None


def customer_code(item, doc) -> str | None:
	"""What the customer calls an item."""
	kind, name = party.party_of(doc)
	if kind != "Customer" or not name:
		return None
	group = frappe.get_cached_value("Customer", name, "customer_group")
	rows = item.get("customer_items") or []
	return next((row.ref_code for row in rows if row.customer_name == name), None) or next(
		(row.ref_code for row in rows if row.customer_group and row.customer_group == group), None
	)


def price_of(item_code: str, price_list: str | None, uom: str) -> float:
	if not price_list:
		return 0
	rows = frappe.get_all(
		"Item Price",
		{"item_code": item_code, "price_list": price_list},
		["price_list_rate", "uom"],
		order_by="creation desc",
	)
	fitting = [row for row in rows if row.uom in (uom, None, "")] or rows
	return flt(fitting[0].price_list_rate) if fitting else 0


def get_conversion_factor(item_code, uom) -> dict:
	item = frappe.get_cached_doc("Item", item_code)
	if uom == item.stock_uom:
		return {"conversion_factor": 1.0}
	found = next((row.conversion_factor for row in item.get("uoms") or [] if row.uom == uom), None)
	if found is None:
		found = frappe.db.get_value(
			"UOM Conversion Factor", {"from_uom": uom, "to_uom": item.stock_uom}, "value"
		)
	return {"conversion_factor": flt(found) or 1.0}


# "Update Items"


@frappe.whitelist()
def update_child_qty_rate(parent_doctype, trans_items, parent_doctype_name, child_docname="items"):
	"""Write the lines of a submitted order one by one, then the order."""
	parent = frappe.get_doc(parent_doctype, parent_doctype_name)
	may(parent, "write")
	rows = [row for row in json.loads(trans_items) if row.get("item_code")]
	delete_lines(parent, rows)
	for data in rows:
		if not data.get("docname"):
			may(parent, "create")
			line = new_line(parent, data)
		else:
			may(parent, "write")
			line = frappe.get_doc(f"{parent_doctype} Item", data["docname"])
			if unchanged(line, data):
				continue
		change_line(parent, line, data)
	parent.reload()
	parent.flags.ignore_validate_update_after_submit = True
	parent.set_qty_as_per_stock_uom()
	parent.calculate_taxes_and_totals()
	parent.set_total_in_words()
	from erpnext.stock.doctype.packed_item.packed_item import make_packing_list

	make_packing_list(parent)
	parent.set_payment_schedule()
	parent.check_credit_limit()
	for number, row in enumerate(parent.get(child_docname), 1):
		row.idx = number
	parent.save()
	parent.validate_warehouse()
	parent.update_reserved_qty()
	parent.update_prevdoc_status("submit")
	parent.update_delivery_status()
	parent.reload()
	check_workflow(parent)
	parent.update_billing_percentage()
	parent.set_status()


def may(doc, right: str) -> None:
	try:
		doc.check_permission(right)
	except frappe.PermissionError:
		frappe.throw(
			_("You may not {} lines of a {}.").format(
				{"create": "add", "write": "update"}[right], doc.doctype
			),
			title=_("Insufficient Permissions"),
		)


def check_workflow(doc) -> None:
	workflow = get_workflow_name(doc.doctype)
	if not workflow:
		return
	workflow = frappe.get_doc("Workflow", workflow)
	state, roles = doc.get(workflow.workflow_state_field), frappe.get_roles()
	if not any(
		row.next_state == state and row.allowed in roles and is_transition_condition_satisfied(row, doc)
		for row in workflow.transitions
	):
		frappe.throw(
			_("The workflow {} does not let you change it.").format(
				get_link_to_form("Workflow", workflow.name)
			),
			title=_("Insufficient Permissions"),
		)


def delete_lines(parent, rows: list[dict]) -> None:
	kept = {row.get("docname") for row in rows}
	for line in parent.items:
		if line.name in kept:
			continue
		if flt(line.delivered_qty):
			frappe.throw(_("Row {0}: {1} was delivered and cannot go.").format(line.idx, line.item_code))
		if flt(line.billed_amt):
			frappe.throw(_("Row {0}: {1} was billed and cannot go.").format(line.idx, line.item_code))
		line.cancel()
		line.delete()


def new_line(parent, data: dict):
	line = frappe.new_doc(f"{parent.doctype} Item", parent_doc=parent, parentfield="items")
	item = frappe.get_cached_doc("Item", data["item_code"])
	check_item(item)
	uom = data.get("uom") or item.stock_uom
	default = next((row for row in item.item_defaults if row.company == parent.company), frappe._dict())
	line.update(
		{
			"item_code": item.name,
			"item_name": item.item_name,
			"description": item.description or item.item_name,
			"delivery_date": data.get("delivery_date") or parent.delivery_date,
			"uom": uom,
			"stock_uom": item.stock_uom,
			"conversion_factor": flt(data.get("conversion_factor"))
			or get_conversion_factor(item.name, uom)["conversion_factor"],
			"warehouse": default.get("default_warehouse")
			or parent.set_warehouse
			or default_warehouse(parent.company),
			"item_group": item.item_group,
			"is_stock_item": item.is_stock_item,
			"docstatus": 1,
			"parent": parent.name,
			"parenttype": parent.doctype,
			"parentfield": "items",
		}
	)
	if not line.warehouse and item.is_stock_item:
		frappe.throw(
			_("{0} has no warehouse. Set a default one on the item.").format(frappe.bold(item.item_code))
		)
	return line


def unchanged(line, data: dict) -> bool:
	dates = (line.get("delivery_date"), data.get("delivery_date"))
	return (
		flt(line.rate) == flt(data.get("rate"))
		and flt(line.qty) == flt(data.get("qty"))
		and flt(line.conversion_factor) == flt(data.get("conversion_factor"))
		and line.uom == data.get("uom")
		and all(dates)
		and getdate(dates[0]) == getdate(dates[1])
	)


def change_line(parent, line, data: dict) -> None:
	if not flt(data.get("qty")):
		frappe.throw(
			_("Row {0}: enter a quantity of {1}.").format(data.get("idx"), frappe.bold(data["item_code"])),
			title=_("Invalid Qty"),
		)
	if flt(data["qty"]) < flt(line.delivered_qty):
		frappe.throw(_("More of it was delivered than that."))
	line.qty = flt(data["qty"])
	rate = flt(data.get("rate"), line.precision("rate") or 2)
	if flt(line.billed_amt) > rate * line.qty and rate > 0:
		frappe.throw(_("Row {0}: more of {1} was billed than that.").format(line.idx, line.item_code))
	line.rate = rate
	if data.get("uom"):
		line.uom = data["uom"]
		line.conversion_factor = (
			flt(data.get("conversion_factor"))
			or get_conversion_factor(line.item_code, line.uom)["conversion_factor"]
		)
	if data.get("delivery_date"):
		line.delivery_date = data["delivery_date"]
	line.flags.ignore_validate_update_after_submit = True
	if line.is_new():
		parent.load_from_db()
		line.idx = len(parent.items) + 1
		line.insert()
	else:
		line.save()


def today() -> str:
	return nowdate()
