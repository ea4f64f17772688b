"""The chain of all release records: sealing the new ones every hour, and looking whether all is as it was.

Nobody waits for it: a passage only writes its own record, and what is committed later goes into the next seal.
"""

from collections.abc import Iterator

import frappe

from metalcraft_workflow.gates.append_only import append
from metalcraft_workflow.gates.record import CHAIN, RECORD
from metalcraft_workflow.rules import chain as rules

SEAL = "Record Seal"

# How many records a seal lists at most, and how many are in memory at a time
A_SEAL = 10_000

# The documents that have a place in the log from the beginning
DOCUMENTS = ("Sales Order", "Delivery Note")


def seal() -> int:
	"""Seal the records that are not sealed yet; gives how many. Every hour, from the scheduler."""
	sealed = 0
	while count := seal_set():
		sealed += count
		# Each seal stands by itself in this background job
		frappe.db.commit()  # nosemgrep
	return sealed


def seal_set() -> int:
	"""Write one seal of as many new records as it takes; gives how many, 0 when there are none.

	Two of these side by side would write the same number: the second one fails, and nothing of it is kept.
	"""
	record = frappe.qb.DocType(RECORD)
	rows = (
		frappe.qb.from_(record)
		.where(record.seal == 0)
		.orderby(record.name)
		.limit(A_SEAL)
		.select(record.name, record.digest)
		.run()
	)
	if not rows:
		return 0
	last = head()
	number = last.number + 1
	contents = rules.contents_of(rows)
	append(
		{
			"doctype": SEAL,
			"name": name_of(number),
			"number": number,
			"records": len(rows),
			"first_record": rows[0][0],
			"last_record": rows[-1][0],
			"previous": last.digest,
			"digest": rules.digest_of_seal(number, last.digest, contents),
			"contents": contents,
		}
	)
	frappe.qb.update(record).set(record.seal, number).where(
		record.name.isin([name for name, _digest in rows])
	).run()
	return len(rows)


def name_of(number: int) -> str:
	"""The name of the seal with this number."""
	return f"SEAL-{number:08d}"


def head(number: int | None = None) -> rules.Seal:
	"""The last seal, or the one with `number`, without its contents; number 0 when there is none."""
	seal = frappe.qb.DocType(SEAL)
	query = frappe.qb.from_(seal).select(seal.number, seal.previous, seal.digest)
	if number is None:
		query = query.orderby(seal.number, order=frappe.qb.desc).limit(1)
	else:
		query = query.where(seal.number == number)
	return next((rules.Seal(*row) for row in query.run()), rules.Seal(0, "", ""))


# Looking whether all is as it was


def verify(chain: rules.Chain) -> Iterator[rules.Finding]:
	"""Everything that is wrong with the records and their seals, in one pass over them; `chain`, a new one,
	is at the last seal then, and knows how many records there are."""
	while seals := next_seals(chain.number):
		sealed: dict[int, list[rules.Row]] = {}
		for row in rows_between(chain.number + 1, seals[-1].number):
			sealed.setdefault(row.said["seal"], []).append(row)
		for seal in seals:
			yield from chain.follow(seal, sealed.pop(seal.number, ()))
			yield from missing(chain.missing, seal.number)
		for rows in sealed.values():
			yield from (rules.Finding(row.name, rules.PUT_IN, row.about) for row in rows)
	for row in rows_outside(chain.number):
		chain.records += 1
		yield from rules.wrong_with_row(row)
		if row.said["seal"]:
			yield rules.Finding(row.name, rules.PUT_IN, row.about)
	yield from last_ones_left_out()
	yield from places_left_out()


