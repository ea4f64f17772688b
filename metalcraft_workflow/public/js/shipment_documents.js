// Files come to the documents of a delivery by dropping them on the table. Which file goes to which row,
// and whether it may, is the server's to say; nothing here knows a rule.

frappe.provide("metalcraft_workflow");

metalcraft_workflow.documents = {
	/** Call in `refresh`. */
	refresh(frm) {
		const grid = frm.fields_dict.shipment_documents?.grid;
		if (!grid) return;
		grid.update_docfield_property("status", "formatter", this.draw_status);
		grid.refresh();
		grid.clear_custom_buttons();
		grid.wrapper.off(".documents");
		if (frm.is_new() || frm.doc.docstatus || grid.display_status !== "Write") return;

		grid.add_custom_button(__("Upload or Drop Files"), () => this.upload(frm));
		const offered = frm.doc.__onload?.batch_certificates;
		if (offered) {
			grid.add_custom_button(__("Use Certificates of Batches"), () => this.use_offered(frm));
		}
		grid.wrapper.on(
			"dragover.documents dragleave.documents drop.documents",
			({ type, originalEvent: event }) => {
				grid.wrapper.css(
					"outline",
					type === "dragover" ? "2px dashed var(--gray-500)" : ""
				);
				if (type === "dragleave" || !event.dataTransfer.types.includes("Files")) return;
				event.preventDefault();
				event.stopPropagation(); // elsewhere on the form it would be an attachment only
				if (type === "drop") this.upload(frm, event.dataTransfer.files);
			}
		);
	},

	draw_status(value, _df, _options, row) {
		const colors = { Accepted: "green", Rejected: "red" };
		const [word, color] = row?.dropped
			? [__("Not Needed"), "gray"]
			: [__(value || "Pending"), colors[value] || "orange"];
		return `<span class="indicator-pill no-indicator-dot ${color}">${word}</span>`;
	},

	/** Ask for files, upload them, and have the server put them into their rows. */
	async upload(frm, files) {
		files = files && [...files]; // the browser empties the list when the drop is over
		if (frm.is_dirty()) await frm.save();
		const uploaded = {};
		const { dialog } = new frappe.ui.FileUploader({
			frm,
			files,
			doctype: frm.doctype,
			docname: frm.docname,
			folder: "Home/Attachments",
			dialog_title: __("Upload Documents"),
			upload_notes: __(
				"Each file goes to the row that its name tells: type, batch or heat number."
			),
			allow_multiple: true,
			allow_toggle_private: false,
			allow_web_link: false,
			allow_google_drive: false,
			on_success: (file) => {
				if (file) uploaded[file.name] = "";
			},
		});
		dialog.get_secondary_btn().remove(); // documents are private, always
		dialog.$wrapper.on("hidden.bs.modal", () => this.place(frm, uploaded));
	},

	/** `files` is File -> where it goes; empty to go by its name. */
	async place(frm, files) {
		if ($.isEmptyObject(files)) return;
		const { placed, refused, asked, choices } = await frappe.xcall(
			"metalcraft_workflow.steps.document_files.place_files",
			{ delivery_note: frm.docname, files }
		);
		await frm.reload_doc();
		if (placed.length) {
			frappe.show_alert({
				message: __("Filed: {0}", [frappe.utils.escape_html(placed.join(", "))]),
				indicator: "green",
			});
		}
		const refusals = refused
			.map((text) => `<p>${frappe.utils.escape_html(text)}</p>`)
			.join("");
		if (asked.length) {
			this.ask(frm, asked, choices, refusals);
		} else if (refusals) {
			frappe.msgprint({ title: __("Not Filed"), indicator: "red", message: refusals });
		}
	},

	ask(frm, asked, choices, refusals) {
		const options = [
			{ value: "", label: __("Leave it among the attachments") },
			...choices.map(({ value, label }) => ({
				value,
				label: frappe.utils.escape_html(label),
			})),
		];
		frappe.prompt(
			[
				{ fieldtype: "HTML", options: refusals },
				...asked.map(({ file, file_name, suggestion }) => ({
					fieldname: file,
					fieldtype: "Select",
					label: frappe.utils.escape_html(file_name),
					options,
					default: suggestion,
				})),
			],
			(where) => {
				const chosen = Object.entries(where).filter(([, place]) => place);
				this.place(frm, Object.fromEntries(chosen));
			},
			__("Which Document Is It?"),
			__("File")
		);
	},

	async use_offered(frm) {
		if (frm.is_dirty()) await frm.save();
		await frappe.xcall("metalcraft_workflow.steps.document_files.use_batch_certificates", {
			delivery_note: frm.docname,
		});
		frm.reload_doc();
	},
};
