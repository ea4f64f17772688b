"""What people who are not staff may ask of the site. Everything else is refused.

A request asks for one thing or for several, each of which has a name:

    frappe.ping                 a method, by the address where it is defined
    script:my_prices            the API of a Server Script
    /customer-orders            a page of the website, by its path
    list:Issue                  the list of a DocType in a portal, by whatever route
    record:Issue                one document of it, shown in a portal
    print:Issue                 one document of it, printed; keyed print:Issue with the key of a link to it
    form:issues                 a web form: its page, what it reads and what it saves; own form:rfq is one
                                that this site has made
    published:Blog Post         a page that somebody of the house has published
    document:Issue              a document or a list of them by the REST API, and its methods
    comment:Issue               a comment on a document
    upload:Issue                an upload to a document; without a DocType to none
    file:private                a private file by its address; file:own is one that nobody else has
    app:webshop                 a page or a method of another app

`access.asked` gives the names of a request. They are the ones that administrators enter in the settings.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from metalcraft_workflow.rules.requirement import _lt

# Frappe gives the first role to everybody, and the second to everybody who has signed in
GUEST, SIGNED_IN = "Guest", "All"
CUSTOMER, SUPPLIER = "Customer", "Supplier"

# The web form in which people keep their own profile
PROFILE = "edit-profile"


@dataclass(frozen=True)
class Allowed:
	"""Names that people with `role` may ask for, and why. `*` stands for any characters. `an_hour` is how
	often one person may in an hour, where it is limited."""

	why: str
	role: str
	names: tuple[str, ...]
	an_hour: int = 0


@dataclass(frozen=True)
class Portal:
	"""Another portal of ERPNext, or a part of its website, that a site keeps by a tick in the settings.

	field    the setting
	menu     its entries in the menu of the portal
	"""

	field: str
	title: str
	rows: tuple[Allowed, ...]
	menu: tuple[str, ...] = ()


def pages_of(*doctypes: str) -> tuple[str, ...]:
	"""Names of what a portal shows of `doctypes`."""
	return tuple(f"{kind}:{doctype}" for doctype in doctypes for kind in ("list", "record", "print"))


_USER = "frappe.core.doctype.user.user"
_OAUTH = "frappe.integrations.oauth2"
_PORTAL = "metalcraft_workflow.portal"

ALWAYS: tuple[Allowed, ...] = (
	Allowed(
		"People sign in and out",
		GUEST,
		(
			"login",
			"frappe.handler.logout",
			"frappe.handler.web_logout",
			"frappe.auth.get_logged_user",
			"frappe.ping",
			"frappe.realtime.get_user_info",
			"frappe.integrations.doctype.ldap_settings.ldap_settings.login",
			"frappe.integrations.oauth2_logins.*",
			"frappe.www.login.login_via_*",
			"/login",
			"/logout",
			"/qrcode",
			# Leads staff to the sign-in, and turns everybody else away
			"/app",
			"/app/*",
			"/desk",
			"/desk/*",
			"/apps",
		),
	),
	Allowed(
		"A new password, a new account or a link to sign in is mailed to whoever asks for it",
		GUEST,
		(f"{_USER}.reset_password", f"{_USER}.sign_up", "frappe.www.login.send_login_link"),
		an_hour=20,
	),
	Allowed(
		"A password is set with the old one, or with the key from a mail",
		GUEST,
		(
			f"{_USER}.update_password",
			f"{_USER}.test_password_strength",
			"frappe.core.api.user_invitation.accept_invitation",
			"/update-password",
			"/complete_signup",
		),
	),
	Allowed(
		"Programs sign in by OAuth with a person's consent; Frappe checks client and token",
		GUEST,
		(
			f"{_OAUTH}.approve",
			f"{_OAUTH}.authorize",
			f"{_OAUTH}.get_token",
			f"{_OAUTH}.introspect_token",
			f"{_OAUTH}.openid_configuration",
			f"{_OAUTH}.openid_profile",
			f"{_OAUTH}.register_client",
			f"{_OAUTH}.revoke_token",
			"/.well-known/*",
		),
	),
	Allowed(
		"Everybody keeps their own profile, and takes back what they let programs do",
		SIGNED_IN,
		(
			f"form:{PROFILE}",
			"upload:User",
			"upload:",
			"file:own",
			"frappe.core.api.file.get_max_file_size",
			"frappe.www.third_party_apps.delete_client",
			"/third_party_apps",
		),
	),
	Allowed("It sends a guest to the sign-in", GUEST, ("/me", "/profile", "/portal")),
	Allowed(
		"The portal of this app; each page and method checks whose the document is",
		GUEST,
		(
			"/customer-orders",
			"/customer-orders/*",
			"/customer-quotations",
			"/customer-quotations/*",
			f"{_PORTAL}.documents.*",
			f"{_PORTAL}.messages.*",
			f"{_PORTAL}.orders.*",
			f"{_PORTAL}.purchase_order.*",
		),
	),
	Allowed(
		"Links in mails to staff and customers; Frappe checks their signature or key",
		GUEST,
		(
			"frappe.core.doctype.communication.email.mark_email_as_seen",
			"frappe.email.queue.unsubscribe",
			"frappe.workflow.doctype.workflow_action.workflow_action.apply_action",
			"frappe.workflow.doctype.workflow_action.workflow_action.confirm_action",
			"keyed print:*",
			"/unsubscribe",
			"/confirm_workflow_action",
		),
	),
	Allowed(
		"The relay of push notifications to staff asks who registers",
		GUEST,
		("frappe.push_notification.auth_webhook",),
	),
	Allowed(
		"The public website: what is published, and what its pages consist of",
		GUEST,
		(
			"/404",
			"/about",
			"/attribution",
			"/contact",
			"/error",
			"/home",
			"/message",
			"/partners",
			"/search",
			"/favicon.ico",
			"/robots.txt",
			"/rss.xml",
			"/sitemap.xml",
			"/website_script.js",
			"/assets/*",
			"/files/*",
			"published:*",
			"static:*",
			"list:Blog Post",
			"list:Blog Category",
			"list:Help Article",
			"frappe.search.web_search",
			"frappe.translate.get_all_languages",
			"frappe.utils.global_search.web_search",
			"frappe.website.doctype.web_page_view.web_page_view.make_view_log",
			"frappe.www.search.get_search_results",
		),
	),
	Allowed(
		"Everybody can write to the house by its contact page",
		GUEST,
		("erpnext.templates.utils.send_message", "frappe.www.contact.send_message"),
		an_hour=20,
	),
	Allowed("Nothing is there, or it is elsewhere", GUEST, ("missing:*", "redirect:*")),
)

PORTALS: tuple[Portal, ...] = (
	Portal(
		"portal_invoices",
		_lt("Invoices of customers"),
		(Allowed("ERPNext's pages of submitted invoices", CUSTOMER, pages_of("Sales Invoice")),),
		menu=("/invoices",),
	),
	Portal(
		"portal_addresses",
		_lt("Addresses"),
		(Allowed("ERPNext's address book", SIGNED_IN, (*pages_of("Address"), "form:addresses")),),
		menu=("/addresses",),
	),
	Portal(
		"portal_issues",
		_lt("Issues"),
		(
			Allowed(
				"ERPNext's support portal",
				SIGNED_IN,
				(
					*pages_of("Issue"),
					"form:issues",
					"comment:Issue",
					"upload:Issue",
					"file:private",
					"/support",
					"/help",
					"/search_help",
					"erpnext.templates.pages.search_help.get_help_results_sections",
				),
			),
		),
		menu=("/issues",),
	),
	Portal(
		"portal_projects",
		_lt("Projects, tasks and timesheets"),
		(
			Allowed(
				"ERPNext's pages of projects",
				SIGNED_IN,
				(
					*pages_of("Project", "Task", "Timesheet"),
					"form:tasks",
					"comment:Task",
					"/projects",
					"erpnext.templates.pages.projects.*",
				),
			),
		),
		menu=("/project", "/tasks", "/timesheets"),
	),
	Portal(
		"portal_material_requests",
		_lt("Material requests of customers"),
		(Allowed("ERPNext's pages of material requests", CUSTOMER, pages_of("Material Request")),),
		menu=("/material-requests",),
	),
	Portal(
		"portal_suppliers",
		_lt("Suppliers"),
		(
			Allowed(
				"ERPNext's portal of suppliers",
				SUPPLIER,
				(
					*pages_of(
						"Request for Quotation", "Supplier Quotation", "Purchase Order", "Purchase Invoice"
					),
					"erpnext.buying.doctype.purchase_order.purchase_order.make_purchase_invoice_from_portal",
					"erpnext.buying.doctype.request_for_quotation.request_for_quotation.create_supplier_quotation",
				),
			),
		),
		menu=("/rfq", "/supplier-quotations", "/purchase-orders", "/purchase-invoices"),
	),
	Portal(
		"portal_appointments",
		_lt("Booking of appointments"),
		(
			Allowed(
				"ERPNext's page to book an appointment",
				GUEST,
				(
					"/book_appointment",
					"/book_appointment/*",
					"erpnext.www.book_appointment.index.get_*",
				),
			),
			Allowed(
				"One is booked", GUEST, ("erpnext.www.book_appointment.index.create_appointment",), an_hour=20
			),
		),
		menu=("/book_appointment",),
	),
	Portal(
		"portal_comments",
		_lt("Comments and likes on pages of the website"),
		(
			Allowed(
				"Readers comment on what is published",
				GUEST,
				(
					"comment:Blog Post",
					"comment:Web Page",
					"frappe.templates.includes.likes.likes.like",
					"frappe.website.doctype.help_article.help_article.add_feedback",
				),
				an_hour=60,
			),
			Allowed(
				"Discussions on pages",
				SIGNED_IN,
				(
					"frappe.website.doctype.discussion_topic.discussion_topic.submit_discussion",
					"frappe.website.doctype.discussion_reply.discussion_reply.delete_message",
				),
				an_hour=60,
			),
		),
	),
	Portal(
		"portal_newsletters",
		_lt("Newsletters"),
		(
			Allowed(
				"People subscribe to newsletters and read them",
				GUEST,
				(
					"list:Newsletter",
					"frappe.email.doctype.newsletter.newsletter.confirm_subscription",
					"frappe.email.doctype.newsletter.newsletter.newsletter_email_read",
				),
			),
			Allowed(
				"A subscription is confirmed by a mail",
				GUEST,
				("frappe.email.doctype.newsletter.newsletter.subscribe",),
				an_hour=20,
			),
		),
		menu=("/newsletters",),
	),
	Portal(
		"portal_personal_data",
		_lt("Requests to send or delete personal data"),
		(
			Allowed(
				"Frappe's forms for requests about personal data",
				GUEST,
				(
					"form:request-data",
					"form:request-to-delete-data",
					"frappe.website.doctype.personal_data_deletion_request.personal_data_deletion_request"
					".confirm_deletion",
					"frappe.website.doctype.website_settings.website_settings.get_auto_account_deletion",
				),
				an_hour=60,
			),
		),
	),
	Portal(
		"portal_web_forms",
		_lt("Web forms that this site has made and published"),
		(Allowed("Forms that are no app's own", GUEST, ("own form:*", "upload:"), an_hour=120),),
	),
	Portal(
		"portal_other_apps",
		_lt("Pages and methods of other apps, such as a web shop"),
		(Allowed("Other apps than Frappe and ERPNext answer for themselves", GUEST, ("app:*",)),),
	),
)


def allowed_by(ticked: Iterable[str]) -> tuple[Allowed, ...]:
	"""What is always allowed, and what the ticked settings of `PORTALS` allow besides."""
	ticked = set(ticked)
	return ALWAYS + tuple(row for portal in PORTALS if portal.field in ticked for row in portal.rows)


def find(rows: Iterable[Allowed], name: str, roles: Iterable[str]) -> Allowed | None:
	"""The first of `rows` that lets people with `roles` ask for `name`, or None."""
	roles = set(roles)
	return next(
		(row for row in rows if row.role in roles and any(matches(each, name) for each in row.names)), None
	)


def matches(pattern: str, name: str) -> bool:
	"""Whether `name` is what `pattern` says, where `*` stands for any characters."""
	if "*" not in pattern:
		return pattern == name
	return bool(_expression(pattern).fullmatch(name))


@lru_cache(maxsize=1000)
def _expression(pattern: str) -> re.Pattern[str]:
	return re.compile(".*".join(re.escape(part) for part in pattern.split("*")), re.DOTALL)