def next_seals(after: int) -> list[rules.Seal]:
	"""The seals that come after the number `after`, as many as A_SEAL records are in."""
	seal = frappe.qb.DocType(SEAL)
	ahead = (
		frappe.qb.from_(seal)
		.where(seal.number > after)
		.orderby(seal.number)
		.limit(1000)
		.select(seal.number, seal.records)
		.run()
	)
	numbers, records = [], 0
	for number, count in ahead:
		if numbers and records + count > A_SEAL:
			break
		numbers.append(number)
		records += count
	if not numbers:
		return []
	return [
		rules.Seal(*row)
		for row in frappe.qb.from_(seal)
		.where((seal.number >= numbers[0]) & (seal.number <= numbers[-1]))
		.orderby(seal.number)
		.select(seal.number, seal.previous, seal.digest, seal.contents)
		.run()
	]


def rows_between(first: int, last: int) -> Iterator[rules.Row]:
	"""The records that say they are in the seals from `first` to `last`."""
	query, record = _rows()
	return _read(query.where((record.seal >= first) & (record.seal <= last)))


def rows_outside(last: int) -> Iterator[rules.Row]:
	"""The records that are not sealed yet, or that name a seal which is not there."""
	name = ""
	while True:
		query, record = _rows()
		query = query.where((record.seal < 1) | (record.seal > last) | record.seal.isnull())
		rows = list(_read(query.where(record.name > name).orderby(record.name).limit(A_SEAL)))
		yield from rows
		if len(rows) < A_SEAL:
			return
		name = rows[-1].name


def _rows():
	"""A query for records, each with the digest of the one before it and the number of those of its
	document."""
	record, before, chain = (
		frappe.qb.DocType(RECORD),
		frappe.qb.DocType(RECORD).as_("before"),
		frappe.qb.DocType(CHAIN),
	)
	query = (
		frappe.qb.from_(record)
		.left_join(before)
		.on((before.process_id == record.process_id) & (before.sequence == record.sequence - 1))
		.left_join(chain)
		.on(chain.name == record.process_id)
		.select(
			record.name,
			record.digest,
			record.previous,
			before.digest,
			chain.records,
			record.seal,
			*(record[name] for name in rules.FIELDS),
		)
	)
	return query, record


def _read(query) -> Iterator[rules.Row]:
	for name, digest, previous, before, counted, seal, *said in query.run():
		values = {"seal": seal or 0, **dict(zip(rules.FIELDS, said, strict=True))}
		yield rules.Row(name, values, digest or "", previous or "", before, counted)


def missing(listed: dict[str, str], number: int) -> Iterator[rules.Finding]:
	"""Records that a seal lists, and that do not say so, or are not there."""
	there = frappe.get_all(RECORD, {"name": ["in", list(listed)]}, pluck="name") if listed else []
	for name in listed:
		yield rules.Finding(name, rules.CHANGED if name in there else rules.LEFT_OUT, name_of(number))


def last_ones_left_out() -> Iterator[rules.Finding]:
	"""Documents whose last record is not there, or not as it was."""
	chain, record = frappe.qb.DocType(CHAIN), frappe.qb.DocType(RECORD)
	rows = (
		frappe.qb.from_(chain)
		.left_join(record)
		.on((record.process_id == chain.name) & (record.sequence == chain.records))
		.where(chain.records > 0)
		.where(record.name.isnull() | (record.digest != chain.digest))
		.select(chain.reference_doctype, chain.reference_name, chain.records, record.name)
		.run()
	)
	for doctype, name, number, record_name in rows:
		about = f"{doctype} {name}"
		if record_name:
			yield rules.Finding(record_name, rules.CHANGED, about)
		else:
			yield rules.Finding(f"#{number}", rules.LEFT_OUT, about)


def places_left_out() -> Iterator[rules.Finding]:
	"""Documents that have lost their place in the log."""
	chain = frappe.qb.DocType(CHAIN)
	for doctype in DOCUMENTS:
		document = frappe.qb.DocType(doctype)
		names = (
			frappe.qb.from_(document)
			.left_join(chain)
			.on(chain.name == document.process_id)
			.where(chain.name.isnull())
			.select(document.name)
			.run(pluck=True)
		)
		yield from (rules.Finding("Record Chain", rules.LEFT_OUT, f"{doctype} {name}") for name in names)
