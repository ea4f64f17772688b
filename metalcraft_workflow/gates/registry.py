"""Which functions make up a gate, and what passing it sets off. Both are hooks, so that hooks.py
reads as the process does, and so that another app can add a requirement or an effect."""

from collections.abc import Iterable

import frappe
from frappe.model.document import Document

from metalcraft_workflow.gates.names import readings
from metalcraft_workflow.rules.requirement import Requirement

_OWN = "metalcraft_workflow."


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


def makers_of(gate: str) -> list[str]:
	"""The functions that make the fingerprint of `gate` today."""
	return frappe.get_hooks("metalcraft_fingerprints", {}).get(gate, [])


def first_makers_of(gate: str) -> list[str]:
	"""The functions that made it before records kept which: ours as they were, and those of other apps."""
	ours = frappe.get_hooks("metalcraft_first_fingerprints", {}).get(gate, [])
	return [*ours, *(maker for maker in makers_of(gate) if not maker.startswith(_OWN))]


def fingerprint_by(makers: Iterable[str], doc: Document) -> str:
	"""Digest of `doc` that the functions `makers` give."""
	return "-".join(frappe.get_attr(maker)(doc) for maker in makers)


def fingerprint_of(gate: str, doc: Document) -> dict[str, str]:
	"""What a record keeps of what passing `gate` vouches for: `fingerprint`, a digest, and `fingerprint_by`,
	the functions that made it; empty when it vouches for nothing."""
	makers = makers_of(gate)
	return {"fingerprint": fingerprint_by(makers, doc), "fingerprint_by": "\n".join(makers)}


def holds(record: dict, doc: Document) -> bool:
	"""Whether what `record` vouches for is so on `doc` still, by the functions that made its fingerprint."""
	makers = (record["fingerprint_by"] or "").split()
	if not all(map(_is_there, makers)):
		return False  # made by an app that is gone: nobody can say
	return any(fingerprint_by(makers, doc) == (record["fingerprint"] or "") for _reading in readings(doc))


def _is_there(function: str) -> bool:
	try:
		return bool(frappe.get_attr(function))
	except (ImportError, AttributeError, frappe.ValidationError):
		return False


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
