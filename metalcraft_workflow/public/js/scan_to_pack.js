// Scan to Pack: the page of a phone or a hand scanner, which is a keyboard that types fast and presses Enter. The
// server says what a scan stands for; here it is kept until the server has it, and its answer is shown and heard.

frappe.provide("metalcraft_workflow");

{
	const KINDS = { delivery: "Delivery Note", transfer: "Stock Entry" };
	const SAME_PICTURE = 2500; // milliseconds in which the camera sees the same code again
	const FAST = 35; // milliseconds from key to key that nobody types with
	const qty_text = (qty) => metalcraft_workflow.written_qty(qty);

	metalcraft_workflow.ScanToPack = class ScanToPack {
		constructor(wrapper) {
			this.page = frappe.ui.make_app_page({
				parent: wrapper,
				title: __("Scan to Pack"),
				single_column: true,
			});
			// With an icon in place of its words where there is no room, so that the title is whole
			this.page
				.set_secondary_action(__("Other Document"), () => this.open(null), "list")
				.attr({ "aria-label": __("Other Document"), title: __("Other Document") });
			this.refusals = this.kept_refusals();
			this.queue = new metalcraft_workflow.ScanQueue({
				answered: (...args) => this.answered(...args),
				changed: () => this.draw_waiting(),
			});
			this.build();
			this.listen();
		}

		// The page

		build() {
			this.area = $('<div class="scan-page"></div>').appendTo(this.page.main);
			this.head = $('<header class="scan-head"></header>').appendTo(this.area);
			const box = $('<div class="scan-box"></div>').appendTo(this.area);
			this.input = $('<input type="text" class="form-control scan-input" maxlength="140">')
				.attr({
					"aria-label": __("Scan or type a number"),
					placeholder: __("Scan or type a number"),
					autocomplete: "off",
					autocapitalize: "off",
					spellcheck: "false",
					enterkeyhint: "send",
				})
				.appendTo(box);
			// With a scanner at a phone the keyboard on the screen is in the way: it comes when it is asked for
			if (window.matchMedia("(pointer: coarse)").matches) {
				this.input.attr("inputmode", "none");
				this.button(__("Keyboard"), "keyboard", () => {
					this.input.attr("inputmode", "text").trigger("blur").trigger("focus");
				}).appendTo(box);
			}
			if (navigator.mediaDevices?.getUserMedia && frappe.ui.Scanner) {
				this.button(__("Camera"), "scan", () => this.open_camera()).appendTo(box);
			}
			this.counter = this.build_counter().appendTo(this.area);
			this.result = $('<div class="scan-result hidden"></div>').appendTo(this.area);
			this.trouble = $('<div class="scan-trouble" role="alert"></div>').appendTo(this.area);
			this.waiting = $('<div class="scan-waiting hidden" role="status"></div>').appendTo(
				this.area
			);
			this.body = $('<div class="scan-body"></div>').appendTo(this.area);
		}

		button(label, icon, act) {
			return $('<button type="button" class="btn btn-default scan-button"></button>')
				.attr({ "aria-label": label, title: label })
				.append(icon ? frappe.utils.icon(icon, "md") : document.createTextNode(label))
				.on("click", act);
		}

		/** How many pieces the next scan of a batch or an item stands for. */
		build_counter() {
			const counter = $('<div class="scan-counter hidden"></div>');
			$('<label for="scan-times"></label>')
				.text(__("Quantity of the next scan"))
				.appendTo(counter);
			this.times = $(
				'<input id="scan-times" type="text" inputmode="decimal" class="form-control" value="1">'
			);
			const step = (by) => this.times.val(qty_text(Math.max(this.next_qty() + by, 1)));
			counter.append(
				this.button("−", "", () => step(-1)).attr("aria-label", __("One less")),
				this.times,
				this.button("+", "", () => step(1)).attr("aria-label", __("One more"))
			);
			return counter;
		}

		next_qty() {
			return flt(this.times.val(), null, frappe.boot.sysdefaults.number_format) || 1;
		}

		listen() {
			this.input.on("keydown", (event) => {
				if (event.key !== "Enter" && event.key !== "Tab") return;
				const code = this.input.val().trim();
				if (!code) return;
				event.preventDefault(); // a scanner may end with Tab
				this.input.val("");
				this.scan(code);
			});
			let keys = [];
			this.times.on("keydown", (event) => {
				if (event.key !== "Enter") {
					keys.push(event.timeStamp);
					return;
				}
				event.preventDefault();
				const text = this.times.val().trim();
				const was_scanned =
					keys.length > 3 && (event.timeStamp - keys[0]) / keys.length < FAST;
				keys = [];
				if (was_scanned || !/^[\d.,]+$/.test(text)) {
					this.times.val(1);
					this.scan(text); // somebody scanned with the cursor here
				}
				this.focus();
			});
			this.times.on("focus", () => {
				keys = [];
				this.times.trigger("select");
			});
			// Whatever is pressed on the page, the next keys are the scanner's
			this.area.on("click", (event) => {
				if (!$(event.target).closest("input, a, summary").length) this.focus();
			});
			$(document).on("keydown.scan_to_pack", (event) => {
				const { key, ctrlKey, metaKey, altKey, target } = event;
				if (!this.is_seen() || cur_dialog || key.length !== 1) return;
				if (ctrlKey || metaKey || altKey || $(target).is("input, textarea, select"))
					return;
				if (key === " " && $(target).is("button, summary, a")) return;
				this.input[0].focus(); // the key goes there
			});
			$(document).on("visibilitychange", () => this.is_seen() && this.refresh());
		}

		is_seen() {
			return !document.hidden && frappe.get_route()[0] === "scan-to-pack";
		}

		focus() {
			if (this.is_seen() && !cur_dialog) this.input[0].focus({ preventScroll: true });
		}

		// Documents

		/** Coming to the page: the document that is asked for, or the one that was open. */
		show() {
			const asked = {
				...Object.fromEntries(new URLSearchParams(window.location.search)),
				...frappe.route_options,
			};
			frappe.route_options = null;
			const kind = Object.keys(KINDS).find((key) => asked[key]);
			if (kind) this.open({ doctype: KINDS[kind], name: asked[kind] });
			else this.open(this.document || null);
			this.queue.retry();
		}

		async open(document) {
			const is_same = document && this.is_open(document);
			this.document = document;
			if (!is_same) {
				this.sheet = null;
				this.result.addClass("hidden");
				this.head.empty();
				this.body.empty();
			}
			this.draw_trouble();
			// So that a reload comes back to it
			const kind =
				document && Object.keys(KINDS).find((key) => KINDS[key] === document.doctype);
			const query = kind ? `?${new URLSearchParams({ [kind]: document.name })}` : "";
			history.replaceState(history.state, "", window.location.pathname + query);
			this.draw_waiting();
			this.focus();
			await this.refresh();
		}

		is_open({ doctype, name }) {
			return this.document?.doctype === doctype && this.document?.name === name;
		}

		async refresh() {
			const asked = this.document;
			try {
				if (asked) {
					const sheet = await metalcraft_workflow.scan_call("get_scan_sheet", asked);
					if (this.is_open(asked)) this.draw(sheet);
				} else {
					const documents = await metalcraft_workflow.scan_call(
						"get_scan_documents",
						{}
					);
					if (!this.document) this.draw_documents(documents);
				}
			} catch (error) {
				if (asked && !this.is_open(asked)) return;
				const kept = asked && this.kept_sheet(asked);
				if (kept && !this.sheet && !error.status) this.draw(kept);
				else if (!this.sheet) {
					this.body
						.empty()
						.append(
							$('<p class="scan-empty" role="alert"></p>').text(
								error.message ||
									__(
										"There is no connection. What is scanned is kept all the same."
									)
							)
						);
				}
			}
		}

		// The last sheet is kept, for when the page is opened again without a connection

		keep_sheet(sheet) {
			try {
				localStorage.setItem(
					`metalcraft-sheet|${frappe.session.user}`,
					JSON.stringify(sheet)
				);
			} catch {
				// It only helps
			}
		}

		kept_sheet({ doctype, name }) {
			const kept = JSON.parse(
				localStorage.getItem(`metalcraft-sheet|${frappe.session.user}`) || "null"
			);
			return kept?.doctype === doctype && kept?.name === name ? kept : null;
		}

		// What was refused is kept until somebody has seen it, also when the page is opened again

		keep_refusals(refusals) {
			this.refusals = refusals;
			try {
				localStorage.setItem(
					`metalcraft-refused|${frappe.session.user}`,
					JSON.stringify(refusals)
				);
			} catch {
				// They stay on the page, as long as it is open
			}
		}

		kept_refusals() {
			return JSON.parse(
				localStorage.getItem(`metalcraft-refused|${frappe.session.user}`) || "[]"
			);
		}

		// Scanning

		scan(code) {
			if (!this.document) return this.find(code);
			const is_counted = !this.counter.hasClass("hidden");
			this.queue.add(this.document, { code, qty: is_counted ? this.next_qty() : 1 });
			this.times.val(1);
			this.draw_trouble();
			if (this.queue.is_offline() || !navigator.onLine) {
				sound("kept");
				this.show_result("kept", code, __("Kept. It is sent when there is a connection."));
			} else {
				this.show_result("kept", code, __("Sent. Waiting for the answer."));
			}
		}

		/** The document with the number `code`, or that of its order. */
		async find(code) {
			try {
				const found = await metalcraft_workflow.scan_call("get_scan_documents", { code });
				if (found.length === 1) {
					sound("taken");
					return this.open(found[0]);
				}
				if (found.length) return this.draw_documents(found);
				this.refuse(code, __("Nothing to be scanned has this number."));
			} catch (error) {
				this.refuse(code, error.message || __("There is no connection."));
			}
		}

		refuse(code, message) {
			sound("refused");
			this.show_result("refused", code, message);
		}

		/** What the server says of scans: of the open document it is shown and heard. */
		answered(document, answers, sheet) {
			const refused = answers.filter((answer) => !answer.taken);
			this.keep_refusals([
				...refused.map(({ code, message }) => ({ code, message, document })).reverse(),
				...this.refusals,
			]);
			// The form, when it was open, shows what the document is now
			frappe.model.remove_from_locals(document.doctype, document.name);
			const was_complete = this.is_complete();
			if (this.is_open(document)) this.draw(sheet);
			this.draw_trouble(refused.length);
			if (refused.length) {
				sound("refused");
				this.result.addClass("hidden");
				if (!this.is_seen()) this.alert(refused.at(-1));
			} else if (this.is_open(document)) {
				const last = answers.at(-1);
				sound(this.is_complete() && !was_complete ? "complete" : "taken");
				this.show_result("taken", last.code || "", last.message || __("Scanned"), last);
			}
		}

		/** Somebody has left the page before the answer came. */
		alert({ code, message }) {
			const text = frappe.utils.escape_html([code, message].filter(Boolean).join(": "));
			frappe.show_alert({ message: text, indicator: "red" }, 15);
		}

		is_complete() {
			return Boolean(this.sheet?.qty) && this.sheet.scanned >= this.sheet.qty;
		}

		take_back(piece) {
			frappe.confirm(
				__("Take {0} back? It counts as not scanned then.", [
					frappe.utils.escape_html(piece.serial_no || piece.batch_no || piece.item_code),
				]),
				() => this.queue.add(this.document, { takes_back: piece.scans.at(-1) })
			);
		}

		open_camera() {
			let seen = { code: "", at: 0 };
			new frappe.ui.Scanner({
				dialog: true,
				multiple: true,
				on_scan: ({ decodedText }) => {
					const code = decodedText.trim();
					const is_same = seen.code === code && Date.now() - seen.at < SAME_PICTURE;
					seen = { code, at: Date.now() };
					if (is_same || !code) return;
					this.scan(code);
					if (!this.document) cur_dialog?.hide();
				},
			});
		}

		// Drawing

		draw(sheet) {
			this.sheet = sheet;
			this.keep_sheet(sheet);
			this.draw_head();
			const counted = sheet.lines.some(
				(line) => line.kind !== "Serial" && line.scanned < line.qty
			);
			this.counter.toggleClass("hidden", !counted || Boolean(sheet.closed));
			this.body.empty();
			if (sheet.closed) {
				$('<p class="scan-closed" role="status"></p>')
					.text(sheet.closed)
					.appendTo(this.body);
			}
			if (!sheet.lines.length) {
				$('<p class="scan-empty"></p>')
					.text(__("Nothing on it is scanned."))
					.appendTo(this.body);
			}
			const list = $('<ul class="scan-lines"></ul>').appendTo(this.body);
			sheet.lines.forEach((line) => list.append(this.draw_line(line)));
			this.draw_foot();
		}

		draw_head() {
			const { doctype, name, customer, orders, po_no, qty, scanned } = this.sheet;
			this.head.empty();
			const what = $('<div class="scan-what"></div>').appendTo(this.head);
			$("<h2></h2>")
				.text(customer || name)
				.appendTo(what);
			const about = $('<div class="text-muted"></div>').appendTo(what);
			$("<a></a>")
				.attr("href", frappe.utils.get_form_link(doctype, name))
				.text(name)
				.appendTo(about);
			[...orders, po_no && __("PO {0}", [po_no])]
				.filter(Boolean)
				.forEach((text) => about.append(" · ", $("<span></span>").text(text)));
			$('<div class="scan-total" role="status"></div>')
				.toggleClass("scan-done", this.is_complete())
				.append(
					$("<strong></strong>").text(
						__("{0} of {1}", [qty_text(scanned), qty_text(qty)])
					),
					$("<span></span>").text(__("scanned"))
				)
				.appendTo(this.head);
			this.head.append(bar(scanned, qty));
		}

		draw_line(line) {
			const is_done = line.scanned >= line.qty;
			const item = $('<li class="scan-line"></li>')
				.toggleClass("scan-done", is_done)
				.attr("data-item", line.item_code);
			const top = $('<div class="scan-line-top"></div>').appendTo(item);
			const what = $('<div class="scan-line-what"></div>').appendTo(top);
			$("<strong></strong>").text(line.item_code).appendTo(what);
			if (line.item_name && line.item_name !== line.item_code) {
				$('<div class="text-muted"></div>').text(line.item_name).appendTo(what);
			}
			$('<div class="scan-count"></div>')
				.append(
					is_done
						? $('<span class="scan-mark" aria-hidden="true"></span>').text("✓ ")
						: "",
					document.createTextNode(
						__("{0} of {1} {2}", [
							qty_text(line.scanned),
							qty_text(line.qty),
							__(line.uom),
						])
					)
				)
				.appendTo(top);
			item.append(bar(line.scanned, line.qty));
			const numbers = line.named.filter((piece) => piece.serial_no || piece.batch_no);
			const pieces =
				line.kind === "Item" ? line.named.filter((p) => p.scans.length) : numbers;
			if (pieces.length) {
				$('<ul class="scan-pieces"></ul>')
					.append(pieces.map((piece) => this.draw_piece(piece, line)))
					.appendTo(item);
			}
			return item;
		}

		/** A number that the document names, whether it is scanned, and a way back. */
		draw_piece(piece, line) {
			const is_done = piece.scanned >= piece.qty;
			const number = piece.serial_no || piece.batch_no;
			const of = piece.serial_no
				? ""
				: __("{0} of {1}", [qty_text(piece.scanned), qty_text(piece.qty)]);
			const row = $('<li class="scan-piece"></li>').toggleClass("scan-done", is_done);
			$('<span class="scan-mark" role="img"></span>')
				.attr("aria-label", is_done ? __("Scanned") : __("Not scanned yet"))
				.text(is_done ? "✓" : "○")
				.appendTo(row);
			$('<span class="scan-number"></span>')
				.text([number, of].filter(Boolean).join(": "))
				.appendTo(row);
			if (piece.scans.length && !this.sheet.closed) {
				$('<button type="button" class="btn btn-xs btn-link scan-back"></button>')
					.text(__("Take Back"))
					.attr("aria-label", __("Take {0} back", [number || line.item_code]))
					.on("click", () => this.take_back({ ...piece, item_code: line.item_code }))
					.appendTo(row);
			}
			return row;
		}

		draw_foot() {
			const { doctype, name, scanned, closed } = this.sheet;
			const foot = $('<div class="scan-foot"></div>').appendTo(this.body);
			if (this.is_complete()) {
				$('<p class="scan-all" role="status"></p>')
					.text(__("All is scanned."))
					.appendTo(foot);
			}
			$('<button type="button" class="btn"></button>')
				.addClass(this.is_complete() ? "btn-primary" : "btn-default")
				.text(doctype === "Delivery Note" ? __("Open Delivery Note") : __("Open Transfer"))
				.on("click", () => {
					frappe.model.remove_from_locals(doctype, name);
					frappe.set_route("Form", doctype, name);
				})
				.appendTo(foot);
			if (scanned && !this.is_complete() && !closed) {
				$('<button type="button" class="btn btn-default"></button>')
					.text(__("Leave Only What Is Scanned"))
					.on("click", () => this.keep_scanned())
					.appendTo(foot);
			}
		}

		keep_scanned() {
			if (this.queue.waiting(this.document).length) {
				this.refuse("", __("Some scans wait to be sent. Wait for their answers."));
				return;
			}
			frappe.confirm(
				__(
					"Lines get the quantity that is scanned, and lines of which nothing is scanned go. The rest stays where it is, for another time. Go on?"
				),
				async () => {
					try {
						this.draw(
							await metalcraft_workflow.scan_call(
								"keep_scanned",
								this.document,
								true
							)
						);
						frappe.model.remove_from_locals(this.document.doctype, this.document.name);
						sound("complete");
						this.show_result("taken", "", __("What is scanned is left."));
					} catch (error) {
						this.refuse("", error.message || __("There is no connection."));
					}
				}
			);
		}

		/** The last scan, big: what became of it, and for goods that are counted a way to take all at once. */
		show_result(kind, code, message, answer) {
			this.result
				.empty()
				.attr({
					class: `scan-result scan-${kind}`,
					role: kind === "refused" ? "alert" : "status",
				})
				.append(
					$('<span class="scan-mark" aria-hidden="true"></span>').text(
						{ taken: "✓", refused: "✗", kept: "…" }[kind]
					),
					$("<div></div>").append(
						code ? $('<div class="scan-code"></div>').text(code) : "",
						$('<div class="scan-words"></div>').text(message)
					)
				);
			const left = answer?.item_code ? this.left_of(answer) : 0;
			if (left > 0) {
				this.button(__("And {0} more", [qty_text(left)]), "", () => {
					this.queue.add(this.document, { code: answer.code, qty: left });
				}).appendTo(this.result);
			}
		}

		/** How many more times the code of an answer can be scanned: a barcode of a box stands for `each` pieces. */
		left_of({ item_code, batch_no, each }) {
			const left = this.sheet.lines
				.filter((line) => line.item_code === item_code && line.kind !== "Serial")
				.flatMap((line) => line.named)
				.filter((piece) => piece.batch_no === batch_no)
				.reduce((sum, piece) => sum + piece.qty - piece.scanned, 0);
			return each === 1 ? flt(left, 6) : Math.floor(flt(left / each, 6));
		}

		/** What was refused stays until somebody has seen it: the piece is still in somebody's hand. */
		draw_trouble(fresh = 0) {
			this.trouble.empty();
			this.refusals.forEach((refusal, place) => {
				const { code, message, document } = refusal;
				const where = this.is_open(document) ? "" : ` (${document.name})`;
				$('<div class="scan-refusal"></div>')
					.toggleClass("scan-refused", place < fresh)
					.append(
						$("<div></div>").append(
							$("<strong></strong>").text((code || "") + where),
							$("<div></div>").text(message)
						),
						this.button(__("Seen"), "", () => {
							this.keep_refusals(this.refusals.filter((each) => each !== refusal));
							this.draw_trouble();
						})
					)
					.appendTo(this.trouble);
			});
		}

		/** How much waits to be sent, here and of other documents, and why. */
		draw_waiting() {
			if (!this.waiting) return;
			const all = this.queue.waiting();
			const mine = this.document ? this.queue.waiting(this.document) : [];
			const held = this.document && this.queue.why_held(this.document);
			const is_shown =
				all.length && (held || this.queue.is_offline() || all.length > mine.length);
			this.waiting.empty().toggleClass("hidden", !is_shown);
			if (!is_shown) return;
			const say = (text) => $("<div></div>").text(text).appendTo(this.waiting);
			say(
				all.length === 1
					? __("1 scan waits to be sent. It is kept on this device.")
					: __("{0} scans wait to be sent. They are kept on this device.", [all.length])
			);
			if (held) say(held);
			else if (this.queue.is_offline())
				say(__("There is no connection. It is tried again by itself."));
			if (this.queue.unkept.length) {
				say(__("This browser keeps nothing: leave the page open until all is sent."));
			}
			const others = [
				...new Set(
					all
						.filter((entry) => !this.document || !this.is_open(entry))
						.map((entry) => entry.name)
				),
			];
			if (others.length) say(__("Of {0}", [others.join(", ")]));
			this.button(__("Try Again"), "", () => this.queue.retry()).appendTo(this.waiting);
			if (held) {
				this.button(__("Discard"), "", () =>
					frappe.confirm(__("Discard what was scanned and not sent?"), () =>
						this.queue.forget(mine.map((entry) => entry.scan.id))
					)
				).appendTo(this.waiting);
			}
		}

		draw_documents(documents) {
			this.counter.addClass("hidden");
			this.head
				.empty()
				.append(
					$("<h2></h2>").text(__("What do you pack?")),
					$('<div class="text-muted"></div>').text(
						__("Scan a delivery note, a transfer or its order, or choose one.")
					)
				);
			this.body.empty();
			if (!documents.length) {
				$('<p class="scan-empty" role="status"></p>')
					.text(
						__(
							"Nothing waits to be scanned: no delivery note is being packed, and no transfer is open."
						)
					)
					.appendTo(this.body);
			}
			const list = $('<ul class="scan-documents"></ul>').appendTo(this.body);
			documents.forEach((row) => {
				const { doctype, name, customer, orders } = row;
				$('<button type="button" class="btn btn-default"></button>')
					.append(
						$("<strong></strong>").text(customer || name),
						$('<span class="text-muted"></span>').text(
							[
								__(doctype === "Stock Entry" ? "Transfer" : doctype),
								name,
								...orders,
							].join(" · ")
						)
					)
					.on("click", () => this.open({ doctype, name }))
					.appendTo($("<li></li>").appendTo(list));
			});
		}
	};

	const bar = (done, qty) =>
		$('<div class="scan-bar" aria-hidden="true"></div>').append(
			$("<span></span>").css("width", `${qty ? Math.min((done / qty) * 100, 100) : 0}%`)
		);

	// Tones that tell apart without looking: [hertz, from, to] in seconds
	const TONES = {
		taken: [[1046, 0, 0.09]],
		complete: [
			[784, 0, 0.1],
			[1046, 0.11, 0.26],
		],
		kept: [[523, 0, 0.05]],
		refused: [
			[196, 0, 0.22],
			[196, 0.3, 0.55],
		],
	};
	let audio;

	/** Made here, so that it needs no connection. Who has switched sounds off hears none. */
	const sound = (name) => {
		if (name === "refused") navigator.vibrate?.([200, 80, 200]);
		if (frappe.boot.user.mute_sounds) return;
		try {
			audio = audio || new (window.AudioContext || window.webkitAudioContext)();
			if (audio.state === "suspended") audio.resume();
			TONES[name].forEach(([hertz, from, to]) => {
				const tone = audio.createOscillator();
				const volume = audio.createGain();
				tone.type = name === "refused" ? "square" : "sine";
				tone.frequency.value = hertz;
				volume.gain.value = 0.2;
				tone.connect(volume).connect(audio.destination);
				tone.start(audio.currentTime + from);
				tone.stop(audio.currentTime + to);
			});
		} catch {
			// Where the browser gives no sound, the words on the page say it.
		}
	};
}
