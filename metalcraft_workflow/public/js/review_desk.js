// The review desk: an order that waits for a decision, beside the customer's purchase order. What is shown of it
// and what may be done with it, the server decides.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.ReviewDesk = class ReviewDesk {
	constructor(wrapper) {
		this.page = frappe.ui.make_app_page({
			parent: wrapper,
			title: __("Review Desk"),
			single_column: true,
		});
		this.page.set_secondary_action(__("Refresh"), () => this.load(this.name), "refresh");
		this.page.add_menu_item(__("Open the Order"), () => this.open_form());
		this.page.add_menu_item(__("Keyboard Shortcuts"), () =>
			frappe.ui.keys.show_keyboard_shortcut_dialog()
		);
		this.area = $('<div class="review-desk"></div>').appendTo(this.page.main);
		this.listen();
	}

	show() {
		this.add_keys();
		frappe.realtime.doctype_subscribe("Sales Order");
		this.load(frappe.get_route()[1] || "");
	}

	/** What a colleague does to the order that is looked at is shown, where the socket is there. */
	listen() {
		frappe.realtime.on("list_update", ({ doctype, name }) => {
			const is_seen = frappe.get_route()[0] === "review-desk" && !this.busy && !cur_dialog;
			if (doctype === "Sales Order" && name === this.name && is_seen) this.load(name);
		});
	}

	/** Each time that the page is shown: its help lists the keys of whoever has added them last. */
	add_keys() {
		const condition = () => !this.busy && !cur_dialog && Boolean(this.order);
		const keys = [
			[
				"shift+ctrl+a",
				__("Approve, or what takes the order on"),
				() => this.act("leads_on"),
			],
			["shift+ctrl+b", __("Send back, with a reason"), () => this.act("asks_reason")],
			["shift+right", __("Next order"), () => this.go(this.next)],
			["shift+left", __("Previous order"), () => this.go(this.previous)],
		];
		keys.forEach(([shortcut, description, action]) =>
			frappe.ui.keys.add_shortcut({
				shortcut,
				description,
				action: () => void action(),
				page: this.page,
				condition,
			})
		);
	}

	/** Take the first action that leads on, or the first that sends back: an order is not cancelled by a key. */
	act(kind) {
		const action = this.order.actions.find((row) => row[kind]);
		if (action) this.take(action);
	}

	go(name) {
		if (!name) return;
		if (frappe.get_route()[1] === name) this.load(name);
		else frappe.set_route("review-desk", name);
	}

	open_form() {
		if (this.name) frappe.set_route("Form", "Sales Order", this.name);
	}

	async load(name) {
		const asked = (this.asked = {});
		const { message } = await frappe.call({
			method: "metalcraft_workflow.desk.review.get_review",
			type: "GET",
			args: { name },
		});
		// another one was asked for meanwhile
		if (asked !== this.asked) return;
		Object.assign(this, { previous: "", next: "" }, message);
		this.name = this.order ? this.order.name : "";
		this.draw();
	}

	draw() {
		const { order } = this;
		this.tick = null;
		this.area.empty();
		if (!order) {
			$('<div class="my-work-empty" role="status"></div>')
				.append(
					$("<p></p>").text(__("No order waits for your decision.")),
					$("<a></a>")
						.attr(
							"href",
							frappe.utils.generate_route({ type: "Page", name: "my-work" })
						)
						.text(__("My Work"))
				)
				.appendTo(this.area);
			return;
		}
		this.form = this.as_form(order);
		const columns = $('<div class="review-columns"></div>').appendTo(this.area);
		columns.append(this.draw_file(order), this.draw_order(order));
		this.area.append(this.draw_bar(order));
	}

	// The purchase order

	draw_file({ name, file: { kind, url: path, name: file_name, message } }) {
		const url = path.split("/").map(encodeURIComponent).join("/");
		const title = __("Customer's Purchase Order");
		const section = $('<section class="review-file"></section>').attr("aria-label", title);
		const head = $('<div class="review-file-head"></div>')
			.append($("<h3></h3>").text(title))
			.appendTo(section);
		if (url) {
			$('<a target="_blank" rel="noopener"></a>')
				.attr("href", url)
				.text(__("Open {0}", [file_name]))
				.appendTo(head);
		}
		if (kind === "picture") {
			$("<img>")
				.attr({ src: url, alt: __("Purchase order of {0}", [name]) })
				.appendTo(section);
		} else if (kind === "pdf" && navigator.pdfViewerEnabled !== false) {
			// The page as wide as there is room, without the browser's list of pages beside it
			$("<iframe></iframe>")
				.attr({
					src: `${url}#navpanes=0&view=FitH`,
					title: __("Purchase order of {0}", [name]),
				})
				.appendTo(section);
		} else {
			$('<p class="text-muted"></p>')
				.text(
					message || __("This browser does not show PDFs in a page. Open it to read it.")
				)
				.appendTo(section);
		}
		return section;
	}

	// What is decided on

	draw_order(order) {
		const { comparison, gate, line } = metalcraft_workflow;
		const section = $('<section class="review-order"></section>').attr(
			"aria-label",
			order.name
		);
		section.append(this.draw_head(order));
		order.checklist.forEach((entry) => section.append(gate.draw(this.form, entry)));
		if (order.changes.length) section.append(line.draw_changes(order.changes));
		if (order.differences.length) {
			section.append(this.draw_tick(comparison.draw_differences(order.differences), order));
		}
		section.append(
			comparison.draw_lines(order.lines, order.compared_with, order.added),
			this.draw_list("review-totals", __("Totals"), order.totals),
			this.draw_list("review-facts", __("Terms"), order.facts)
		);
		if (order.credit) section.append(this.draw_credit(order.credit));
		if (order.last_orders.length) section.append(this.draw_last(order.last_orders));
		return section;
	}

	draw_head({ name, customer, state, hold_reason }) {
		const head = $('<div class="review-head"></div>');
		$("<h2></h2>").text(customer).appendTo(head);
		$("<a></a>")
			.attr("href", frappe.utils.get_form_link("Sales Order", name))
			.text(name)
			.appendTo(head);
		$('<span class="indicator-pill orange no-indicator-dot"></span>')
			.text(state)
			.appendTo(head);
		if (hold_reason) $('<p class="gate-reason"></p>').text(hold_reason).appendTo(head);
		return head;
	}

	/** Whoever approves says that they have read them. */
	draw_tick(card, { acknowledged, actions }) {
		if (acknowledged) {
			return card.append(
				$('<p class="gate-row"></p>').append(
					metalcraft_workflow.gate.icon("tick", ""),
					$("<span></span>").text(__("Differences Acknowledged"))
				)
			);
		}
		if (!actions.some(({ asks_look }) => asks_look)) return card;
		this.tick = $('<input type="checkbox">');
		return card.append(
			$('<label class="review-tick"></label>').append(
				this.tick,
				document.createTextNode(` ${__("Differences Acknowledged")}`)
			)
		);
	}

	draw_list(class_name, title, rows) {
		const list = $("<dl></dl>").addClass(class_name).attr("aria-label", title);
		rows.forEach(([label, value]) =>
			list.append(
				$("<div></div>").append($("<dt></dt>").text(label), $("<dd></dd>").text(value))
			)
		);
		return rows.length ? list : "";
	}

	draw_credit({ exposure, limit, over, on_hold, hold_reason }) {
		const title = __("Credit");
		const card = $('<section class="gate-checklist"></section>').attr("aria-label", title);
		const is_good = !over && !on_hold;
		$('<div class="gate-head"></div>')
			.append(
				$('<span class="gate-title"></span>').text(title),
				$('<span class="indicator-pill no-indicator-dot"></span>')
					.addClass(is_good ? "green" : "red")
					.text(
						on_hold
							? __("On hold")
							: over
							? __("{0} over the limit", [over])
							: __("Good")
					)
			)
			.appendTo(card);
		if (hold_reason) $('<p class="gate-reason"></p>').text(hold_reason).appendTo(card);
		return card.append(
			this.draw_list("review-facts", title, [
				[__("Owed and on order, with this one"), exposure],
				[__("Credit Limit"), limit || __("None")],
			])
		);
	}

	draw_last(orders) {
		const title = __("Last Orders of the Customer");
		const card = $('<section class="gate-checklist"></section>').attr("aria-label", title);
		$('<div class="gate-head"></div>')
			.append($('<span class="gate-title"></span>').text(title))
			.appendTo(card);
		const list = $('<ul class="list-unstyled"></ul>').appendTo(card);
		orders.forEach(({ name, date, po_no, total, stage }) =>
			$("<li></li>")
				.append(
					$("<a></a>")
						.attr("href", frappe.utils.get_form_link("Sales Order", name))
						.text(name),
					document.createTextNode(
						` ${[date, po_no && __("PO {0}", [po_no]), total, stage]
							.filter(Boolean)
							.join(" · ")}`
					)
				)
				.appendTo(list)
		);
		return card;
	}

	// Deciding

	draw_bar({ actions }) {
		const bar = $('<div class="review-bar"></div>');
		const ways = $('<nav class="review-ways"></nav>')
			.attr("aria-label", __("Orders that wait"))
			.appendTo(bar);
		ways.append(
			this.draw_way(__("Previous"), this.previous),
			$('<span class="text-muted"></span>').text(
				this.place
					? __("{0} of {1}", [this.place, this.total])
					: __("{0} waiting", [this.total])
			),
			this.draw_way(__("Next"), this.next)
		);
		const buttons = $('<div class="review-actions"></div>').appendTo(bar);
		if (!actions.length) {
			$('<span class="text-muted"></span>')
				.text(__("Nothing here is yours to decide now."))
				.appendTo(buttons);
		}
		// What decides comes last, where the thumb and the eye end
		[...actions].reverse().forEach((action) => {
			const { label, leads_on, lacks, is_for_colleague } = action;
			const is_short = leads_on && lacks.length;
			$('<button type="button" class="btn btn-sm"></button>')
				.addClass(leads_on ? "btn-primary" : "btn-default")
				.prop("disabled", Boolean(is_short))
				.attr("title", is_short ? lacks.join("\n") : null)
				.text(
					!is_short
						? label
						: is_for_colleague
						? __("{0}: a colleague's turn", [label])
						: __("{0}: {1} missing", [label, lacks.length])
				)
				.on("click", () => this.take(action))
				.appendTo(buttons);
		});
		return bar;
	}

	draw_way(label, name) {
		return $('<button type="button" class="btn btn-default btn-sm"></button>')
			.text(label)
			.prop("disabled", !name)
			.on("click", () => this.go(name));
	}

	/** Take an action of the workflow, with the reason and the signature that it asks for; then the next order. */
	async take({ action, label, leads_on, asks_reason, lacks, asks_look }) {
		if (leads_on && lacks.length) return;
		const acknowledged = Boolean(this.tick?.prop("checked"));
		if (asks_look && !acknowledged) {
			frappe.show_alert({
				message: __("Read the differences and tick “Differences Acknowledged” first."),
				indicator: "orange",
			});
			this.tick[0].scrollIntoView({ block: "center" });
			this.tick.trigger("focus");
			return;
		}
		// A dialog for its reason is a second thought; what has none and goes back or away asks for one
		if (!leads_on && !asks_reason && !(await this.is_sure(label))) return;
		const { form, name, next } = this;
		const { modified: seen, differences_digest: differences } = this.order;
		form.selected_workflow_action = action;
		// With the form of the document comes its workflow, which Frappe asks for the transitions
		await frappe.model.with_doctype("Sales Order");
		frappe.dom.freeze();
		await metalcraft_workflow.gate.ask_reason(form);
		frappe.dom.unfreeze();
		const { transition_reason: reason, transition_password, transition_otp } = form.doc;
		const decided = await this.while_busy(() =>
			frappe.xcall("metalcraft_workflow.desk.review.decide", {
				name,
				action,
				seen,
				reason,
				acknowledged: asks_look && acknowledged,
				differences,
				...(transition_password && { transition_password }),
				...(transition_otp && { transition_otp }),
			})
		);
		if (!decided) {
			this.load(name);
			return;
		}
		frappe.show_alert({ message: `${label}: ${name}`, indicator: "green" });
		if (next) this.go(next);
		else if (frappe.get_route()[1]) frappe.set_route("review-desk");
		else this.load("");
	}

	is_sure(label) {
		return new Promise((resolve) =>
			frappe.confirm(
				`${frappe.utils.escape_html(label)}: ${frappe.utils.escape_html(this.name)}?`,
				() => resolve(true),
				() => resolve(false)
			)
		);
	}

	/** Whether it went through; a refusal is shown by Frappe. */
	async while_busy(act) {
		this.busy = true;
		frappe.dom.freeze();
		try {
			await act();
			return true;
		} catch (error) {
			if (error) throw error;
			return false;
		} finally {
			this.busy = false;
			frappe.dom.unfreeze();
		}
	}

	/** What the dialogs and the checklist of a form want of it. */
	as_form({ name }) {
		return {
			doctype: "Sales Order",
			doc: { doctype: "Sales Order", name },
			fields_dict: {},
			is_dirty: () => false,
			reload_doc: () => this.load(name),
		};
	}
};
