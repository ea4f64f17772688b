"""Every whitelisted method of the app, called over REST with whatever comes: none breaks, none tells how it
is made.

METALCRAFT_FUZZ_EXAMPLES  calls a method, instead of the few of the suite
METALCRAFT_FUZZ_SEED      where the calls begin, instead of SEED
"""

import inspect
import json
import os
from importlib import import_module
from pkgutil import walk_packages
from urllib.parse import urlencode

import frappe
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st

import metalcraft_workflow
from metalcraft_workflow.tests.support import deliveries, factories, money, quotations, rest, returns
from metalcraft_workflow.tests.support.cases import FinalPackCase
from metalcraft_workflow.tests.support.mail_account import make_account

EXAMPLES, SEED = 6, 20260131

# What is sent to methods that take anything
OTHERS = ("txt", "pathname", "fields", "web_form_name", "name", "customer", "status", "flags")

PARTS_WITHOUT_METHODS = ("tests", "demo", "patches", "setup", "www")


def methods() -> dict:
	"""Address -> function, of every whitelisted function of the app that an address leads to."""
	for module in walk_packages(metalcraft_workflow.__path__, "metalcraft_workflow."):
		if module.name.split(".")[1] not in PARTS_WITHOUT_METHODS:
			import_module(module.name)
	return {
		f"{function.__module__}.{function.__name__}": function
		for function in frappe.whitelisted
		if function.__module__.startswith("metalcraft_workflow.")
		and not function.__module__.startswith("metalcraft_workflow.tests.")
		and "." not in function.__qualname__
	}


