"""Work in a process of its own."""

import os
import signal
import sys
import traceback
from pathlib import Path


def fork(do, log: Path | None = None, limit: int = 0) -> int:
	"""Call `do` in a copy of this process; gives its number. It ends with 0 when `do` came to its end, with 1
	when not, and by SIGALRM after `limit` seconds. What it says goes into `log`, where there is one."""
	sys.stdout.flush()
	pid = os.fork()
	if pid:
		return pid
	code = 1
	try:
		signal.alarm(limit)
		if log:
			opened = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
			os.dup2(opened, 1)
			os.dup2(opened, 2)
		do()
		code = 0
	except BaseException:
		traceback.print_exc()
	finally:
		sys.stdout.flush()
		sys.stderr.flush()
		os._exit(code)
