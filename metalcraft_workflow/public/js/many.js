// One action on many documents of a list: what would stop each is said before, and what became of each after.
// The server decides both; nothing here knows a rule.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.many = {
	/** Frappe's workflow actions of a list ask first, and tell. Call in `onload` of the list. */
	take_over(listview) {
		Object.entries(listview.workflow_action_items || {}).forEach(([action, item]) => {
			// Of an action that several transitions have, Frappe keeps the label and not the link: it would
			// switch an empty line of the menu
			const link = item.closest("a");
			listview.workflow_action_items[action] = link;
			link.off("click").on("click", () => {
				this.open(listview, action);
			});
		});
	},

	/** What ERPNext makes of submitted documents only is offered for those. Call in `onload` of the list. */
	offer_when_submitted(listview, ...labels) {
		const { page } = listview;
		page.actions_btn_group.on("show.bs.dropdown", () => {
			const submitted = listview
				.get_checked_items()
				.every((doc) => cint(doc.docstatus) === 1);
			page.actions
				.find("a")
				.filter((_index, link) => labels.includes($(link).text().trim()))
				.toggle(submitted);
		});
	},

	/** An action that is none of a workflow: see the hook `metalcraft_list_actions`. `applies` says of a row of
	 * the list whether there is anything left to do. */
	offer(listview, action, applies) {
		listview.page.add_actions_menu_item(__(action), () =>
			this.open(listview, action, applies)
		);
	},

	async open(listview, action, applies = () => true) {
		const { doctype } = listview;
		const names = listview
			.get_checked_items()
			.filter(applies)
			.map((row) => row.name);
		if (!names.length) {
			frappe.show_alert({
				message: __("Nothing is left to do of these."),
				indicator: "blue",
			});
			return;
		}
		const found = { reason_required: false, signature: null, documents: [] };
		frappe.dom.freeze();
		try {
			// as many as the server looks at in one question
			for (const part of this.parts(names, 100)) {
				const answer = await frappe.xcall("metalcraft_workflow.gates.bulk.foresee", {
					doctype,
					names: part,
					action,
				});
				found.reason_required = answer.reason_required;
				found.signature = found.signature || answer.signature;
				found.documents.push(...answer.documents);
			}
		} finally {
			frappe.dom.unfreeze();
		}
		this.show(listview, action, found);
	},

	parts(list, size) {
		const parts = [];
		for (let start = 0; start < list.length; start += size) {
			parts.push(list.slice(start, start + size));
		}
		return parts;
	},

	show(listview, action, { reason_required, signature, documents }) {
		const ready = documents.filter((row) => !row.missing.length);
		const fields = [{ fieldname: "lines", fieldtype: "HTML" }];
		if (reason_required && ready.length) {
			fields.unshift({
				fieldname: "reason",
				fieldtype: "Small Text",
				label: __("Reason"),
				reqd: 1,
				description: __("The same for all of them. Kept on record."),
			});
		}
		if (signature && ready.length) {
			const field = metalcraft_workflow.gate.signature_field(signature);
			fields.unshift({ ...field, description: this.what_is_signed(signature) });
		}
		const dialog = new frappe.ui.Dialog({
			title: __("{0}: {1} of {2}", [__(action), ready.length, documents.length]),
			fields,
			primary_action_label: ready.length ? __(action) : __("Close"),
			primary_action: () => {
				if (ready.length) this.run(listview, action, dialog, ready, signature);
				else dialog.hide();
			},
		});
		// Or Frappe sends what is typed, key by key, to say how strong it is
		dialog.fields_dict.transition_password?.disable_password_checks();
		const list = $('<ul class="many-lines list-unstyled" aria-live="polite"></ul>');
		const lines = documents.map((row) => this.draw(listview.doctype, row));
		list.append(lines.map((line) => line.element));
		dialog.lines = Object.fromEntries(lines.map((line) => [line.name, line]));
		dialog.fields_dict.lines.$wrapper.append(list);
		dialog.show();
	},

	what_is_signed(signature) {
		return signature === "transition_otp"
			? __(
					"With this you sign all of them. When the code runs out on the way, you are asked for the next one."
			  )
			: __("With this you sign all of them. The records say that you did.");
	},

	draw(doctype, { name, title, missing }) {
		const element = $('<li class="many-line"></li>').attr("data-name", name);
		const mark = $('<span class="indicator-pill no-indicator-dot"></span>').appendTo(element);
		$('<a target="_blank"></a>')
			.attr("href", frappe.utils.get_form_link(doctype, name))
			.text(name)
			.appendTo(element);
		if (title && title !== name) {
			$('<span class="text-muted"></span>').text(title).appendTo(element);
		}
		const words = $('<span class="many-words"></span>').appendTo(element);
		const line = {
			name,
			element,
			say(color, word, message) {
				mark.attr("class", `indicator-pill no-indicator-dot ${color}`).text(word);
				words.empty().append(message);
			},
		};
		if (missing.length)
			line.say("gray", __("Not Yet"), document.createTextNode(missing.join(" ")));
		else line.say("blue", __("Ready"), "");
		return line;
	},

	/** One after the other; each is done or not by itself, and the rest can be stopped. A signature that is wrong
	 * for one would be wrong for all: it is asked for again, for those that are left. */
	async run(listview, action, dialog, ready, signature, before = { done: 0, tried: 0 }) {
		const { doctype } = listview;
		const values = dialog.get_values();
		if (!values) return;
		const state = { stopped: false, finished: false };
		const asked = [dialog.fields_dict.reason, dialog.fields_dict[signature]].filter(Boolean);
		this.lock(asked, true);
		dialog.set_primary_action(__("Stop"), () => {
			if (state.finished) dialog.hide();
			state.stopped = true;
		});
		dialog.onhide = () => {
			state.stopped = true;
		};
		const bar = this.progress(dialog);
		const all = before.tried + ready.length;
		let { done, tried } = before;
		listview.disable_list_update = true;
		for (const [index, { name }] of ready.entries()) {
			if (state.stopped) break;
			const line = dialog.lines[name];
			line.say("orange", __("Under Way"), "");
			const result = await this.take(doctype, name, action, values, signature);
			if (result.unsigned && !state.stopped) {
				line.say("red", __("Not Signed"), $("<span></span>").html(result.message));
				listview.disable_list_update = false;
				this.lock(asked, false);
				await dialog.set_value(signature, "");
				dialog.set_primary_action(__(action), () =>
					this.run(listview, action, dialog, ready.slice(index), signature, {
						done,
						tried,
					})
				);
				return;
			}
			tried += 1;
			if (result.done) {
				done += 1;
				line.say(
					"green",
					result.state || __("Done"),
					$("<span></span>").html(result.message)
				);
			} else {
				line.say("red", __("Not Done"), $("<span></span>").html(result.message));
			}
			bar(tried / all);
		}
		listview.disable_list_update = false;
		state.finished = true;
		if (signature) dialog.set_value(signature, "");
		dialog.set_title(__("{0}: {1} of {2} done", [__(action), done, all]));
		dialog.set_primary_action(__("Close"), () => dialog.hide());
		listview.clear_checked_items();
		listview.refresh();
	},

	lock(fields, is_locked) {
		fields.forEach((field) => field.$input.prop("disabled", is_locked));
	},

	async take(doctype, name, action, { reason, ...values }, signature) {
		const signed = signature ? { [signature]: values[signature] } : {};
		try {
			return await frappe.xcall("metalcraft_workflow.gates.bulk.take", {
				doctype,
				name,
				action,
				reason,
				...signed,
			});
		} catch (error) {
			return { done: false, message: __("The server could not be reached. Try it again.") };
		}
	},

	progress(dialog) {
		dialog.fields_dict.lines.$wrapper.find(".many-progress").remove();
		const bar = $('<div class="progress-bar" role="progressbar" aria-valuemin="0"></div>')
			.attr("aria-valuemax", 100)
			.css("width", 0);
		$('<div class="progress many-progress"></div>')
			.append(bar)
			.prependTo(dialog.fields_dict.lines.$wrapper);
		return (share) => {
			const percent = Math.round(share * 100);
			bar.css("width", `${percent}%`).attr("aria-valuenow", percent);
		};
	},
};
