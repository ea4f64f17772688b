"""Quality Assurance: files are dropped on the documents of a delivery, and it is released."""

import pytest
from playwright.sync_api import expect

from metalcraft_workflow.demo.pdf import one_page

CONFORMANCE, PICTURES = "Certificate of Conformance", "Pictures"


@pytest.fixture
def note(at_final_pack, packer) -> str:
	"""A delivery note in QA Review that needs a certificate and a picture."""
	doc = at_final_pack(1, required_documents=[{"document_type": kind} for kind in (CONFORMANCE, PICTURES)])
	doc = packer.call("frappe.client.insert", doc=doc)
	packer.call("frappe.model.workflow.apply_workflow", doc=doc, action="Complete Packing")
	return doc["name"]


def open_note(desk, name: str):
	page = desk.open(f"delivery-note/{name}")
	expect(page.locator(".gate-checklist").first).to_be_visible()
	page.locator("[data-requirement=documents] button", has_text="Show").click()
	expect(page.get_by_role("button", name="Upload or Drop Files")).to_be_visible()
	return page


def drop(page, *files) -> None:
	"""Drop files on the table of the documents, as a hand with a mouse does, and upload them."""
	table = page.locator("[data-fieldname=shipment_documents] .grid-body:visible")
	table.scroll_into_view_if_needed()
	box = table.bounding_box()
	mouse = page.context.new_cdp_session(page)
	for kind in ("dragEnter", "dragOver", "drop"):
		mouse.send(
			"Input.dispatchDragEvent",
			{
				"type": kind,
				"x": box["x"] + box["width"] / 2,
				"y": box["y"] + 10,
				"data": {"items": [], "files": [str(file) for file in files], "dragOperationsMask": 1},
			},
		)
	page.locator(".modal.show .btn-modal-primary", has_text="Upload").click()


def made(folder, name: str, content: bytes):
	path = folder / name
	path.write_bytes(content)
	return path


def rows(page) -> dict:
	return page.evaluate(
		"Object.fromEntries(cur_frm.doc.shipment_documents.map(row => [row.document_type, row.file || '']))"
	)


def test_two_files_dropped_find_their_rows_and_the_note_is_released(quality, note, tmp_path):
	page = open_note(quality, note)
	drop(
		page,
		made(tmp_path, "CoC.pdf", one_page(note)),
		made(tmp_path, "picture.png", b"\x89PNG\r\n\x1a\n" + note.encode()),
	)
	expect(page.locator("#alert-container .desk-alert", has_text="Filed").first).to_be_visible()
	expect(page.locator(".gate-checklist").first).to_contain_text("Nothing missing")
	found = rows(page)
	assert "CoC" in found[CONFORMANCE] and "picture" in found[PICTURES]
	assert all(file.startswith("/private/files/") for file in found.values())
	quality.act("Release Documents")
	quality.expect_state("Awaiting Clearance")
	expect(
		page.locator("[data-fieldname=shipment_documents] .indicator-pill.green", has_text="Accepted")
	).to_have_count(2)


def test_a_file_without_a_telling_name_is_asked_about_and_a_wrong_one_refused(quality, note, tmp_path):
	page = open_note(quality, note)
	drop(
		page,
		made(tmp_path, "CoC.docx", b"MZ is a program"),  # Frappe 16 itself does not take a PDF that is none
		made(tmp_path, "scan 17.pdf", one_page("17", note)),
	)
	dialog = page.locator(".modal.show", has_text="Which Document Is It?")
	expect(dialog).to_contain_text("CoC.docx is not what its name says")
	dialog.locator("select").select_option(label=CONFORMANCE)
	dialog.locator(".btn-modal-primary").click()
	page.wait_for_function("cur_frm.doc.shipment_documents[0].file")
	assert "scan 17" in rows(page)[CONFORMANCE]
	assert not rows(page)[PICTURES]
