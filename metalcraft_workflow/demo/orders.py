"""The demo's enquiries and orders, in the order of the process: how far each of them goes.

`path` names the steps that an order is taken through, `deliveries` what is brought to Final Pack
together and how far that goes. The steps are the methods of `carry.Carrier`.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from metalcraft_workflow.demo.masters import (
	ABC_10,
	ATLAS,
	CLASS_K,
	COC,
	CYLINDER_50,
	CYLINDER_100,
	DETECTOR,
	HARBORVIEW,
	HYDRO_TEST,
	MILL,
	NORTHGATE,
	PANEL,
	PINECREST,
	RIDGELINE,
	SUMMIT,
	VEHICLE_KIT,
	Customer,
	Item,
	address_of,
)

Lines = tuple[tuple[Item, int], ...]

ENQUIRED = ("lead", "opportunity")
QUOTED = ("lead", "quotation")
ORDERED = ("order",)
ASKED = (*ORDERED, "ask")
APPROVED = (*ASKED, "approve", "acknowledge")

AT_FINAL_PACK = ("transfer",)
SCANNED = (*AT_FINAL_PACK, "pack", "scan")
PACKED = (*AT_FINAL_PACK, "pack", "finish")
RELEASED = (*PACKED, "documents")
SHIPPED_WITH_DOCUMENTS = (*RELEASED, "clear", "ship")
CLEARED = (*PACKED, "clear")
SHIPPED = (*CLEARED, "ship")
CAME_BACK = (*SHIPPED, "invoice", "pay", "authorize_return", "receive_return", "judge_return")


@dataclass(frozen=True)
class Enquiry:
	"""A company that is no customer yet. `rfq` is the number of their request."""

	company: str
	buyer: str
	city: str
	state: str
	rfq: str

	@property
	def email(self) -> str:
		return address_of(self.buyer, self.company)


@dataclass(frozen=True)
class Delivery:
	"""What leaves production together, and the steps it is taken through."""

	lines: Lines
	path: tuple[str, ...]


@dataclass(frozen=True)
class Story:
	"""One enquiry or order. `stage` is what its `order_stage` says at the end."""

	title: str
	stage: str
	lines: Lines
	path: tuple[str, ...]
	po_no: str = ""
	customer: Customer | None = None
	enquiry: Enquiry | None = None
	deliveries: tuple[Delivery, ...] = ()
	# Documents that this order asks for, beyond its customer and items
	documents: tuple[str, ...] = ()
	# What the customer's purchase order says of the first line, where the order has another quantity
	po_qty: int = 0
	# Why it is sent back
	reason: str = ""
	# The quantity that the customer changes the first line to
	changed_qty: int = 0

	def steps(self) -> Iterator[tuple[str, int | None]]:
		"""(step, number of the delivery it is for), in the order they are taken."""
		for step in self.path:
			yield step, None
		for number, delivery in enumerate(self.deliveries):
			for step in delivery.path:
				yield step, number


CASCADIA = Enquiry("Cascadia Rail Works", "Irene Vogel", "Portland", "Oregon", "RFQ-2210")
ORCHARD = Enquiry("Orchard Valley Cold Storage", "Peter Nowak", "Yakima", "Washington", "RFQ-0417")
BLUEWATER = Enquiry("Bluewater Shipyards", "Helen Marsh", "Mobile", "Alabama", "RFQ-9031")

STORIES = (
	Story(
		title="A lead shows interest",
		stage="",
		enquiry=ORCHARD,
		lines=((PANEL, 1), (DETECTOR, 24)),
		path=ENQUIRED,
	),
	Story(
		title="Quoted, and so a customer",
		stage="",
		enquiry=CASCADIA,
		lines=((VEHICLE_KIT, 3),),
		path=QUOTED,
	),
	Story(
		title="Draft",
		stage="Draft",
		customer=NORTHGATE,
		po_no="NG-3304",
		lines=((PANEL, 2), (DETECTOR, 40)),
		path=ORDERED,
	),
	Story(
		title="Credit released, waits for approval",
		stage="Pending Approval",
		customer=SUMMIT,
		po_no="SF-1190",
		lines=((CLASS_K, 20),),
		path=(*ASKED, "release"),
	),
	Story(
		title="On credit hold",
		stage="Credit Hold",
		customer=PINECREST,
		po_no="PR-0561",
		lines=((CLASS_K, 12),),
		path=ASKED,
	),
	Story(
		title="Sent back for correction",
		stage="Draft",
		customer=ATLAS,
		po_no="AA-7713",
		lines=((ABC_10, 20),),
		path=(*ASKED, "send_back"),
		po_qty=24,
		reason="The purchase order asks for 24 extinguishers, the order says 20.",
	),
	Story(
		title="In production, three departments told",
		stage="In Production",
		customer=NORTHGATE,
		po_no="NG-3303",
		lines=((VEHICLE_KIT, 2), (PANEL, 1), (HYDRO_TEST, 10)),
		path=APPROVED,
	),
	Story(
		title="Changed after approval",
		stage="Pending Approval",
		customer=NORTHGATE,
		po_no="NG-3302",
		lines=((DETECTOR, 60),),
		path=(*APPROVED, "change"),
		changed_qty=80,
	),
	Story(
		title="Partly at Final Pack",
		stage="Final Pack",
		customer=SUMMIT,
		po_no="SF-1187",
		lines=((ABC_10, 60), (PANEL, 5)),
		path=APPROVED,
		deliveries=(Delivery(((ABC_10, 40),), AT_FINAL_PACK),),
	),
	Story(
		title="Being packed, three pieces of four scanned",
		stage="Final Pack",
		customer=NORTHGATE,
		po_no="NG-3305",
		lines=((ABC_10, 4),),
		path=APPROVED,
		deliveries=(Delivery(((ABC_10, 4),), SCANNED),),
	),
	Story(
		title="Documents wanted by QA",
		stage="QA",
		customer=HARBORVIEW,
		po_no="HM-20418",
		lines=((CYLINDER_50, 24), (HYDRO_TEST, 24)),
		path=APPROVED,
		deliveries=(Delivery(((CYLINDER_50, 24), (HYDRO_TEST, 24)), PACKED),),
	),
	Story(
		title="Documents released",
		stage="Awaiting Clearance",
		customer=ATLAS,
		po_no="AA-7709",
		lines=((CYLINDER_100, 4), (DETECTOR, 10)),
		path=APPROVED,
		deliveries=(Delivery(((CYLINDER_100, 4), (DETECTOR, 10)), RELEASED),),
	),
	Story(
		title="Half paid in advance, and cleared",
		stage="Ready to Ship",
		customer=RIDGELINE,
		po_no="RM-4406",
		lines=((VEHICLE_KIT, 4),),
		path=(*APPROVED, "advance"),
		deliveries=(Delivery(((VEHICLE_KIT, 4),), CLEARED),),
	),
	Story(
		title="Shipped in parts",
		stage="Partially Shipped",
		customer=NORTHGATE,
		po_no="NG-3301",
		lines=((ABC_10, 30), (PANEL, 4)),
		path=APPROVED,
		deliveries=(
			Delivery(((ABC_10, 12), (PANEL, 2)), SHIPPED),
			Delivery(((ABC_10, 10),), SHIPPED),
		),
	),
	Story(
		title="Shipped and invoiced, not paid",
		stage="Invoiced",
		customer=HARBORVIEW,
		po_no="HM-20411",
		lines=((CYLINDER_50, 10), (ABC_10, 10)),
		path=APPROVED,
		deliveries=(Delivery(((CYLINDER_50, 10), (ABC_10, 10)), (*SHIPPED_WITH_DOCUMENTS, "invoice")),),
	),
	Story(
		title="Closed, and open again: one came back to be replaced",
		stage="Partially Shipped",
		customer=NORTHGATE,
		po_no="NG-3287",
		lines=((ABC_10, 8),),
		path=APPROVED,
		deliveries=(Delivery(((ABC_10, 8),), CAME_BACK),),
	),
	Story(
		title="From lead to closed",
		stage="Closed",
		enquiry=BLUEWATER,
		po_no="BW-88120",
		lines=((CYLINDER_100, 12), (PANEL, 1), (HYDRO_TEST, 12)),
		path=("lead", "opportunity", "quotation", *APPROVED),
		documents=(COC, MILL),
		deliveries=(
			Delivery(
				((CYLINDER_100, 12), (PANEL, 1), (HYDRO_TEST, 12)),
				(*SHIPPED_WITH_DOCUMENTS, "invoice", "pay"),
			),
		),
	),
)
