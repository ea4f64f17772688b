"""Serves the sandbox to this machine: portal, REST, print views, and a page that says what to try."""

import re
import threading
from urllib.parse import parse_qs, quote

from werkzeug.test import Client
from werkzeug.wrappers import Request

from engine import SANDBOX, desk, front_page, pages, portal
from engine.people import PASSWORD


def run(port: int) -> None:
	from werkzeug.serving import WSGIRequestHandler, make_server

	class Quiet(WSGIRequestHandler):
		def log(self, *args, **kwargs):
			pass

	take_mails()
	make_server("127.0.0.1", port, application(), threaded=True, request_handler=Quiet).serve_forever()


def take_mails() -> None:
	"""Let mails go into the queue while this is served: what would be sent is taken in here and goes nowhere."""
	from metalcraft_workflow.demo import mailbox

	server = mailbox.Server((mailbox.HOST, 0), mailbox.Session)
	threading.Thread(target=server.serve_forever, daemon=True).start()
	mailbox.switch_on(server.server_address[1])


def application():
	"""All that is served of the site that is open; leaves it."""
	import frappe
	from monoframe.app import application as engine
	from werkzeug.middleware.shared_data import SharedDataMiddleware

	class Files(SharedDataMiddleware):
		def get_directory_loader(self, directory):
			find = super().get_directory_loader(directory)

			def renamed(path):
				# What the engine's files say was renamed, and not what they are called
				found = find(path)
				return found if found[1] or not path else find(path.replace("monoframe", "frappe"))

			return renamed

	with_desk = desk.is_built()
	bundles, folders = desk.open_desk() if with_desk else ({}, {})
	folders = {"/out": str(SANDBOX / "out"), **folders, **portal.open_portal(bundles)}
	frappe.destroy()
	return Files(Front(engine, with_desk), folders)


class Front:
	"""Stands before the engine: the sandbox's own pages, and the few names that its pages have otherwise."""

	def __init__(self, app, with_desk: bool):
		# SQLite has one writer: whoever reads and then writes would find that another did meanwhile
		turn = threading.Lock()

		def one_at_a_time(environ, start_response):
			with turn:
				return list(app(environ, start_response))

		self.app = one_at_a_time
		self.with_desk = with_desk

	def __call__(self, environ, start_response):
		path = environ.get("PATH_INFO", "")
		if path in ("", "/"):
			return self.answer(start_response, front_page.index(self.with_desk))
		if path.startswith("/sandbox/as/"):
			to = parse_qs(environ.get("QUERY_STRING", "")).get("to", [""])[0]
			return self.sign_in(start_response, path.removeprefix("/sandbox/as/"), PASSWORD, to)
		if path == "/sandbox/sign-in" and environ["REQUEST_METHOD"] == "POST":
			form = Request(environ).form
			return self.sign_in(start_response, form.get("usr"), form.get("pwd"), form.get("to"))
		if path == "/logout":
			return self.sign_out(environ, start_response)
		if path.rstrip("/") in ("/app", "/desk") and self.with_desk:
			return self.lead(start_response, desk.HOME)
		if re.match("/(app|desk)(/|$)", path) and not self.with_desk:
			return self.answer(start_response, front_page.no_desk())
		# Pages of Frappe name their token in this header
		if token := environ.get("HTTP_X_FRAPPE_CSRF_TOKEN"):
			environ["HTTP_X_MONOFRAME_CSRF_TOKEN"] = token
		return self.engine(environ, start_response)

	def engine(self, environ, start_response):
		held = {}

		def hold(status, headers, exc_info=None):
			held.update(status=status, headers=headers)
			return lambda data: None

		body = b"".join(self.app(environ, hold))
		kind = dict(held["headers"]).get("Content-Type", "")
		if kind.startswith("text/html"):
			text = body.decode()
			text = text.replace("window.monoframe = {};", "window.monoframe = window.frappe = {};", 1)
			# Styles are built for the desk alone
			if 'id="all-symbols"' not in text:
				text = text.replace("</head>", f"{pages.STYLE}</head>", 1)
			body = text.encode()
			held["headers"] = [
				(name, str(len(body)) if name == "Content-Length" else value)
				for name, value in held["headers"]
			]
		start_response(held["status"], held["headers"])
		return [body]

	def answer(self, start_response, text: str):
		body = text.encode()
		start_response(
			"200 OK", [("Content-Type", "text/html; charset=utf-8"), ("Content-Length", str(len(body)))]
		)
		return [body]

	def sign_in(self, start_response, user: str, password: str, to: str):
		"""Sign in and lead to `to`, or to where the user works; back to the page for it when that is refused."""
		answer = Client(self.app).post("/api/method/login", data={"usr": user or "", "pwd": password or ""})
		if answer.status_code != 200:
			return self.lead(start_response, f"/login?refused=1&redirect-to={quote(to or '')}")
		# No other site
		if not re.match(r"/(?!/)", to or ""):
			to = self.home(user)
		return self.lead(start_response, to, answer.headers.getlist("Set-Cookie"))

	def home(self, user: str) -> str:
		from metalcraft_workflow.demo.people import DOMAIN

		if not user.endswith(f"@{DOMAIN}"):
			return "/customer-orders"
		return desk.HOME if self.with_desk else "/sandbox_work"

	def sign_out(self, environ, start_response):
		"""The engine's own page for it does nothing without its scripts, and it takes a sign-out only with the token
		that its pages carry."""
		client = Client(self.app, use_cookies=False)
		cookies = {"Cookie": environ.get("HTTP_COOKIE", "")}
		token = re.search(r'csrf_token = "(\w+)"', client.get("/me", headers=cookies).text)
		answer = client.post(
			"/api/method/frappe.handler.web_logout",
			headers={**cookies, "X-Monoframe-CSRF-Token": token[1] if token else ""},
		)
		return self.lead(start_response, "/", answer.headers.getlist("Set-Cookie"))

	def lead(self, start_response, where: str, cookies=()):
		start_response("303 See Other", [("Location", where), *(("Set-Cookie", value) for value in cookies)])
		return [b""]
