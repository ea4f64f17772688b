"""How the pages of the portal look: the styles and the script in `web/`, in the place of what npm would build."""

import json
from pathlib import Path

from engine import SANDBOX

FOLDER = SANDBOX / "web"
STYLE, SCRIPT = "/assets/sandbox/portal.css", "/assets/sandbox/portal.js"
BUNDLES = {
	"website.bundle.css": STYLE,
	"login.bundle.css": STYLE,
	"monoframe-web.bundle.js": SCRIPT,
}
ICON = "/assets/metalcraft_workflow/images/metalcraft.svg"


def open_portal(bundles: dict[str, str]) -> dict[str, str]:
	"""Tell the engine what its pages load, with `bundles` of the desk beside it, in the site that is open; gives
	address -> folder of it."""
	import frappe

	from engine.desk import engine_folder

	Path("assets/assets.json").write_text(json.dumps({**BUNDLES, **bundles}))
	frappe.client_cache.delete_value("assets_json", shared=True)
	return {
		"/assets/sandbox": str(FOLDER),
		"/assets/metalcraft_workflow": str(SANDBOX.parent / "metalcraft_workflow" / "public"),
		"/assets/monoframe": str(engine_folder() / "public"),
	}


def name_it() -> None:
	"""Write the company's name on top of the pages, and at their foot what they are."""
	import frappe

	from metalcraft_workflow.demo.company import COMPANY

	settings = frappe.get_doc("Website Settings")
	settings.update(
		{
			"app_name": COMPANY,
			"brand_html": COMPANY,
			"favicon": ICON,
			"footer_powered": "Sample data. <a href='/'>Front page of the sandbox</a>",
		}
	)
	settings.save()
	frappe.db.commit()


def inline() -> str:
	"""The styles, for a page that is saved as a file."""
	return f"<style>{(FOLDER / 'portal.css').read_text()}</style>"


def page(title: str, body: str) -> str:
	"""A page of the sandbox's own."""
	return (
		"<!DOCTYPE html><html lang=en><meta charset=utf-8><meta name=viewport content='width=device-width'>"
		f"<title>{title}</title><link rel=icon href='{ICON}'><link rel=stylesheet href='{STYLE}'>"
		f"<div class=sandbox>{body}</div>"
	)
