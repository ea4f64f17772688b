"""hooks.py says everything once: a name that is set again forgets what it said before."""

import ast
from collections import Counter
from pathlib import Path

import metalcraft_workflow

HOOKS = Path(metalcraft_workflow.__file__).with_name("hooks.py")


def test_no_hook_is_set_twice():
	names = Counter(
		target.id
		for node in ast.parse(HOOKS.read_text()).body
		if isinstance(node, ast.Assign)
		for target in node.targets
		if isinstance(target, ast.Name)
	)
	assert [name for name, times in names.items() if times > 1] == []
