from metalcraft_workflow.gates.append_only import AppendOnly


class PackScan(AppendOnly):
	"""Goods that somebody has scanned for a delivery or a transfer; see `facts.scanning`.

	`scan_id` is made where it was scanned, so that what is sent twice counts once: it is the name of the row, with
	a number behind where one scan is for several lines.
	"""

	def autoname(self):
		self.name = f"{self.scan_id}-{self.part}" if self.part else self.scan_id
