from metalcraft_workflow.gates.append_only import AppendOnly


class RecordChain(AppendOnly):
	"""How many release records there are about one document, under its process ID.

	`gates.record` counts, past the events of a document.
	"""
