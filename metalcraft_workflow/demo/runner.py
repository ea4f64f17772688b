"""The whole demo: make what is missing, carry every order on from where it stands, and report."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass, field

import frappe

from metalcraft_workflow.demo import company, mailbox, masters, people
from metalcraft_workflow.demo.carry import Carrier
from metalcraft_workflow.demo.orders import STORIES, Story

PREPARATIONS = 3


@dataclass
class Outcome:
	"""What a run did: how many steps it took, and found taken; which orders stopped, and why; and how
	many mails went without the print they should carry."""

	taken: int = 0
	found: int = 0
	stopped: dict[str, str] = field(default_factory=dict)
	without_print: int = 0


def total_steps(stories: tuple[Story, ...] = STORIES) -> int:
	"""How often `run` calls `progress`."""
	return PREPARATIONS + sum(1 for story in stories for _step in story.steps())


def run(
	progress: Callable[[str], None] = lambda _label: None,
	password: str | None = None,
	stories: tuple[Story, ...] = STORIES,
	send_mails: bool = True,
) -> Outcome:
	"""Make the demo company and carry its orders; what an earlier run did is found and left alone.

	`progress` hears what is done next. Each step is committed, so that an interruption loses at most
	one. An order whose step is refused stays where it is; the others go on.
	"""
	frappe.set_user("Administrator")
	# By the demo's own mail server, as long as it is there; and bells ring while it runs
	frappe.flags.mails_at_once = True
	prepare(progress, password)
	outcome = Outcome()
	with mailbox.open_mailbox() if send_mails else nullcontext():
		# The furthest first, so that the stock that came first goes to the order that came first
		for story in reversed(stories):
			carry(story, outcome, progress)
			if send_mails:
				outcome.without_print += mailbox.deliver()
	return outcome


def prepare(progress: Callable[[str], None], password: str | None = None) -> None:
	"""Make company, people and masters, as far as they are missing."""
	progress("Company")
	company.make_company()
	commit()
	progress("People")
	people.make_people(password)
	people.make_departments()
	commit()
	progress("Items, customers, stock")
	masters.make_masters()
	masters.make_buyers(password)
	masters.make_stock()
	commit()


def carry(story: Story, outcome: Outcome, progress: Callable[[str], None]) -> None:
	"""Take one story through its steps, up to the first that is refused."""
	carrier = Carrier(story)
	for step, delivery in story.steps():
		progress(story.title)
		if story.title in outcome.stopped:
			continue
		try:
			taken = carrier.take(step, delivery)
		except Exception as error:
			frappe.db.rollback()
			frappe.log_error(title=f"Demo: {story.title}, step {step}")
			outcome.stopped[story.title] = f"{step}: {plain(error)}"
		else:
			outcome.taken += taken
			outcome.found += not taken
		mailbox.divert()
		commit()


def commit() -> None:
	"""Keep what was done so far, and forget the messages that a person in the desk would have read."""
	# A bench command commits by itself
	frappe.db.commit()  # nosemgrep: frappe-manual-commit
	frappe.clear_messages()


def plain(error: Exception) -> str:
	"""What an error says, in one line without markup."""
	text = frappe.utils.strip_html(str(error).replace("<br>", " ")) or type(error).__name__
	return " ".join(text.split())
