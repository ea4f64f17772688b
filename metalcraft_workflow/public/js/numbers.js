// How people write numbers: the browser's side of rules/quantity.py, for what changes while they type.
frappe.provide("metalcraft_workflow");

{
	const MOST = 6; // as exactly as quantities are kept

	// What a pattern shows, as "#.###,##". One without decimals names no sign for them: of comma and point
	// it is the one that does not group.
	const format_of = (pattern) => {
		const signs = pattern.split(/#+/).filter(Boolean);
		const last = /#*$/.exec(pattern)[0].length;
		const lakhs = pattern.startsWith("#,##,");
		if (new Set(signs).size > 1) return { decimal: signs.at(-1), group: signs[0], lakhs };
		if (!signs.length) return { decimal: ".", group: "" };
		if (last === 3) return { decimal: signs[0] === "." ? "," : ".", group: signs[0], lakhs };
		return { decimal: signs[0], group: "" };
	};

	/** `value` in the format `pattern`, with as many decimals as it has between `least` and `most`. */
	metalcraft_workflow.written = (value, pattern, least = 0, most = MOST) => {
		const { decimal, group, lakhs } = format_of(pattern);
		// 1.005 is kept as a little less, and written as 1.01 all the same
		const exact = Math.abs(value) * (1 + Number.EPSILON);
		const fixed = exact.toFixed(Math.max(least, most));
		const [whole, all = ""] = fixed.split(".");
		const decimals = all.slice(0, least) + all.slice(least).replace(/0+$/, "");
		const grouped = lakhs
			? whole.replace(/\B(?=(\d{2})*\d{3}$)/g, group)
			: whole.replace(/\B(?=(\d{3})+$)/g, group);
		const minus = value < 0 && Number(fixed) ? "-" : "";
		return minus + grouped + (decimals ? decimal + decimals : "");
	};

	/** A quantity in the format of the desk. */
	metalcraft_workflow.written_qty = (qty) =>
		metalcraft_workflow.written(flt(qty), frappe.boot.sysdefaults.number_format || "#,###.##");

	/** An amount, with the sign of its currency; `form` is `gates.numbers.amount_form` of it. */
	metalcraft_workflow.written_money = (amount, { pattern, least, most, symbol, on_right }) => {
		const text = metalcraft_workflow.written(amount, pattern, least, most);
		if (!symbol) return text;
		return on_right ? `${text} ${symbol}` : `${symbol} ${text}`;
	};
}
