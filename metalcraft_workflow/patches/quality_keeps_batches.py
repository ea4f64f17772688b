"""Quality Assurance could read batches; now it keeps their data and their certificates."""

from metalcraft_workflow.setup.permissions import READ, extend


def execute() -> None:
	"""Give the right where an administrator has not changed what the app had granted."""
	extend("Batch", "Quality Assurance", "write", had=READ)
