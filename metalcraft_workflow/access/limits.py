"""How often one person, and one address, may ask for something in a while.

Frappe's own `rate_limit` goes by the first address of X-Forwarded-For, which whoever sends the request can
write. Behind a proxy the last one is what the proxy has seen.
"""

from collections.abc import Callable
from functools import wraps
from ipaddress import ip_address

import frappe
from frappe import _
from frappe.utils import cint

# So many people may share the address of an office
PEOPLE_AN_ADDRESS = 10


def limited(calls: int, seconds: int = 60 * 60) -> Callable:
	"""Decorator of a whitelisted method: one person may call it `calls` times in `seconds`."""

	def decorate(function: Callable) -> Callable:
		what = f"{function.__module__}.{function.__qualname__}"

		@wraps(function)
		def limit(*args, **kwargs):
			if frappe.request:
				count(what, calls, seconds)
			return function(*args, **kwargs)

		return limit

	return decorate


def count(what: str, calls: int, seconds: int = 60 * 60) -> None:
	"""Count that the caller asks for `what`. Raises RateLimitExceededError when it was too often, by the user
	or by the address."""
	user = frappe.session.user
	most = {f"address:{client_address()}": calls if user == "Guest" else calls * PEOPLE_AN_ADDRESS}
	if user != "Guest":
		most[f"user:{user}"] = calls
	for who, limit in most.items():
		key = frappe.cache.make_key(f"rl:metalcraft:{what}:{who}")
		# The time begins with the first call
		frappe.cache.set(key, 0, ex=seconds, nx=True)
		if frappe.cache.incrby(key, 1) > limit:
			frappe.throw(
				_("You have done this too often in a short time. Wait a while and try again."),
				frappe.RateLimitExceededError,
			)


def client_address() -> str:
	"""The address that the request under way comes from.

	The proxies in front of the site add the address they see at the end of X-Forwarded-For; their number is
	`metalcraft_proxies` in the site's configuration. Without it there is one when the connection comes from
	this machine or a private network, and none when it comes from the internet.
	"""
	connected = frappe.request.remote_addr or ""
	proxies = frappe.conf.get("metalcraft_proxies")
	proxies = int(_is_near(connected)) if proxies is None else cint(proxies)
	seen = [part.strip() for part in frappe.request.headers.get("X-Forwarded-For", "").split(",")]
	seen = [part for part in seen if part]
	return seen[-min(proxies, len(seen))] if proxies and seen else connected


def _is_near(address: str) -> bool:
	try:
		found = ip_address(address)
	except ValueError:
		return True  # a socket of this machine
	return found.is_loopback or found.is_private