class TestFuzz(FinalPackCase):
	@classmethod
	def setUpClass(cls):
		super().setUpClass()
		returns.setup_returns()
		cls.addClassCleanup(returns.leave_returns)
		make_account()
		customer = factories.make_customer(f"MT Fuzz {frappe.generate_hash(length=6)}")
		waiting = deliveries.delivery((factories.make_item(), 2, 100), customer=customer)
		shipped = deliveries.shipped(deliveries.delivery((factories.make_item(), 3, 100), customer=customer))
		invoice = money.invoice(shipped)
		authorization = returns.draft(shipped)
		quotation = quotations.make_quotation(customer)
		order = shipped.items[0].against_sales_order
		cls.names = {
			"Sales Order": [order, waiting.items[0].against_sales_order],
			"Delivery Note": [waiting.name, shipped.name],
			"Sales Invoice": [invoice.name],
			"Quotation": [quotation.name],
			"Return Authorization": [authorization.name],
			"Production Notice": frappe.get_all("Production Notice", {"sales_order": order}, pluck="name"),
			"Item": [factories.make_item()],
			"Shipment Document Type": ["Mill Certificate"],
			"File": frappe.get_all("File", {"attached_to_name": order}, pluck="name"),
			"User": [factories.SUPPORT],
		}
		stranger = factories.make_user("no-role@metalcraft.test", [])
		cls.users = [*factories.PEOPLE, money.portal_user(customer), stranger, "Administrator", "Guest"]
		cls.before = frappe.db.get_single_value("System Settings", "allow_error_traceback")
		frappe.db.set_single_value("System Settings", "allow_error_traceback", 1)
		frappe.db.commit()

	@classmethod
	def tearDownClass(cls):
		frappe.db.set_single_value("System Settings", "allow_error_traceback", cls.before)
		frappe.db.commit()
		super().tearDownClass()

	def test_no_call_breaks_a_method(self):
		begin = int(os.environ.get("METALCRAFT_FUZZ_SEED") or SEED)
		examples = int(os.environ.get("METALCRAFT_FUZZ_EXAMPLES") or EXAMPLES)
		found = methods()
		self.assertGreater(len(found), 25)
		print(f"fuzz: {len(found)} methods, {examples} calls each, METALCRAFT_FUZZ_SEED={begin}", flush=True)
		for number, (path, function) in enumerate(sorted(found.items())):
			with self.subTest(path):
				call = given(self.calls(path, function))(self.check)
				call = settings(
					max_examples=examples,
					deadline=None,
					database=None,
					phases=(Phase.explicit, Phase.generate),
					suppress_health_check=list(HealthCheck),
				)(call)
				seed(begin + number)(call)()

	def check(self, call: tuple) -> None:
		user, verb, path, data = call
		rest.forget_rate_limits()
		try:
			answer = rest.request(user, verb, path, data)
		except UnicodeEncodeError:
			return  # not even a request
		said = f"{user}: {verb} {path} {data!r}"[:1500]
		self.assertLess(answer.status, 500, f"{said}\n{answer.text[-3000:]}")
		if "Traceback" in answer.text:
			# Of Frappe alone, which refuses before the method is reached
			self.assertNotIn("metalcraft_workflow/", answer.text, said)

	# What is called

	def calls(self, path: str, function) -> st.SearchStrategy:
		"""Calls of one method, by one of the users, with arguments that may fit or not."""
		verbs = frappe.allowed_http_methods_for_whitelisted_func[function]
		arguments = {
			name: self.values(name)
			for name, parameter in inspect.signature(function).parameters.items()
			if parameter.kind is not parameter.VAR_KEYWORD
		}
		if len(arguments) < len(inspect.signature(function).parameters):
			arguments |= {name: self.values(name) for name in OTHERS}
		some = st.fixed_dictionaries({}, optional=arguments)
		all_of_them = st.fixed_dictionaries(arguments)
		return st.builds(
			as_request,
			user=st.sampled_from(self.users),
			verb=st.sampled_from([verb for verb in verbs if verb in ("GET", "POST")]),
			path=st.just(path),
			arguments=st.one_of(all_of_them, all_of_them, some),
		)

	def values(self, argument: str) -> st.SearchStrategy:
		"""What is sent for `argument`: most often a name that may be meant, else anything."""
		named = [name for names in self.names.values() for name in names]
		fitting = st.sampled_from(named)
		if argument == "doctype" or argument.endswith("_doctype"):
			fitting = st.sampled_from([*self.names, "Sales Order Item", "System Settings", "DocType"])
		elif argument in ("target_doc", "filters", "rows", "files", "quantities"):
			fitting = self.structures()
		elif frappe.unscrub(argument) in self.names:
			fitting = st.sampled_from(self.names[frappe.unscrub(argument)])
		return st.one_of(fitting, fitting, odd(), st.sampled_from(named))

	def structures(self) -> st.SearchStrategy:
		"""Documents, filters and rows, more or less as forms send them, as JSON or text of it."""
		keys = st.sampled_from(
			("doctype", "name", "items", "gate", "condition", "findings", "company", "docstatus", "qty")
		)
		values = st.one_of(
			odd(),
			st.sampled_from(
				[
					*self.names,
					*(name for names in self.names.values() for name in names),
					"clear",
					"Defective",
				]
			),
		)
		rows = st.dictionaries(keys, values, max_size=4)
		documents = st.builds(
			lambda doctype, row, items: {**row, "doctype": doctype, "items": items},
			st.sampled_from(["Delivery Note", "Stock Entry", "Return Authorization", "Sales Order"]),
			rows,
			st.one_of(odd(), st.lists(rows, max_size=3)),
		)
		found = st.one_of(documents, rows, st.lists(rows, max_size=3))
		return st.one_of(found, found.map(json.dumps))


def odd() -> st.SearchStrategy:
	"""Values that no form sends."""
	single = st.one_of(
		st.none(),
		st.booleans(),
		st.integers(),
		st.sampled_from([10**30, -1, 0, 2**63]),
		st.floats(),
		st.text(max_size=40),
		st.sampled_from(
			[
				"",
				" ",
				"x" * 200_000,
				"\0",
				"\ud800",
				"\U0001d518😀",
				"' OR 1=1 -- ",
				"%",
				"../../etc/passwd",
				"<script>alert(1)</script>",
				"{{ frappe }}",
				"null",
				"[]",
				"{}",
				"[" * 3000,
				'{"a": ' * 30 + "1" + "}" * 30,
				"NaN",
				"1e400",
				"2026-02-30",
				"0000-00-00",
				"9" * 5000,
			]
		),
	)
	return st.recursive(
		single,
		lambda inner: st.one_of(
			st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=8), inner, max_size=3)
		),
		max_leaves=6,
	)


def as_request(user: str, verb: str, path: str, arguments: dict) -> tuple:
	"""User, verb, address and body of a call: in the address what is got, as JSON what is posted."""
	if verb != "GET":
		return user, verb, f"/api/method/{path}", arguments
	query = {
		name: value if isinstance(value, str) else json.dumps(value) for name, value in arguments.items()
	}
	query = {name: value[:5000].encode("utf-8", "replace") for name, value in query.items()}
	return user, verb, f"/api/method/{path}?{urlencode(query)}", None
