"""What day it is, elsewhere."""

from datetime import date

from frappe.utils import get_datetime_in_timezone

# Where a day begins first
EASTERNMOST = "Pacific/Kiritimati"


def latest_today() -> date:
	"""The day that it is where days begin first: nobody anywhere can date today's paper later."""
	return get_datetime_in_timezone(EASTERNMOST).date()
