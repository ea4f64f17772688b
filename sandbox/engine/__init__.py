"""What lets the app run without a bench: the engine, put right, under the name that the app calls it by.

`start()` is all that others need, and `carry_out()` for a command. Neither touches anything outside the
folder of the sandbox.
"""

import errno
import os
import sqlite3
import sys
import warnings
from pathlib import Path

SANDBOX = Path(__file__).resolve().parents[1]
PROJECT = SANDBOX.parent
CACHE = SANDBOX / ".cache"


def start() -> None:
	"""Make `import frappe`, `import erpnext` and `import metalcraft_workflow` work in this process."""
	for folder in (PROJECT, SANDBOX):
		if str(folder) not in sys.path:
			sys.path.insert(0, str(folder))
	os.environ.update(
		MONOFRAME_DB_TYPE="sqlite",
		MONOFRAME_DB_NAME="site",
		MONOFRAME_SECRET_KEY="sandbox",
		MONOFRAME_ALLOW_TESTS="1",
		MONOFRAME_EXTRA_CONFIG="engine.site.config",
	)
	from engine import alias, shims

	shims.before_import()
	shims.apply()
	alias.install()


def carry_out(command) -> None:
	"""Run a command and end with what it gives. What a person can put right is told in a sentence."""
	warnings.simplefilter("ignore")
	try:
		sys.exit(command())
	except KeyboardInterrupt:
		stop("\nStopped. What was made before is still there.", 130)
	except BrokenPipeError:
		# Nobody reads on, as with `| head`
		os._exit(1)
	except Exception as error:
		sentence = sentence_for(error)
		if not sentence:
			raise
		stop(sentence)


def stop(sentence: str, code: int = 2) -> None:
	sys.stdout.flush()
	print(sentence, file=sys.stderr)
	sys.exit(code)


def sentence_for(error: BaseException | None) -> str | None:
	"""What to do about `error`, or about what it came of; nothing when the sandbox itself is at fault."""
	import click

	from engine.shims import EngineChanged

	while error:
		if is_full(error):
			return "The disk is full. What was made before is still there; make room and start again."
		if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
			return f"You may not write to {error.filename or SANDBOX}: {error.strerror}."
		if isinstance(error, EngineChanged):
			return str(error)
		if isinstance(error, click.ClickException):
			return error.format_message()
		error = error.__cause__ or error.__context__
	return None


def is_full(error: BaseException) -> bool:
	if isinstance(error, OSError):
		# Copying a folder tells of several at once, in words
		return error.errno in (errno.ENOSPC, errno.EDQUOT) or "[Errno 28]" in str(error)
	return isinstance(error, sqlite3.OperationalError) and "disk is full" in str(error)
