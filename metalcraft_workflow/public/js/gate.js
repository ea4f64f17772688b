// Draws what the next gate of a document still wants, before anybody presses its button, and asks for
// the reason that an action needs. The server decides both; nothing here knows a rule.

frappe.provide("metalcraft_workflow");

// Frappe shows what the server refuses, and rejects the promise of the call with nothing: all has been said.
if (!metalcraft_workflow.gate) {
	window.addEventListener("unhandledrejection", (event) => {
		if (event.reason === undefined) event.preventDefault();
	});
}

metalcraft_workflow.gate = {
	/** Call once a form, in `setup`. */
	setup(frm) {
		$(frm.wrapper).addClass("metalcraft-form");
		$(frm.wrapper).on("dirty", () => this.mark_stale(frm));
	},

	/** Ask the server and draw its answer on top of the form. Call in `refresh`. */
	async refresh(frm) {
		const { doctype, name } = frm.doc;
		if (frm.is_new()) {
			this.area(frm).empty();
			return;
		}
		const { message: standing } = await frappe.call({
			method: "metalcraft_workflow.desk.standing.get_standing",
			type: "GET",
			args: { doctype, name },
		});
		// The form may show another document by now.
		if (frm.doc.name !== name) return;
		this.area(frm)
			.empty()
			.append(metalcraft_workflow.line.draw(frm, standing))
			.append(standing.checklist.map((entry) => this.draw(frm, entry)));
		if (standing.is_reviewed) {
			frm.add_custom_button(__("Review"), () => frappe.set_route("review-desk", name));
		}
		if (frm.is_dirty()) this.mark_stale(frm);
	},

	/** Above the tabs, so that it is seen whichever tab is open. */
	area(frm) {
		let area = frm.layout.wrapper.children(".gate-checklists");
		if (!area.length) {
			area = $('<div class="gate-checklists"></div>').insertBefore(frm.layout.page);
		}
		return area;
	},

	/** Frappe takes a button off, and leaves what it also is: an entry in the menu of narrow screens. */
	remove_button(frm, label, group) {
		frm.remove_custom_button(label, group);
		const named = group ? `${group} > ${label}` : label;
		frm.page.menu
			.find(".menu-item-label")
			.filter((_index, entry) => $(entry).text().trim() === named)
			.closest("li")
			.remove();
	},

	mark_stale(frm) {
		this.area(frm).find(".gate-stale").removeClass("hidden");
	},

	draw(frm, entry) {
		if (entry.arrival) return this.draw_arrival(entry.arrival);
		const open = entry.requirements.filter((row) => !row.met && !row.waived);
		const waived = entry.requirements.filter((row) => row.waived);
		const met = entry.requirements.filter((row) => row.met);
		const for_colleague = open.some((row) => row.is_for_colleague);
		const title = this.title(entry, open);
		const card = $('<section class="gate-checklist"></section>').attr("aria-label", title);

		const head = $('<div class="gate-head"></div>').appendTo(card);
		$('<span class="gate-title"></span>').text(title).appendTo(head);
		$('<span class="indicator-pill no-indicator-dot"></span>')
			.addClass(open.length ? "orange" : "green")
			.text(this.count(entry, open))
			.appendTo(head);
		if (entry.role) {
			const role = __(entry.role);
			$('<span class="text-muted small"></span>')
				.text(
					for_colleague
						? __("by another {0}", [role])
						: frappe.user_roles.includes(entry.role)
						? __("Your turn")
						: __("by {0}", [role])
				)
				.appendTo(head);
		}
		$('<span class="text-muted small gate-stale hidden"></span>')
			.text(__("As last saved. Save to check again."))
			.appendTo(head);

		if (open.length) {
			const list = $('<ul class="gate-missing list-unstyled"></ul>').appendTo(card);
			open.forEach((row) => list.append(this.draw_missing(frm, row)));
		}
		this.draw_done(card, waived, __("Waived"), "solid-warning");
		// Of an order that is still open, only what keeps it open is of interest.
		if (entry.action || !open.length) this.draw_done(card, met, __("Met"), "tick");
		return card;
	},

	title(entry, open) {
		if (entry.action) return __("Next: {0}", [__(entry.action)]);
		return open.length ? __("Still open because") : __("Settled: closes by itself");
	},

	count(entry, open) {
		if (!open.length) return __("Nothing missing");
		if (open.every((row) => row.is_for_colleague)) return __("A colleague's turn");
		return entry.action ? __("{0} missing", [open.length]) : __("{0} to go", [open.length]);
	},

	/** Why somebody sent it here. */
	draw_arrival({ action, by, creation, reason }) {
		const card = $('<section class="gate-checklist"></section>').attr(
			"aria-label",
			__("Reason")
		);
		const head = $('<div class="gate-head"></div>').appendTo(card);
		$('<span class="gate-title"></span>')
			.text(action ? __(action) : __("Released before, changed since"))
			.appendTo(head);
		$('<span class="text-muted small"></span>')
			.text(__("by {0}", [by]))
			.append(" · ", comment_when(creation))
			.appendTo(head);
		return card.append($('<p class="gate-reason"></p>').text(reason));
	},

	draw_missing(frm, row) {
		const item = $('<li class="gate-row"></li>').attr("data-requirement", row.code);
		item.append(this.icon("solid-error", __("Missing")));
		const text = $('<span class="gate-text"></span>').text(`${row.message || row.label} `);
		const mend = this.draw_link(frm, row.link);
		if (mend) text.append(mend);
		if (row.can_waive) {
			const waive = $('<button type="button" class="btn btn-link btn-xs"></button>')
				.text(__("Waive"))
				.attr("aria-label", __("Waive: {0}", [row.label]))
				.on("click", () => this.waive(frm, row));
			text.append(waive);
		}
		return item.append(text);
	},

	/** One line for all that is done: there to be checked, without pushing the form down. */
	draw_done(card, rows, word, icon) {
		if (!rows.length) return;
		const list = $('<ul class="gate-done list-unstyled text-muted"></ul>')
			.attr("aria-label", word)
			.appendTo(card);
		rows.forEach((row) => {
			const label = icon === "tick" ? row.label : __("{0} (waived)", [row.label]);
			$('<li class="gate-row"></li>')
				.attr("data-requirement", row.code)
				.append(this.icon(icon, word), $('<span class="gate-text"></span>').text(label))
				.appendTo(list);
		});
	},

	icon(name, word) {
		return $('<span class="gate-icon"></span>')
			.addClass(`gate-icon-${name}`)
			.append(
				$('<span aria-hidden="true"></span>').html(frappe.utils.icon(name, "xs")),
				$('<span class="sr-only"></span>').text(word)
			);
	},

	/** To the field when it is on this form and there to be filled in, otherwise to the document. */
	draw_link(frm, link) {
		if (!link) return null;
		if (link.doctype === frm.doctype && link.name === frm.doc.name) {
			const field = frm.fields_dict[link.fieldname];
			// Hidden, or for another role to write: there is nothing to be done there
			if (!field || field.disp_status !== "Write") return null;
			return $('<button type="button" class="btn btn-link btn-xs"></button>')
				.text(__("Show"))
				.attr("aria-label", __("Show {0}", [__(field.df.label)]))
				.on("click", () => frm.scroll_to_field(link.fieldname));
		}
		return $("<a></a>")
			.attr("href", frappe.utils.get_form_link(link.doctype, link.name))
			.text(__("Open {0}", [`${__(link.doctype)} ${link.name}`]));
	},

	waive(frm, row) {
		const dialog = new frappe.ui.Dialog({
			title: __("Waive: {0}", [row.label]),
			fields: [
				{ fieldtype: "HTML", options: `<p>${frappe.utils.escape_html(row.message)}</p>` },
				{
					fieldname: "reason",
					fieldtype: "Small Text",
					label: __("Reason"),
					reqd: 1,
					description: __(
						"Kept on record with your name. It lapses when this document changes."
					),
				},
			],
			primary_action_label: __("Waive"),
			async primary_action({ reason }) {
				await frappe.xcall("metalcraft_workflow.gates.waiver.waive", {
					doctype: frm.doctype,
					name: frm.doc.name,
					gate: row.gate,
					requirement: row.code,
					reason,
				});
				dialog.hide();
				// Reloading shows the waiver in the timeline too, but would drop what is being typed.
				if (frm.is_dirty()) metalcraft_workflow.gate.refresh(frm);
				else frm.reload_doc();
			},
		});
		dialog.show();
	},

	/** Ask for the reason and the signature that the chosen action needs. Return this from
	 * `before_workflow_action`. */
	async ask_reason(frm) {
		const { doc, selected_workflow_action: action } = frm;
		delete doc.transition_reason;
		const [transitions, signature] = await Promise.all([
			frappe.workflow.get_transitions(doc),
			frappe.xcall("metalcraft_workflow.gates.signature.wanted", {
				doctype: doc.doctype,
				name: doc.name,
				action,
			}),
		]);
		const fields = [];
		if (transitions.some((row) => row.action === action && cint(row.reason_required))) {
			fields.push(this.reason_field());
		}
		if (signature) fields.push(this.signature_field(signature));
		if (!fields.length) return;
		// The form freezes the screen before it asks us, and thaws it after the action.
		frappe.dom.unfreeze();
		Object.assign(doc, await this.prompt(action, fields));
		frappe.dom.freeze();
		if (signature) this.forget_when_sent(doc, signature);
	},

	/** What was entered goes with one request, and never with a later one. */
	forget_when_sent(doc, signature) {
		const forget = (_event, _request, { data }) => {
			if (!String(data).includes(signature)) return;
			delete doc[signature];
			$(document).off("ajaxSend", forget);
		};
		$(document).on("ajaxSend", forget);
	},

	reason_field() {
		return {
			fieldname: "transition_reason",
			fieldtype: "Small Text",
			label: __("Reason"),
			reqd: 1,
			description: __("For whoever takes it from here. Kept on record."),
		};
	},

	/** `signature` is the name of the attribute that the server takes it in. */
	signature_field(signature) {
		const code = signature === "transition_otp";
		return {
			fieldname: signature,
			fieldtype: code ? "Data" : "Password",
			label: code ? __("Code of Your Authenticator App") : __("Your Password"),
			reqd: 1,
			description: __("With this you sign it. The record says that you did."),
		};
	},

	/** Stays pending when the dialog is closed: the action is not taken, and the form goes on. */
	prompt(action, fields) {
		return new Promise((resolve) => {
			const dialog = frappe.prompt(fields, resolve, __(action), __(action));
			// Or Frappe sends what is typed, key by key, to say how strong it is
			dialog.fields_dict.transition_password?.disable_password_checks();
		});
	},

	/** Show what followed from the action as well: the stage, stamps, comments. The reason was for that
	 * one action. Call in `after_workflow_action`. */
	after_action(frm) {
		delete frm.doc.transition_reason;
		return frm.reload_doc();
	},
};
