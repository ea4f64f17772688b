"""A row of what moved."""

import frappe
from frappe import _
from frappe.model.document import Document
from frappe.utils import getdate


class StockLedgerEntry(Document):
	def check_stock_frozen_date(self):
		frozen = frappe.db.get_single_value("Stock Settings", "stock_frozen_upto")
		if frozen and getdate(self.posting_date) <= getdate(frozen):
			frappe.throw(_("Nothing moves any more up to {0}: it is frozen.").format(frozen))

	def validate_with_last_transaction_posting_time(self):
		pass
