from metalcraft_workflow.gates.append_only import AppendOnly


class RecordSeal(AppendOnly):
	"""A link of the chain of all release records; see `gates.seal`."""
