"""Version and requirements are read from where they are kept, so that each is written once."""

import re
from pathlib import Path

from setuptools import find_packages, setup

here = Path(__file__).parent

# Read, not imported: a build runs without frappe, and must not need it.
version = re.search(
	r'^__version__ = "(.+)"$', (here / "metalcraft_workflow" / "__init__.py").read_text(), re.MULTILINE
).group(1)

install_requires = [
	line
	for line in (here / "requirements.txt").read_text().splitlines()
	if line.strip() and not line.startswith("#")
]

setup(
	name="metalcraft_workflow",
	version=version,
	packages=find_packages(include=["metalcraft_workflow", "metalcraft_workflow.*"]),
	include_package_data=True,
	zip_safe=False,
	install_requires=install_requires,
)
