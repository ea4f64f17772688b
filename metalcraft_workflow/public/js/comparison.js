// The lines of an order beside what was quoted or approved, for the review desk and for the form of an order.
// The server says what differs; nothing here knows a rule.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.comparison = {
	/** The lines; `compared_with` says what a marked value is compared with, and `added` what a new line is. */
	draw_lines(lines, compared_with, added) {
		const table = $('<table class="review-lines"></table>').attr("aria-label", __("Lines"));
		const with_prices = lines.some(({ rate }) => rate);
		const columns = [
			["idx", __("No.")],
			["item_code", __("Item")],
			["qty", __("Quantity")],
			...(with_prices
				? [
						["rate", __("Price")],
						["amount", __("Amount")],
				  ]
				: []),
			["delivery_date", __("Delivery Date")],
		];
		const head = $("<tr></tr>").appendTo($("<thead></thead>").appendTo(table));
		columns.forEach(([, label]) => $('<th scope="col"></th>').text(label).appendTo(head));
		const body = $("<tbody></tbody>").appendTo(table);
		lines.forEach((line) => {
			const is_new = "line" in line.marks;
			const row = $("<tr></tr>")
				.toggleClass("is-marked", is_new)
				.attr("data-idx", line.idx)
				.appendTo(body);
			columns.forEach(([key, label]) => {
				const cell = $("<td></td>")
					.addClass(`review-${key}`)
					.attr("data-label", label)
					.appendTo(row);
				if (key === "item_code") this.draw_item(cell, line, is_new && added);
				else this.draw_value(cell, line, key, compared_with);
				cell.toggleClass("is-marked", key in line.marks);
			});
		});
		return table;
	},

	draw_item(cell, { item_code, item_name, customer_part_no, marks }, added) {
		$("<strong></strong>").text(item_code).appendTo(cell);
		if ("item_code" in marks) this.draw_sign(cell);
		if (added) {
			$('<span class="indicator-pill orange no-indicator-dot"></span>')
				.text(added)
				.appendTo(cell.append(" "));
		}
		const more = [
			item_name,
			customer_part_no && __("Customer's part {0}", [customer_part_no]),
		].filter(Boolean);
		if (more.length) {
			$('<div class="text-muted small"></div>').text(more.join(" · ")).appendTo(cell);
		}
	},

	/** A sign and the old value say what the colour says. */
	draw_value(cell, line, key, compared_with) {
		const { marks } = line;
		if (!(key in marks)) {
			cell.text(line[key]);
			return;
		}
		const old = marks[key];
		if (old) {
			cell.append(
				$('<span class="sr-only"></span>').text(`${compared_with}: `),
				$("<s></s>").attr("title", compared_with).text(old),
				" "
			);
		}
		cell.append($("<strong></strong>").text(line[key]));
		if (!old) this.draw_sign(cell);
	},

	draw_sign(cell) {
		cell.append(
			$('<span aria-hidden="true"></span>').text(" ≠"),
			$('<span class="sr-only"></span>').text(__("Differs"))
		);
	},

	draw_differences(differences) {
		const title = __("Differences from the Quotation");
		const card = $('<section class="gate-checklist review-differences"></section>').attr(
			"aria-label",
			title
		);
		$('<div class="gate-head"></div>')
			.append(
				$('<span class="gate-title"></span>').text(title),
				$('<span class="indicator-pill orange no-indicator-dot"></span>').text(
					differences.length
				)
			)
			.appendTo(card);
		const list = $("<ul></ul>").appendTo(card);
		differences.forEach((text) => $("<li></li>").text(text).appendTo(list));
		return card;
	},

	/** What whoever approves will see, for who asks for it. */
	add_button(frm) {
		const quoted = (frm.doc.items || []).some((row) => row.prevdoc_docname);
		if (frm.is_new() || frm.doc.docstatus || !quoted) return;
		frm.add_custom_button(__("Compare with Quotation"), () => this.show(frm));
	},

	async show(frm) {
		const { message } = await frappe.call({
			method: "metalcraft_workflow.desk.review.get_comparison",
			type: "GET",
			args: { name: frm.doc.name },
			freeze: true,
		});
		const { lines, differences } = message;
		const dialog = new frappe.ui.Dialog({
			title: __("{0} and its quotation", [frm.doc.name]),
			size: "extra-large",
		});
		if (frm.is_dirty()) {
			$('<p class="text-muted"></p>')
				.text(__("As last saved. Save to compare again."))
				.appendTo(dialog.body);
		}
		if (differences.length) dialog.$body.append(this.draw_differences(differences));
		else $("<p></p>").text(__("It is as it was quoted.")).appendTo(dialog.body);
		dialog.$body.append(this.draw_lines(lines, __("Quoted"), __("Not quoted")));
		dialog.show();
	},
};
