"""The site's assets on an address of this machine, for the programs that make PDFs.

They fetch the styles of a print from the site's own address. While tests run, nobody may be serving that.
"""

from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from unittest import TestCase

import frappe


class Assets(SimpleHTTPRequestHandler):
	def log_message(self, *_args):
		pass


def serve_assets(case: type[TestCase]) -> None:
	"""Serve what lies in the folder of the sites, and be that address, until the tests of `case` are over."""
	server = ThreadingHTTPServer(("127.0.0.1", 0), partial(Assets, directory=frappe.local.sites_path))
	Thread(target=server.serve_forever, daemon=True).start()
	case.addClassCleanup(server.server_close)
	case.addClassCleanup(server.shutdown)
	was = frappe.local.conf.get("host_name")
	case.addClassCleanup(lambda: frappe.local.conf.update(host_name=was))
	frappe.local.conf.host_name = f"http://127.0.0.1:{server.server_port}"
