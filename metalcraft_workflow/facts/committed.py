"""What others have committed meanwhile.

A transaction sees the database as it was when it began. Who has waited for a lock has to look past that.
`select ... for update` would, but locks the gaps of the index that it reads as well, and two people who
save new rows then wait for each other. A second connection reads what is committed, and locks nothing.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

import frappe
from frappe.database import get_db

T = TypeVar("T")


def committed(read: Callable[[], T]) -> T:
	"""What `read` gives by what is committed, also what was committed since this transaction began.

	It does not see what this transaction has written itself.
	"""
	with second_connection():
		return read()


@contextmanager
def second_connection() -> Iterator[None]:
	"""Let `frappe.db` be another connection for as long as the context lasts; what is written is lost."""
	conf, own = frappe.conf, frappe.local.db
	frappe.local.db = get_db(
		socket=conf.db_socket,
		host=conf.db_host,
		port=conf.db_port,
		user=conf.db_name,
		password=conf.db_password,
		cur_db_name=conf.db_name,
	)
	try:
		yield
	finally:
		frappe.local.db.close()
		frappe.local.db = own
