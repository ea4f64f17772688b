// My Work: draws what the server says waits for the person, and takes the next step from the row. Which rows
// there are, what they lack and what may be done with them, the server decides.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.MyWork = class MyWork {
	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({
			parent: wrapper,
			title: __("My Work"),
			single_column: true,
		});
		this.page.set_secondary_action(__("Refresh"), () => this.load(), "refresh");
		this.add_beginnings();
		this.area = $('<div class="my-work"></div>').appendTo(this.page.main);
		this.listen();
	}

	/** Work that waits for nobody begins here as well: an enquiry, a quotation, an order. */
	add_beginnings() {
		["Lead", "Quotation", "Sales Order"]
			.filter((doctype) => frappe.model.can_create(doctype))
			.forEach((doctype) =>
				this.page.add_inner_button(__(doctype), () => frappe.new_doc(doctype), __("New"))
			);
	}

	/** Coming back to the page shows what has happened meanwhile. */
	show() {
		["Sales Order", "Delivery Note", "Production Notice", "Sales Invoice"].forEach((doctype) =>
			frappe.realtime.doctype_subscribe(doctype)
		);
		this.load();
	}

	/** Others work on the same documents: what they save arrives here, where the socket is there. */
	listen() {
		const reload = frappe.utils.debounce(() => this.is_seen() && this.load(), 2000);
		frappe.realtime.on("list_update", ({ doctype }) => {
			if (this.doctypes().has(doctype)) reload();
		});
		$(document).on("visibilitychange", reload);
	}

	is_seen() {
		return (
			!document.hidden && frappe.get_route()[0] === "my-work" && !this.busy && !cur_dialog
		);
	}

	doctypes() {
		return new Set(["Sales Order", "Delivery Note", "Production Notice", "Sales Invoice"]);
	}

	fetch(args = {}) {
		return frappe.call({
			method: "metalcraft_workflow.desk.my_work.get_my_work",
			type: "GET",
			args,
		});
	}

	async load() {
		const { message } = await this.fetch();
		this.today = message.today;
		this.draw(message.sections);
	}

	draw(sections) {
		this.area.empty();
		if (!sections.length) {
			$('<div class="my-work-empty" role="status"></div>')
				.append($("<p></p>").text(__("Nothing waits for you.")))
				.append(
					$('<p class="small"></p>').text(
						__("What comes to you is shown here by itself.")
					)
				)
				.appendTo(this.area);
			return;
		}
		if (sections.length > 1) this.area.append(this.draw_jump(sections));
		sections.forEach((section) => this.area.append(this.draw_section(section)));
	}

	/** What there is at a glance, each a way to its list. */
	draw_jump(sections) {
		const jump = $('<nav class="my-work-jump"></nav>').attr("aria-label", __("What Waits"));
		sections.forEach(({ key, title, total }) =>
			$('<button type="button" class="btn btn-default btn-sm"></button>')
				.text(title)
				.append($('<span class="my-work-count"></span>').text(total))
				.on("click", () => {
					const section = this.area.find(`[data-key="${CSS.escape(key)}"]`)[0];
					section.scrollIntoView({ behavior: "smooth", block: "start" });
					$(section).find("h2").trigger("focus");
				})
				.appendTo(jump)
		);
		return jump;
	}

	draw_section({ key, title, total, rows }) {
		const section = $('<section class="my-work-section"></section>').attr({
			"data-key": key,
			"aria-label": title,
		});
		$('<h2 tabindex="-1"></h2>')
			.text(title)
			.append($('<span class="my-work-count"></span>').text(total))
			.appendTo(section);
		const reviewed = rows.find((row) => row.actions.some(({ kind }) => kind === "review"));
		if (reviewed) {
			$('<button type="button" class="btn btn-default btn-xs my-work-review"></button>')
				.text(__("Review One by One"))
				.attr("aria-label", `${__("Review One by One")}: ${title}`)
				.on("click", () => frappe.set_route("review-desk", reviewed.name))
				.appendTo(section.find("h2").wrap('<div class="my-work-head"></div>').parent());
		}
		const list = $('<ul class="my-work-rows"></ul>').appendTo(section);
		rows.forEach((row) => list.append(this.draw_row(row)));
		if (total > rows.length) this.draw_more(section, list, key, rows.length, total);
		return section;
	}

	draw_more(section, list, key, start, total) {
		$('<button type="button" class="btn btn-default btn-sm my-work-more"></button>')
			.text(__("{0} more", [total - start]))
			.on("click", async (event) => {
				$(event.currentTarget).prop("disabled", true);
				const { message } = await this.fetch({ section: key, start });
				$(event.currentTarget).remove();
				const [more] = message.sections;
				if (!more) return;
				more.rows.forEach((row) => list.append(this.draw_row(row)));
				const shown = start + more.rows.length;
				if (more.rows.length && more.total > shown) {
					this.draw_more(section, list, key, shown, more.total);
				}
			})
			.appendTo(section);
	}

	draw_row(row) {
		return $('<li class="my-work-row"></li>')
			.attr("data-name", row.name)
			.append(this.draw_when(row), this.draw_what(row), this.draw_actions(row));
	}

	draw_when({ ship_date, is_late, since }) {
		const when = $('<div class="my-work-when"></div>');
		if (ship_date) {
			$("<div></div>")
				.toggleClass("my-work-late", is_late)
				.text(
					is_late
						? __("{0}, late", [frappe.datetime.str_to_user(ship_date)])
						: frappe.datetime.str_to_user(ship_date)
				)
				.appendTo(when);
		}
		if (since) {
			// Frappe says how long ago in words, and the moment itself to the pointer
			$('<div class="text-muted"></div>')
				.html(__("came {0}", [comment_when(since)]))
				.appendTo(when);
		}
		return when;
	}

	draw_what({ doctype, name, customer, po_no, note, missing }) {
		const what = $('<div class="my-work-what"></div>');
		const head = $("<div></div>").appendTo(what);
		$('<span class="my-work-customer"></span>').text(customer).appendTo(head);
		head.append(" ");
		$('<a class="my-work-name"></a>')
			.attr("href", frappe.utils.get_form_link(doctype, name))
			.text(name)
			.appendTo(head);
		if (po_no) {
			head.append(
				$('<span class="text-muted"></span>').append(
					" · ",
					$('<span class="my-work-po"></span>').text(__("PO {0}", [po_no]))
				)
			);
		}
		if (note) $('<div class="text-muted"></div>').text(note).appendTo(what);
		if (missing.length) {
			const list = $('<ul class="my-work-missing"></ul>').appendTo(what);
			missing.forEach((text) =>
				$('<li class="gate-row"></li>')
					.append(
						metalcraft_workflow.gate.icon("solid-error", __("Missing")),
						$('<span class="gate-text"></span>').text(text)
					)
					.appendTo(list)
			);
		}
		return what;
	}

	draw_actions(row) {
		const [first, ...others] = row.actions;
		const actions = $('<div class="my-work-actions"></div>');
		if (!first) return actions;
		$('<button type="button" class="btn btn-sm"></button>')
			.addClass(first.kind === "open" ? "btn-default" : "btn-primary")
			.text(first.label)
			.attr("aria-label", `${first.label}: ${row.name}`)
			.on("click", () => this.take(row, first))
			.appendTo(actions);
		if (!others.length) return actions;
		const menu = $('<ul class="dropdown-menu dropdown-menu-right" role="menu"></ul>');
		others.forEach((action) =>
			$('<a class="dropdown-item" href="#" role="menuitem"></a>')
				.text(action.label)
				.on("click", (event) => {
					event.preventDefault();
					this.take(row, action);
				})
				.appendTo($('<li role="none"></li>').appendTo(menu))
		);
		return actions.append(
			$('<div class="dropdown"></div>').append(
				$(
					'<button type="button" class="btn btn-default btn-sm" data-toggle="dropdown"></button>'
				)
					.attr({
						"aria-label": __("More for {0}", [row.name]),
						"aria-haspopup": "true",
						"aria-expanded": "false",
					})
					.html(frappe.utils.icon("dot-horizontal", "sm")),
				menu
			)
		);
	}

	async take(row, action) {
		if (action.kind === "open") {
			frappe.set_route("Form", action.doctype || row.doctype, action.name || row.name);
		} else if (action.kind === "review") {
			frappe.set_route("review-desk", row.name);
		} else if (action.kind === "scan") {
			frappe.route_options = { delivery: row.name };
			frappe.set_route("scan-to-pack");
		} else if (action.kind === "make") {
			frappe.model.open_mapped_doc({ method: action.method, source_name: action.name });
		} else if (action.kind === "waive") {
			metalcraft_workflow.gate.waive(this.as_form(row), action.requirement);
		} else if (action.kind === "call") {
			await this.while_busy(() => frappe.xcall(action.method, { name: action.name }));
		} else {
			await this.move(row, action);
		}
	}

	/** Take an action of the workflow, with the reason that it asks for. */
	async move(row, { action, label }) {
		const form = this.as_form(row);
		form.selected_workflow_action = action;
		// With the form of the document comes its workflow, which Frappe asks for the transitions
		await frappe.model.with_doctype(row.doctype);
		frappe.dom.freeze();
		await metalcraft_workflow.gate.ask_reason(form);
		frappe.dom.unfreeze();
		const moved = await this.while_busy(() =>
			frappe.xcall("frappe.model.workflow.apply_workflow", { doc: form.doc, action })
		);
		if (moved) {
			frappe.show_alert({ message: `${label}: ${row.name}`, indicator: "green" });
		}
	}

	/** What the dialogs of a form want of it. */
	as_form({ doctype, name }) {
		return {
			doctype,
			doc: { doctype, name },
			is_dirty: () => false,
			reload_doc: () => this.load(),
		};
	}

	/** Do it, and show what follows from it; a refusal is shown by Frappe. Gives what the server says. */
	async while_busy(act) {
		this.busy = true;
		frappe.dom.freeze();
		try {
			return await act();
		} catch (error) {
			if (error) throw error;
		} finally {
			this.busy = false;
			frappe.dom.unfreeze();
			this.load();
		}
	}
};
