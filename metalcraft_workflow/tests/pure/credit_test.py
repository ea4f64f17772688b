"""Whether credit is good."""

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.credit import Credit, is_good, requirement

amounts = st.floats(0, 1e9, allow_nan=False)


def sentence(credit):
	asked = requirement(credit)
	return asked.message.format(**asked.params)


def test_no_limit_is_no_worry():
	assert is_good(Credit("Acme", limit=0, exposure=1e9))


def test_at_the_limit_is_good_and_over_it_is_not():
	assert is_good(Credit("Acme", limit=1000, exposure=1000))
	assert not is_good(Credit("Acme", limit=1000, exposure=1000.01))


def test_the_sentence_says_what_is_wrong():
	assert "Acme stands at 1,200.00, over the credit limit of 1,000.00" in sentence(
		Credit("Acme", limit=1000, exposure=1200)
	)
	assert "Acme is on credit hold (two invoices overdue)." in sentence(
		Credit("Acme", on_hold=True, hold_reason="two invoices overdue.")
	)
	assert sentence(Credit("Acme", on_hold=True)).startswith("Acme is on credit hold. ")


def test_the_link_leads_to_what_is_wrong():
	assert requirement(Credit("Acme", on_hold=True)).link.fieldname == "credit_hold"
	assert requirement(Credit("Acme", limit=1, exposure=2)).link.fieldname == "credit_limits"


@given(st.booleans(), amounts, amounts)
def test_a_release_always_counts(on_hold, limit, exposure):
	assert is_good(Credit("Acme", on_hold, "", limit, exposure, released=True))


@given(st.booleans(), amounts, amounts, amounts)
def test_more_exposure_never_makes_credit_better(on_hold, limit, exposure, more):
	if is_good(Credit("Acme", on_hold, "", limit, exposure + more)):
		assert is_good(Credit("Acme", on_hold, "", limit, exposure))


def test_the_customer_is_said_by_their_name_and_found_by_their_id():
	found = requirement(Credit(customer="CUST-0007", title="Northgate", on_hold=True))
	assert (found.params["customer"], found.link.name) == ("Northgate", "CUST-0007")
