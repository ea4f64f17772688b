"""axe-core: what it finds wrong for people who see, hear or move otherwise."""

import os
from pathlib import Path

import pytest
from playwright.sync_api import Page

# npm install --prefix .cache/axe axe-core@4.10.2
AXE = Path(
	os.environ.get("METALCRAFT_AXE")
	or Path(__file__).parents[3] / ".cache/axe/node_modules/axe-core/axe.min.js"
)


def serious(page: Page, part: str = "html") -> list[tuple]:
	"""What axe finds serious or critical in a part of the page."""
	if not AXE.exists():
		pytest.skip(f"{AXE} is not there: npm install --prefix .cache/axe axe-core@4.10.2")
	page.evaluate(AXE.read_text())
	found = page.evaluate("part => axe.run(part).then(result => result.violations)", part)
	return [
		(rule["id"], [node["html"][:200] for node in rule["nodes"]])
		for rule in found
		if rule["impact"] in ("serious", "critical")
	]
