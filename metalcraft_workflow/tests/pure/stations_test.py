"""The line of stations: what is done, where work waits, what blocks."""

from metalcraft_workflow.rules.my_work import leads_on, title
from metalcraft_workflow.rules.orders import Invoice, OrderFacts, OrderLine
from metalcraft_workflow.rules.stations import BLOCKED, Mark, current, of_delivery, of_order


def facts(*lines: OrderLine, docstatus: int = 1, invoices=(), status: str = "") -> OrderFacts:
	return OrderFacts(
		name="SO-1",
		docstatus=docstatus,
		gate="",
		status=status,
		keep_open=False,
		closed_by_workflow=False,
		currency="USD",
		lines=lines or (OrderLine(1, "A", 10, 100, name="a"),),
		deliveries=(),
		invoices=tuple(invoices),
		returns=(),
		last_event=None,
		per_delivered=0,
		recorded_stage="",
	)


def states(line) -> dict[str, str]:
	return {station.key: station.state for station in line}


def here(line) -> list[str]:
	return [station.key for station in current(line)]


def test_before_the_approval_it_waits_there():
	assert here(of_order(facts(docstatus=0), "", {}, {})) == ["approved"]
	assert here(of_order(facts(docstatus=0), "request_approval", {}, {})) == ["approved"]


def test_credit_hold_is_a_station_with_its_reason():
	line = of_order(facts(docstatus=0), "credit_hold", {}, {}, hold_reason="Owes too much.")
	station = next(station for station in line if station.key == "credit_hold")
	assert (station.state, station.reason) == (BLOCKED, "Owes too much.")
	assert here(line) == []
	released = of_order(facts(docstatus=0), "request_approval", {}, {"credit_hold": Mark(by="dana")})
	assert next(station for station in released if station.key == "credit_hold").mark.by == "dana"


def test_after_the_approval_production_has_it():
	line = of_order(facts(), "approve", {}, {})
	assert here(line) == ["production"]
	assert states(line)["approved"] == "done"
	assert "change_review" not in states(line)


def test_a_changed_order_is_blocked_at_its_review():
	line = of_order(facts(), "change_review", {}, {}, review_reason="Two more.")
	assert states(line)["change_review"] == BLOCKED


def test_work_waits_where_more_has_come_than_gone():
	some = OrderLine(1, "A", 10, 100, name="a", at_final_pack=6)
	line = of_order(facts(some), "approve", {"final_pack": 4, "quality": 4}, {})
	assert here(line) == ["production", "final_pack", "clearance"]
	parts = {station.key: (station.done, station.total, station.ready) for station in line}
	assert parts["production"] == (6, 10, 4)
	assert parts["final_pack"] == (4, 10, 2)
	assert parts["clearance"] == (0, 10, 4)


def test_what_came_back_elsewhere_is_brought_again():
	back = OrderLine(
		1, "A", 10, 100, name="a", at_final_pack=10, delivered=8, returned=2, away=2, to_replace=2
	)
	parts = {
		station.key: (station.done, station.total) for station in of_order(facts(back), "approve", {}, {})
	}
	assert parts["production"] == (8, 10)


def test_services_are_not_brought():
	goods = OrderLine(1, "A", 10, 100, name="a", at_final_pack=10)
	service = OrderLine(2, "S", 5, 50, name="s")
	line = of_order(facts(goods, service), "approve", {}, {}, not_brought={"s"})
	assert states(line)["production"] == "done"
	assert here(line) == ["final_pack"]


def test_to_the_end():
	done = OrderLine(1, "A", 10, 100, name="a", at_final_pack=10, delivered=10, billed=100, billed_qty=10)
	unpaid = of_order(facts(done, invoices=[Invoice("I", False, 100)]), "approve", {}, {})
	assert here(unpaid) == ["paid"]
	paid = of_order(facts(done, invoices=[Invoice("I", False)]), "approve", {}, {})
	assert here(paid) == ["closed"]
	closed = of_order(facts(done, invoices=[Invoice("I", False)], status="Closed"), "approve", {}, {})
	assert set(states(closed).values()) == {"done"}


def test_nothing_is_under_way_of_what_was_cancelled_or_closed_by_hand():
	assert here(of_order(facts(docstatus=2), "", {}, {})) == []
	assert here(of_order(facts(status="Closed"), "approve", {}, {})) == []


def test_a_delivery():
	assert here(of_delivery(0, "", 0, (), {})) == ["final_pack"]
	assert here(of_delivery(0, "complete_packing", 0, (), {})) == ["quality"]
	assert here(of_delivery(0, "clear", 0, (), {})) == ["shipped"]
	assert here(of_delivery(1, "ship", 0, (), {})) == ["invoiced"]
	assert here(of_delivery(1, "ship", 1, (False,), {})) == ["paid"]
	assert here(of_delivery(1, "ship", 1, (True,), {})) == []
	assert here(of_delivery(2, "", 0, (), {})) == []


def test_a_delivery_on_hold_says_why():
	line = of_delivery(0, "hold", 0, (), {}, reason="The customer moves.")
	assert states(line)["hold"] == BLOCKED
	assert here(line) == []
	assert "hold" not in states(of_delivery(0, "release_documents", 0, (), {}))


def test_what_leads_on():
	assert leads_on("", "request_approval", is_later=True)
	assert leads_on("credit_hold", "request_approval", is_later=False)
	assert leads_on("change_review", "approve", is_later=False)
	assert leads_on("hold", "release_documents", is_later=False)
	for back in (("request_approval", ""), ("credit_hold", ""), ("approve", "change_review"), ("hold", "")):
		assert not leads_on(*back, is_later=True)
	assert not leads_on("clear", "release_documents", is_later=False)


def test_a_state_that_an_administrator_put_between_two_leads_on_by_its_place():
	assert leads_on("request_approval", "request_approval", is_later=True)
	assert not leads_on("request_approval", "request_approval", is_later=False)


def test_lists_are_called_by_what_is_to_be_done():
	assert title("", "request_approval", is_first=True) == "Orders to Send for Approval"
	assert title("", "request_approval", is_first=False) == ""
	assert title("credit_hold", "request_approval", is_first=False) == "Orders in Credit Hold"
	assert title("", "release_documents", is_first=True) == "Deliveries to Pack"
	assert title("clear", "ship", is_first=False) == "Deliveries to Ship"
