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
		const found = { reason_required: false, documents: [] };
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

	show(listview, action, { reason_required, documents }) {
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
		const dialog = new frappe.ui.Dialog({
			title: __("{0}: {1} of {2}", [__(action), ready.length, documents.length]),
			fields,
			primary_action_label: ready.length ? __(action) : __("Close"),
			primary_action: (values) => {
				if (ready.length) this.run(listview, action, dialog, ready, values.reason);
				else dialog.hide();
			},
		});
		const list = $('<ul class="many-lines list-unstyled" aria-live="polite"></ul>');
		const lines = documents.map((row) => this.draw(listview.doctype, row));
		list.append(lines.map((line) => line.element));
		dialog.lines = Object.fromEntries(lines.map((line) => [line.name, line]));
		dialog.fields_dict.lines.$wrapper.append(list);
		dialog.show();
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

	/** One after the other; each is done or not by itself, and the rest can be stopped. */
	async run(listview, action, dialog, ready, reason) {
		const { doctype } = listview;
		const state = { stopped: false, finished: false };
		if (dialog.fields_dict.reason) dialog.set_df_property("reason", "read_only", 1);
		dialog.set_primary_action(__("Stop"), () => {
			if (state.finished) dialog.hide();
			state.stopped = true;
		});
		dialog.onhide = () => {
			state.stopped = true;
		};
		const bar = this.progress(dialog);
		let done = 0;
		let tried = 0;
		listview.disable_list_update = true;
		for (const { name } of ready) {
			if (state.stopped) break;
			const line = dialog.lines[name];
			line.say("orange", __("Under Way"), "");
			const result = await this.take(doctype, name, action, reason);
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
			bar(tried / ready.length);
		}
		listview.disable_list_update = false;
		state.finished = true;
		dialog.set_title(__("{0}: {1} of {2} done", [__(action), done, ready.length]));
		dialog.set_primary_action(__("Close"), () => dialog.hide());
		listview.clear_checked_items();
		listview.refresh();
	},

	async take(doctype, name, action, reason) {
		try {
			return await frappe.xcall("metalcraft_workflow.gates.bulk.take", {
				doctype,
				name,
				action,
				reason,
			});
		} catch (error) {
			return { done: false, message: __("The server could not be reached. Try it again.") };
		}
	},

	progress(dialog) {
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
