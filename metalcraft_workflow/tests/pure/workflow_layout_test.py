"""The boxes of a workflow in the Workflow Builder, whatever an administrator has drawn."""

import unittest
from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.workflow_layout import HEIGHT, WIDTH, Move, State, layout


@st.composite
def workflows(draw) -> tuple[list[State], list[Move]]:
	states = [State(f"S{number}", draw(st.booleans())) for number in range(draw(st.integers(1, 8)))]
	state = st.sampled_from([each.name for each in states])
	moves = [Move(draw(state), f"A{number}", draw(state)) for number in range(draw(st.integers(0, 15)))]
	return states, moves


class TestLayout(unittest.TestCase):
	@given(workflows())
	def test_no_box_lies_on_another(self, workflow):
		states, moves = workflow
		boxes = [each for each in layout(states, moves) if each["type"] != "transition"]
		self.assertEqual(len(boxes), len(states) + len(moves))
		for one, other in combinations(boxes, 2):
			across = abs(one["position"]["x"] - other["position"]["x"])
			down = abs(one["position"]["y"] - other["position"]["y"])
			self.assertTrue(across >= WIDTH or down >= HEIGHT, (one["id"], other["id"]))

	@given(workflows())
	def test_each_action_joins_its_states(self, workflow):
		states, moves = workflow
		ids = {state.name: str(number) for number, state in enumerate(states, 1)}
		lines = {(each["source"], each["target"]) for each in layout(states, moves) if "source" in each}
		for number, move in enumerate(moves, 1):
			self.assertIn((ids[move.start], f"action-{number}"), lines)
			self.assertIn((f"action-{number}", ids[move.end]), lines)
