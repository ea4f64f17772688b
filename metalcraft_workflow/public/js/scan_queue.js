// What was scanned and is not with the server yet. It is kept in the browser, so that a bad connection, a reload
// or an empty battery loses nothing, and is sent in the order in which it was scanned. Each scan has an ID, by
// which the server counts what arrives twice once.

frappe.provide("metalcraft_workflow");

{
	const METHOD = "metalcraft_workflow.steps.scanning";
	const AT_ONCE = 20; // scans in one call
	const PATIENCE = 20000; // milliseconds that an answer may take
	const ERRORS = 3; // answers that are an error, until the scans of a document are held
	const REFUSED = [400, 401, 403, 404, 417];
	const AWAY = [0, 429, 502, 503, 504]; // no connection, or nobody there for any document
	const PAUSES = [1000, 2000, 5000, 10000, 20000]; // between one try and the next

	/** What the server answers; a refusal rejects with `{status, message}`, and no connection with status 0. */
	metalcraft_workflow.scan_call = async (method, args, is_post = false) => {
		const patience = new AbortController();
		const timer = setTimeout(() => patience.abort(), PATIENCE);
		const query = is_post ? "" : `?${new URLSearchParams(args)}`;
		try {
			// Not by frappe.call, whose dialogs would take the keys of the scanner
			const response = await fetch(`/api/method/${METHOD}.${method}${query}`, {
				method: is_post ? "POST" : "GET",
				headers: {
					Accept: "application/json",
					"Content-Type": "application/json",
					"X-Frappe-CSRF-Token": frappe.csrf_token,
				},
				body: is_post ? JSON.stringify(args) : undefined,
				signal: patience.signal,
			});
			const text = await response.text();
			if (response.ok) return JSON.parse(text).message;
			throw { status: response.status, message: said(text) };
		} catch (error) {
			throw "status" in error ? error : { status: 0, message: "" };
		} finally {
			clearTimeout(timer);
		}
	};

	const said = (text) => {
		try {
			const answer = JSON.parse(text);
			if (answer.session_expired) return __("You are signed out. Sign in again.");
			const messages = JSON.parse(answer._server_messages || "[]").map(
				(row) => JSON.parse(row).message
			);
			return frappe.utils.html2text(messages.join(" "));
		} catch {
			return ""; // no answer of Frappe's
		}
	};

	metalcraft_workflow.ScanQueue = class ScanQueue {
		/** `answered(document, answers, sheet)` is called with what the server says, `changed()` when more or fewer
		 * wait, or something else keeps them. */
		constructor({ answered, changed }) {
			Object.assign(this, { answered, changed });
			this.prefix = `metalcraft-scan|${frappe.session.user}|`;
			this.unkept = []; // what this browser could not keep
			this.tries = 0;
			this.at_once = AT_ONCE;
			this.held = {}; // document -> why the server does not take its scans
			this.errors = {}; // document -> how many answers to its scans were errors
			window.addEventListener("online", () => this.send());
		}

		/** Keep a scan of a document, and send it. Gives its ID. */
		add({ doctype, name }, scan) {
			const now = Date.now();
			const last = this.waiting().at(-1)?.order || 0;
			const entry = {
				doctype,
				name,
				order: Math.max(now, last + 1),
				scan: { id: new_id(), at: frappe.datetime.now_datetime(), ...scan },
			};
			try {
				localStorage.setItem(this.prefix + entry.scan.id, JSON.stringify(entry));
			} catch {
				this.unkept.push(entry);
			}
			delete this.held[key_of(entry)];
			this.changed();
			this.send();
			return entry.scan.id;
		}

		/** What waits, of one document or of all, in its order. */
		waiting(document) {
			const found = [...this.unkept];
			for (const key of Object.keys(localStorage)) {
				if (key.startsWith(this.prefix)) found.push(JSON.parse(localStorage.getItem(key)));
			}
			return found
				.filter((entry) => !document || key_of(entry) === key_of(document))
				.sort((one, other) => one.order - other.order);
		}

		/** Why nothing is sent of a document, if the server said so. */
		why_held(document) {
			return this.held[key_of(document)];
		}

		is_offline() {
			return this.tries > 0;
		}

		forget(ids) {
			ids.forEach((id) => localStorage.removeItem(this.prefix + id));
			this.unkept = this.unkept.filter((entry) => !ids.includes(entry.scan.id));
			this.changed();
		}

		/** Try again what the server did not take. */
		retry() {
			this.held = {};
			return this.send();
		}

		/** Send all that waits, a document at a time, and try again later while there is no connection. */
		async send() {
			if (this.is_sending) return;
			this.is_sending = true;
			clearTimeout(this.timer);
			try {
				let entry;
				while ((entry = this.waiting().find((each) => !this.why_held(each)))) {
					await this.send_of(entry);
				}
				this.tries = 0;
				this.at_once = AT_ONCE;
			} catch (error) {
				const pause = PAUSES[Math.min(this.tries, PAUSES.length - 1)];
				this.tries += 1;
				this.timer = setTimeout(() => this.send(), pause);
			} finally {
				this.is_sending = false;
				this.changed();
			}
		}

		async send_of({ doctype, name }) {
			const document = { doctype, name };
			const scans = this.waiting(document)
				.slice(0, this.at_once)
				.map((entry) => entry.scan);
			try {
				const { answers, sheet } = await metalcraft_workflow.scan_call(
					"send_scans",
					{ doctype, name, scans },
					true
				);
				this.tries = 0;
				delete this.errors[key_of(document)];
				this.forget(answers.map((answer) => answer.id));
				this.answered(
					document,
					answers.map((answer) => ({
						...scans.find((scan) => scan.id === answer.id),
						...answer,
					})),
					sheet
				);
			} catch (error) {
				const key = key_of(document);
				if (!REFUSED.includes(error.status)) {
					// What took too long may be answered in time when it is less
					this.at_once = Math.ceil(this.at_once / 2);
					this.errors[key] = AWAY.includes(error.status)
						? 0
						: (this.errors[key] || 0) + 1;
					if (this.errors[key] < ERRORS) throw error;
				}
				// Of what the server does not take nothing is lost either: somebody says what becomes of it, and the
				// scans of other documents go on
				delete this.errors[key];
				this.held[key] =
					error.message || __("The server does not take it. Sign in again, or ask why.");
				this.changed();
			}
		}
	};

	const key_of = ({ doctype, name }) => `${doctype}|${name}`;

	const new_id = () =>
		window.crypto?.randomUUID?.() ||
		Array.from({ length: 4 }, () => Math.random().toString(36).slice(2, 10)).join("-");
}
