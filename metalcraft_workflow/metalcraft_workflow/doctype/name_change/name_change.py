from metalcraft_workflow.gates.append_only import AppendOnly


class NameChange(AppendOnly):
	"""A master that was renamed, or merged into another; see `gates.names`."""
