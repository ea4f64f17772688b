"""Which functions make up a gate, and what passing it sets off. Both are hooks, so that hooks.py
reads as the process does, and so that another app can add a requirement or an effect."""

import frappe
from frappe.model.document import Document

from metalcraft_workflow.rules.requirement import Requirement


def requirements_of(gate: str, doc: Document) -> list[Requirement]:
	"""Everything `gate` asks of `doc`, met or not, less what the settings do not demand."""
	return demanded(
		gate,
		[
			requirement
			for function in frappe.get_hooks("metalcraft_gates", {}).get(gate, [])
			for requirement in frappe.get_attr(function)(doc)
		],
	)


def demanded(gate: str, found: list[Requirement]) -> list[Requirement]:
	"""Those of the requirements `found` of `gate` that the settings demand."""
	switched_off = {
		row.requirement for row in settings().gate_requirements if row.gate == gate and not row.demanded
	}
	return [requirement for requirement in found if requirement.code not in switched_off]


def fingerprint_of(gate: str, doc: Document) -> str:
	"""Digest of what passing `gate` vouches for, or an empty string when it vouches for nothing."""
	functions = frappe.get_hooks("metalcraft_fingerprints", {}).get(gate, [])
	return "-".join(frappe.get_attr(function)(doc) for function in functions)


def run_effects(gate: str, doc: Document) -> None:
	"""Run what passing `gate` sets off, in the order of the hooks."""
	for function in frappe.get_hooks("metalcraft_effects", {}).get(gate, []):
		frappe.get_attr(function)(doc)


def waiver_role(gate: str, code: str) -> str | None:
	"""The role that the settings let waive requirement `code` of `gate`."""
	for row in settings().gate_requirements:
		if row.gate == gate and row.requirement == code:
			return row.waiver_role
	return None


def settings() -> Document:
	"""Metalcraft Settings, cached."""
	return frappe.get_cached_doc("Metalcraft Settings")
