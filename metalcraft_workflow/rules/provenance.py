"""Where goods come from: what a batch was made of, back to the receipts that brought its steel in."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple


class Lot(NamedTuple):
	"""Goods that are told apart: a batch, or a piece with a serial number that is in no batch."""

	batch_no: str = ""
	serial_no: str = ""


@dataclass(frozen=True)
class Receipt:
	"""One line of a goods receipt that brought something of a lot in."""

	voucher_type: str
	voucher_no: str
	qty: float
	supplier: str = ""
	purchase_order: str = ""
	date: str = ""


@dataclass(frozen=True)
class Component:
	"""Goods that went into others; `lot` is Lot() for what is kept neither by batch nor by serial number."""

	lot: Lot
	item_code: str
	qty: float


@dataclass(frozen=True)
class Making:
	"""One document in which goods of a lot were made, and what of other lots went into it."""

	voucher_type: str
	voucher_no: str
	qty: float
	work_order: str = ""
	parts: tuple[Component, ...] = ()


@dataclass(frozen=True)
class BatchData:
	"""What a Batch says of itself."""

	item_code: str
	heat_no: str = ""
	supplier_lot: str = ""
	supplier: str = ""
	revision: str = ""
	work_order: str = ""
	certificates: tuple[str, ...] = ()


@dataclass(frozen=True)
class Origin:
	"""What a delivery says of where goods come from. Several heats are all named; of the rest a thing
	is said only when it holds for all of the goods."""

	heat_no: str = ""
	supplier_lot: str = ""
	supplier: str = ""
	purchase_order: str = ""
	purchase_receipt: str = ""
	certificate: str = ""


@dataclass
class Trail:
	"""Lots, and all that they were made of, over all levels.

	receipts  lot -> what brought it in; nothing for what was made here
	makings   lot -> the documents in which it was made
	batches   batch -> what it says of itself
	"""

	receipts: dict[Lot, list[Receipt]] = field(default_factory=dict)
	makings: dict[Lot, list[Making]] = field(default_factory=dict)
	batches: dict[str, BatchData] = field(default_factory=dict)

	def parts_of(self, lot: Lot) -> list[Lot]:
		"""The lots that went into `lot` directly, without itself: rework takes a lot and gives it back."""
		found = (part.lot for making in self.makings.get(lot, ()) for part in making.parts)
		return [part for part in dict.fromkeys(found) if part not in (lot, Lot())]

	def ancestors(self, lot: Lot) -> list[Lot]:
		"""All lots that went into `lot`, over all levels, the nearest first. Each once, also where
		rework goes in a ring."""
		seen = {lot: None}
		for one in (queue := [lot]):
			new = [part for part in self.parts_of(one) if part not in seen]
			seen |= dict.fromkeys(new)
			queue += new
		return list(seen)[1:]

	def heat_of(self, lot: Lot) -> str:
		"""The heat number that the batch itself bears."""
		data = self.batches.get(lot.batch_no)
		return data.heat_no if data else ""

	def steel_of(self, lot: Lot) -> list[Lot]:
		"""The lots whose heat number holds for `lot`: itself, or else, of each part, the nearest that bear
		one."""
		seen, found = {lot}, []
		for one in (queue := [lot]):
			if self.heat_of(one):
				found.append(one)
				continue
			new = [part for part in self.parts_of(one) if part not in seen]
			seen |= set(new)
			queue += new
		return found

	def origin_of(self, lots: Iterable[Lot]) -> Origin:
		"""What a delivery says of `lots` taken together."""
		sources = [source for lot in lots for source in (self.steel_of(lot) or [lot])]
		data = [self.batches.get(source.batch_no) or BatchData("") for source in sources]
		receipts = [receipt for source in sources for receipt in self.receipts.get(source, ())]
		return Origin(
			heat_no=", ".join(dict.fromkeys(one.heat_no for one in data if one.heat_no)),
			supplier_lot=_only(one.supplier_lot for one in data),
			supplier=_only([receipt.supplier for receipt in receipts] or [one.supplier for one in data]),
			purchase_order=_only(receipt.purchase_order for receipt in receipts),
			purchase_receipt=_only(
				receipt.voucher_no if receipt.voucher_type == "Purchase Receipt" else ""
				for receipt in receipts
			),
			certificate=_only(file for one in data for file in (one.certificates or ("",))),
		)


def _only(values: Iterable[str]) -> str:
	"""The one value that all have; nothing when they differ."""
	values = set(values)
	return values.pop() if len(values) == 1 else ""


def lots_of(batch_no: str, serial_nos: Iterable[str]) -> list[Lot]:
	"""The lots of goods that are named by a batch and serial numbers: the batch says it, where there is
	one."""
	return [Lot(batch_no)] if batch_no else [Lot("", serial_no) for serial_no in serial_nos]
