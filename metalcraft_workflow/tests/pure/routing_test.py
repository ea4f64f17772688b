from unittest import TestCase

from hypothesis import given
from hypothesis import strategies as st

from metalcraft_workflow.rules.routing import Item, RoutedLine, routed, routes

DEPARTMENTS = st.lists(st.sampled_from("ABC"), unique=True, max_size=2).map(tuple)


def where(item: Item, default: str | None = None, *others: Item, **line) -> list[tuple]:
	items = {row.item_code: row for row in (item, *others)}
	found = routes([RoutedLine("line", 1, item.item_code, **line)], items, default)
	return [(route.item_code, route.departments) for route in found]


class TestRouting(TestCase):
	def test_own_then_nearest_group_then_default(self):
		groups = ((), ("B",), ("C",))
		self.assertEqual(where(Item("X", ("A",), groups), "D"), [("X", ("A",))])
		self.assertEqual(where(Item("X", (), groups), "D"), [("X", ("B",))])
		self.assertEqual(where(Item("X", (), ((), ())), "D"), [("X", ("D",))])
		self.assertEqual(where(Item("X")), [("X", ())])

	def test_service_is_nobodys_work_unless_named(self):
		self.assertEqual(where(Item("X", is_made=False), "D"), [])
		self.assertEqual(where(Item("X", groups=(("B",),), is_made=False), "D"), [("X", ("B",))])

	def test_bundle(self):
		part, other, paper = Item("P", ("A",)), Item("Q"), Item("R", is_made=False)
		parts = {"parts": ("P", "Q", "R")}
		bundle = Item("X", groups=(("C",),), is_made=False)
		self.assertEqual(where(bundle, "D", part, other, paper, **parts), [("P", ("A",)), ("Q", ("C",))])
		whole = Item("X", ("B",), is_made=False)
		self.assertEqual(where(whole, "D", part, other, paper, **parts), [("X", ("B",))])
		bare = Item("X", is_made=False)
		self.assertEqual(where(bare, "D", part, other, paper, **parts), [("P", ("A",)), ("Q", ("D",))])

	@given(DEPARTMENTS, st.lists(DEPARTMENTS, max_size=3).map(tuple), st.booleans())
	def test_with_a_default_nothing_is_lost(self, own, groups, is_made):
		found = routes([RoutedLine("line", 1, "X")], {"X": Item("X", own, groups, is_made)}, "D")
		self.assertTrue(routed(found).met)
		self.assertTrue(all(route.departments for route in found))
		self.assertEqual(bool(found), is_made or bool(own) or any(groups))

	def test_sentence_names_each_item_once_and_leads_to_the_first(self):
		lines = [RoutedLine("a", 1, "X"), RoutedLine("b", 2, "Y"), RoutedLine("c", 3, "X")]
		requirement = routed(routes(lines, {"X": Item("X"), "Y": Item("Y")}, None))
		self.assertFalse(requirement.met)
		self.assertEqual(requirement.params["items"], "X (#1), Y (#2), X (#3)")
		self.assertEqual((requirement.link.doctype, requirement.link.name), ("Item", "X"))
