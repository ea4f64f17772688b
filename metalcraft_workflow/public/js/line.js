// The line of stations on top of an order or a delivery, what happens next, and what was changed of it. The
// server says all of it; nothing here knows a rule.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.line = {
	/** Everything that stands above the checklist; `standing` is the server's answer. */
	draw(frm, { line, next, changes }) {
		const parts = [];
		if (line.length) parts.push(this.draw_line(line));
		if (changes.length) parts.push(this.draw_changes(changes));
		if (next.length) parts.push(this.draw_next(next));
		return parts;
	},

	draw_line(line) {
		const list = $('<ol class="stations list-unstyled"></ol>').attr(
			"aria-label",
			__("Progress")
		);
		line.forEach((station) => list.append(this.draw_station(station)));
		const reasons = line.filter(({ reason }) => reason);
		const card = $('<div class="stations-card"></div>').append(
			$('<div class="stations-scroll" tabindex="0"></div>')
				.attr({ role: "group", "aria-label": __("Progress") })
				.append(list)
		);
		reasons.forEach(({ label, reason }) =>
			$('<p class="stations-reason"></p>')
				.append(
					metalcraft_workflow.gate.icon("solid-warning", ""),
					$("<strong></strong>").text(` ${label}: `),
					$("<span></span>").text(reason)
				)
				.appendTo(card)
		);
		// On a narrow screen, what is under way is in sight
		setTimeout(() => {
			const scroll = card.find(".stations-scroll")[0];
			const here =
				card.find(".is-current, .is-blocked")[0] || card.find(".is-done").last()[0];
			if (scroll && here) scroll.scrollLeft = here.offsetLeft - scroll.offsetLeft - 16;
		});
		return card;
	},

	draw_station({ label, state, by, on, parts, links }) {
		const words = {
			done: __("Done"),
			current: __("Here now"),
			partly: __("In part"),
			open: __("To come"),
			blocked: __("Blocked"),
		};
		const station = $("<li></li>")
			.addClass(`station is-${state}`)
			.attr("aria-current", state === "current" ? "step" : null);
		$('<span class="station-dot" aria-hidden="true"></span>')
			.text({ done: "✓", blocked: "!", partly: "–" }[state] || "")
			.appendTo(station);
		const name =
			links.length === 1
				? $("<a></a>").attr(
						"href",
						frappe.utils.get_form_link(links[0].doctype, links[0].name)
				  )
				: $("<span></span>");
		name.addClass("station-name").text(label).appendTo(station);
		$('<span class="sr-only"></span>').text(` ${words[state]} `).appendTo(station);
		if (parts) $('<span class="station-parts"></span>').text(parts).appendTo(station);
		if (by || on) {
			const who = $('<span class="station-who"></span>').appendTo(station);
			if (by) $("<span></span>").text(by).appendTo(who);
			// Seconds are of no interest
			const when = on && frappe.datetime.str_to_user(on).replace(/(\d\d:\d\d):\d\d/, "$1");
			if (when) $("<span></span>").text(when).appendTo(who);
		}
		if (links.length > 1) {
			const names = links.map((link) => link.name);
			$('<button type="button" class="btn btn-link btn-xs station-links"></button>')
				.text(__("{0} documents", [names.length]))
				.attr("aria-label", __("{0}: {1} documents", [label, names.length]))
				.on("click", () =>
					frappe.set_route("List", links[0].doctype, { name: ["in", names] })
				)
				.appendTo(station);
		}
		return station;
	},

	draw_changes(changes) {
		const card = $('<section class="gate-checklist"></section>').attr(
			"aria-label",
			__("Changed since the Approval")
		);
		$('<div class="gate-head"></div>')
			.append($('<span class="gate-title"></span>').text(__("Changed since the Approval")))
			.appendTo(card);
		const table = $('<table class="changes-table"></table>').appendTo(
			$('<div class="changes-scroll"></div>').appendTo(card)
		);
		const head = $("<tr></tr>").appendTo($("<thead></thead>").appendTo(table));
		[__("What"), __("As Approved"), __("Now")].forEach((text) =>
			$('<th scope="col"></th>').text(text).appendTo(head)
		);
		const body = $("<tbody></tbody>").appendTo(table);
		changes.forEach(({ what, old, new: now }) =>
			$("<tr></tr>")
				.append(
					$('<th scope="row"></th>').text(what),
					$("<td></td>").append(old ? $("<s></s>").text(old) : "–"),
					$("<td></td>").append(now ? $("<strong></strong>").text(now) : "–")
				)
				.appendTo(body)
		);
		return card;
	},

	draw_next(next) {
		const card = $('<section class="gate-checklist"></section>').attr(
			"aria-label",
			__("Next")
		);
		next.forEach(({ label, text, blocked }) => {
			$('<div class="gate-head"></div>')
				.append(
					$('<span class="gate-title"></span>').text(__("Next: {0}", [label])),
					$("<span></span>").text(text)
				)
				.appendTo(card);
			if (!blocked.length) return;
			const list = $('<ul class="list-unstyled"></ul>').appendTo(card);
			blocked.forEach(({ name, state, missing }) => {
				const item = $('<li class="gate-row"></li>').appendTo(list);
				item.append(
					missing.length
						? metalcraft_workflow.gate.icon("solid-error", __("Missing"))
						: metalcraft_workflow.gate.icon("tick", __("Nothing missing"))
				);
				$('<span class="gate-text"></span>')
					.append(
						$("<a></a>")
							.attr("href", frappe.utils.get_form_link("Delivery Note", name))
							.text(name),
						document.createTextNode(` ${state}. ${missing.join(" ")}`)
					)
					.appendTo(item);
			});
		});
		return card;
	},
};
