// Scanning at Final Pack. The lines of a delivery come from orders, and so do their quantities: what is
// scanned says where the goods of a line come from, and goes into the traceability rows.
{
	const serials_of = (row) =>
		(row.serial_nos || "")
			.split(/[\n,]/)
			.map((name) => name.trim())
			.filter(Boolean);
	const says_anything = (row) => row.batch_no || row.heat_no || serials_of(row).length;
	const named_qty = (row) => serials_of(row).length || flt(row.qty);
	const sum = (rows, of) => rows.reduce((total, row) => total + of(row), 0);
	const of_item = (frm, table, item_code) =>
		(frm.doc[table] || []).filter((row) => row.item_code === item_code);
	const rows_of = (frm, item_code) => of_item(frm, "traceability", item_code);

	// What ships of an item, in its stock unit
	const wanted = (frm, item_code) =>
		sum(
			of_item(frm, "items", item_code),
			(row) => flt(row.qty) * flt(row.conversion_factor || 1)
		) + sum(of_item(frm, "packed_items", item_code), (row) => flt(row.qty));

	// Let `rows` stand for no more than `left`; the last ones go first
	const shrink = (rows, left) => {
		for (const row of rows) {
			const serials = serials_of(row);
			row.qty = Math.min(named_qty(row), left);
			if (serials.length) row.serial_nos = serials.slice(0, row.qty).join("\n");
			left -= row.qty;
			if (row.qty <= 0) frappe.model.clear_doc(row.doctype, row.name);
		}
	};

	class TraceabilityScanner extends erpnext.utils.BarcodeScanner {
		update_table(data) {
			// Goods that no order asked for are packed as ERPNext does it
			if (!this.frm.doc.items.some((row) => row.against_sales_order)) {
				return super.update_table(data);
			}
			const row = this.name_source(data);
			this.frm.refresh_field("traceability");
			return row ? Promise.resolve(row) : Promise.reject();
		}

		// The row that now names what was scanned; nothing when it cannot be named
		name_source({ item_code, batch_no, serial_no }) {
			const rows = rows_of(this.frm, item_code);
			const total = wanted(this.frm, item_code);
			if (!total) return this.refuse(__("{0} is not on this delivery note.", [item_code]));
			if (!batch_no && !serial_no) {
				return this.refuse(__("Scan the batch or the serial number of {0}.", [item_code]));
			}
			const before = rows.find((row) =>
				serial_no ? serials_of(row).includes(serial_no) : row.batch_no === batch_no
			);
			if (before) {
				return this.refuse(
					__("Row {0} names {1} already.", [before.idx, serial_no || batch_no])
				);
			}
			const left = total - sum(rows.filter(says_anything), named_qty);
			if (left <= 0) {
				return this.refuse(
					__("All {0} of {1} are named. Clear a row first.", [
						metalcraft_workflow.written_qty(total),
						item_code,
					])
				);
			}
			const blank = rows.find((row) => !says_anything(row));
			const of_same_batch = (row) =>
				serials_of(row).length && (row.batch_no || "") === (batch_no || "");
			const row =
				(serial_no && rows.find(of_same_batch)) ||
				blank ||
				this.frm.add_child("traceability", { item_code, qty: left });
			if (batch_no) row.batch_no = batch_no;
			if (serial_no) {
				row.serial_nos = [...serials_of(row), serial_no].join("\n");
				row.qty = serials_of(row).length;
			}
			const rest =
				total - sum(rows_of(this.frm, item_code).filter(says_anything), named_qty);
			const waiting = rows_of(this.frm, item_code).filter((row) => !says_anything(row));
			shrink(waiting, rest);
			this.frm.dirty();
			this.show_alert(
				__("Row {0}: {1}. {2} of {3} named.", [
					row.idx,
					serial_no || batch_no,
					metalcraft_workflow.written_qty(total - rest),
					metalcraft_workflow.written_qty(total),
				]),
				"green"
			);
			return row;
		}

		refuse(message) {
			this.show_alert(message, "orange", 7);
		}
	}

	const scan = (frm, scan_field_name) =>
		new TraceabilityScanner({ frm, scan_field_name }).process_scan().catch(() => {});

	frappe.ui.form.on("Delivery Note", {
		setup(frm) {
			const as_erpnext_does = frm.cscript.scan_barcode;
			frm.cscript.scan_barcode = function (...args) {
				if (frm.doc.is_return) return as_erpnext_does.apply(this, args);
				scan(frm, "scan_barcode");
			};
		},

		refresh(frm) {
			const { docstatus, is_return, company, customer } = frm.doc;
			if (docstatus || is_return || !frm.has_perm("write")) return;
			if (!frappe.model.can_read("Sales Order")) return;
			// ERPNext's own choice of orders brings what was ordered; this one what is there of them
			frm.add_custom_button(
				__("Goods at Final Pack"),
				() =>
					erpnext.utils.map_current_doc({
						method: "metalcraft_workflow.steps.final_pack.make_delivery_note",
						source_doctype: "Sales Order",
						target: frm,
						setters: { customer },
						get_query_filters: {
							docstatus: 1,
							status: ["not in", ["Closed", "On Hold"]],
							per_delivered: ["<", 99.99],
							per_final_pack: [">", 0],
							company,
						},
					}),
				__("Get Items From")
			);
		},

		scan_traceability: (frm) => scan(frm, "scan_traceability"),
	});

	frappe.ui.form.on("Delivery Note Item", {
		qty(frm, doctype, name) {
			const { item_code } = locals[doctype][name];
			if (frm.doc.is_return || !item_code) return;
			shrink(rows_of(frm, item_code), wanted(frm, item_code));
			frm.refresh_field("traceability");
		},
	});
}
