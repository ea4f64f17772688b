"""Getting a site ready."""

import frappe


def before_tests():
	"""A site for tests has a company and a year; Administrator may do everything."""
	frappe.clear_cache()
	if not frappe.db.count("Company"):
		from frappe.desk.page.setup_wizard.setup_wizard import setup_complete

		year = frappe.utils.getdate().year
		setup_complete(
			{
				"language": "English",
				"country": "United States",
				"timezone": "America/New_York",
				"currency": "USD",
				"company_name": "Sandbox Company",
				"company_abbr": "SC",
				"chart_of_accounts": "Standard",
				"fy_start_date": f"{year}-01-01",
				"fy_end_date": f"{year}-12-31",
			}
		)
	frappe.db.delete("Item Price")
	administrator = frappe.get_doc("User", "Administrator")
	administrator.add_roles(
		*frappe.get_all(
			"Role",
			{"name": ["not in", ["Guest", "All", "Administrator", "Customer", "Supplier", "Desk User"]]},
			pluck="name",
		)
	)
	frappe.db.commit()


@frappe.whitelist()
def get_exchange_rate(from_currency, to_currency, transaction_date=None, args=None):
	if from_currency == to_currency:
		return 1
	return (
		frappe.db.get_value(
			"Currency Exchange",
			{"from_currency": from_currency, "to_currency": to_currency},
			"exchange_rate",
			order_by="date desc",
		)
		or 0
	)
