// Open orders as cards, by stage. The server decides what is on it and in which order; nobody moves an order
// here, because orders move through their workflow.

const KEPT = "metalcraft_order_board";
const WHY = "/assets/metalcraft_workflow/js/why.js";

frappe.pages["order-board"].on_page_load = (wrapper) => {
	const page = frappe.ui.make_app_page({
		parent: wrapper,
		title: __("Order Board"),
		single_column: true,
	});
	wrapper.order_board = new OrderBoard(page);
};

frappe.pages["order-board"].on_page_show = (wrapper) => wrapper.order_board?.refresh();

class OrderBoard {
	constructor(page) {
		this.page = page;
		this.kept = this.read_kept();
		this.add_filters();
		page.set_secondary_action(__("Refresh"), () => this.refresh());
		page.add_inner_button(__("Table"), () => {
			frappe.route_options = this.filters();
			frappe.set_route("query-report", "Open Orders");
		});
		this.summary = $('<p class="order-board-summary" aria-live="polite"></p>').appendTo(
			page.main
		);
		this.columns = $('<div class="order-board" tabindex="0"></div>')
			.attr("aria-label", __("Open orders by stage"))
			.appendTo(page.main);
		this.columns.on("click", "[data-why]", ({ currentTarget }) => {
			const { doctype, why } = currentTarget.dataset;
			frappe.require(WHY, () => metalcraft_workflow.show_why(doctype, why));
		});
	}

	add_filters() {
		const fields = [
			{ fieldname: "company", label: __("Company"), fieldtype: "Link", options: "Company" },
			{
				fieldname: "department",
				label: __("Production Department"),
				fieldtype: "Link",
				options: "Production Department",
			},
			{
				fieldname: "customer",
				label: __("Customer"),
				fieldtype: "Link",
				options: "Customer",
			},
			{ fieldname: "late_only", label: __("Late only"), fieldtype: "Check" },
		];
		this.fields = fields.map((df) =>
			this.page.add_field({
				...df,
				default: this.kept[df.fieldname],
				change: () => this.changed(),
			})
		);
	}

	filters() {
		const values = this.fields.map((field) => [field.df.fieldname, field.get_value()]);
		return Object.fromEntries(values.filter(([, value]) => value));
	}

	changed() {
		const filters = this.filters();
		if (JSON.stringify(filters) === JSON.stringify(this.kept)) return;
		this.kept = filters;
		localStorage.setItem(KEPT, JSON.stringify(filters));
		this.refresh();
	}

	read_kept() {
		const company = frappe.defaults.get_user_default("Company");
		try {
			return JSON.parse(localStorage.getItem(KEPT)) || { company };
		} catch (error) {
			return { company };
		}
	}

	async refresh() {
		const asked = (this.asked = {});
		const { columns, summary } = await frappe.xcall(
			"metalcraft_workflow.metalcraft_workflow.report.open_orders.open_orders.board",
			{ filters: this.kept }
		);
		// other filters were chosen meanwhile
		if (asked !== this.asked) return;
		this.summary.text(summary.map((row) => `${row.label}: ${row.value}`).join(" · "));
		this.columns.empty().append(columns.map((column) => this.draw_column(column)));
		if (!columns.length) {
			$('<p class="text-muted"></p>')
				.text(__("No open orders here."))
				.appendTo(this.columns);
		}
	}

	draw_column({ stage, orders, late, cards }) {
		const column = $('<section class="order-board-column"></section>').attr(
			"aria-label",
			__(stage)
		);
		const head = $('<h4 class="order-board-head"></h4>').text(__(stage)).appendTo(column);
		$('<span class="text-muted"></span>').text(orders).appendTo(head);
		if (late) {
			$('<span class="indicator-pill red no-indicator-dot"></span>')
				.text(__("{0} late", [late]))
				.appendTo(head);
		}
		column.append(cards.map((card) => this.draw_card(card)));
		if (orders > cards.length) {
			$('<p class="text-muted small"></p>')
				.text(__("And {0} more. The table has them all.", [orders - cards.length]))
				.appendTo(column);
		}
		return column;
	}

	draw_card(row) {
		const card = $('<article class="order-board-card"></article>').attr("data-name", row.name);
		const head = $('<div class="order-board-line"></div>').appendTo(card);
		$('<a class="bold"></a>')
			.attr("href", frappe.utils.get_form_link("Sales Order", row.name))
			.text(row.name)
			.appendTo(head);
		if (row.days_late) {
			$('<span class="indicator-pill red no-indicator-dot"></span>')
				.text(__("{0} d late", [row.days_late]))
				.appendTo(head);
		}
		if (row.state) {
			$('<span class="indicator-pill orange no-indicator-dot"></span>')
				.text(row.state)
				.appendTo(card);
		}
		this.line(card, row.customer_name);
		this.line(card, row.po_no && __("PO {0}", [row.po_no]));
		this.line(
			card,
			row.ship_date && __("Ships {0}", [frappe.datetime.str_to_user(row.ship_date)])
		);
		this.line(card, __("Lines to ship: {0} of {1}", [row.open_lines, row.lines]));
		this.line(card, row.deliveries);
		const foot = $('<div class="order-board-foot"></div>').appendTo(card);
		$("<span></span>")
			.text(
				row.waits_for
					? __("{0}, for {1} d", [row.waits_for, row.written_days_in_stage])
					: __("For {0} d", [row.written_days_in_stage])
			)
			.appendTo(foot);
		if (row.waiting) {
			$('<button type="button" class="btn btn-link btn-xs"></button>')
				.attr({ "data-why": row.waiting, "data-doctype": row.waiting_doctype })
				.attr("aria-label", __("Why {0} waits", [row.waiting]))
				.text(__("Why"))
				.appendTo(foot);
		}
		return card;
	}

	line(card, text) {
		if (text) $('<div class="text-muted small"></div>').text(text).appendTo(card);
	}
}
