"""Old addresses of modules, kept working until version 2.0.

Other apps import them, clients call whitelisted methods by them, and a job that was queued before an update
names its method by one. An old address gives the very module that took its place.
"""

import importlib
import sys
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

_APP = "metalcraft_workflow"

MODULES = {
	f"{_APP}.{old}": f"{_APP}.{new}"
	for old, new in {
		"gates.kept_files": "files.kept",  # delete_content
		"gates.mail_package": "outgoing.mail_package",  # add_packages, a scheduled job
		"gates.package": "outgoing.package",  # download_package, whitelisted
		"gates.turn": "gates.notifications",  # write_notifications and write_subject, jobs
		"portal.access": "access.customers",
	}.items()
}


class _Forward(MetaPathFinder, Loader):
	"""Finds a module under its old address, as the module that it is now."""

	def find_spec(
		self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
	) -> ModuleSpec | None:
		return ModuleSpec(fullname, self) if fullname in MODULES else None

	def create_module(self, spec: ModuleSpec) -> ModuleType:
		module = importlib.import_module(MODULES[spec.name])
		# Importing writes the old address over the module's own: remembered here, put back below
		self.own_spec = module.__spec__
		return module

	def exec_module(self, module: ModuleType) -> None:
		module.__spec__ = self.own_spec


def forward() -> None:
	"""Let old addresses be found. Called once, when the app is imported."""
	if not any(isinstance(finder, _Forward) for finder in sys.meta_path):
		sys.meta_path.append(_Forward())
