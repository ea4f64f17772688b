// Prices, and what customers owe, are the business of whoever may read quotations or invoices: others who take part
// in the process are not shown them on forms and in lists; whose they are, the server says (`setup.desk`). Only what
// is drawn is left out. Who should not get them from the server either is given other permissions by an
// administrator.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.amounts = {
	// What tells amounts although it is none
	fields: new Set([
		"additional_discount_percentage",
		"apply_discount_on",
		"base_in_words",
		"commission_rate",
		"conversion_rate",
		"coupon_code",
		"credit_hold_reason",
		"currency",
		"disable_rounded_total",
		"discount_percentage",
		"exempt_from_sales_tax",
		"ignore_pricing_rule",
		"in_words",
		"item_tax_template",
		"margin_rate_or_amount",
		"margin_type",
		"other_charges_calculation",
		"payment_terms_template",
		"per_billed",
		"plc_conversion_rate",
		"price_list_currency",
		"quotation_differences",
		"selling_price_list",
		"shipping_rule",
		"tax_category",
		"taxes_and_charges",
	]),
	tables: new Set([
		"Payment Schedule",
		"Pricing Rule Detail",
		"Sales Taxes and Charges",
		"Sales Team",
	]),

	/** Take them off what is drawn of a DocType and its `tables`. Call before its first form or list is drawn. */
	hide(parent, ...tables) {
		if (!frappe.boot.metalcraft_hides_amounts?.includes(parent)) return;
		const tells = (df) =>
			df.fieldtype === "Currency" ||
			this.fields.has(df.fieldname) ||
			this.tables.has(df.options);
		for (const doctype of [parent, ...tables]) {
			const copies = Object.values(frappe.meta.docfield_copy[doctype] || {});
			[frappe.meta.docfield_map[doctype] || {}, ...copies]
				.flatMap(Object.values)
				.filter(tells)
				// A level that nobody has: what is only hidden, ERPNext's own scripts show again
				.forEach((df) => Object.assign(df, { permlevel: 9, in_list_view: 0 }));
		}
	},
};
