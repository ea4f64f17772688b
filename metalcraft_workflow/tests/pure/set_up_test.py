"""Whether every step has people who can take it."""

from metalcraft_workflow.rules.set_up import ALONE, NOBODY, ONE_APPROVER, problem, steps


def problems(people: dict, **demanded) -> dict[str, str]:
	return {step.gate: problem(step) for step in steps(people, demanded)}


def test_a_step_without_anybody():
	assert problems({})["clear"] == NOBODY


def test_one_approver_cannot_accept_a_change():
	people = {"request_approval": ["ben"], "approve": ["priya"]}
	assert problems(people)["approve"] == ONE_APPROVER
	assert problems({**people, "approve": ["priya", "omar"]})["approve"] == ""


def test_one_person_cannot_take_two_steps_that_are_held_apart():
	people = {"request_approval": ["ann"], "approve": ["ann"], "release_documents": ["ann"], "clear": ["ann"]}
	assert problems(people)["approve"] == ALONE
	assert problems(people)["clear"] == ""
	assert problems(people, separate_quality_and_clearance=True)["clear"] == ALONE
