"""Makes sandbox/.venv, once, and hands over to it. Runs on the machine's own Python, whatever it has.

python3 sandbox/prepare.py engine.runner ...    used by ./sandbox/test
python3 sandbox/prepare.py engine.show ...      used by ./sandbox/run
"""

import errno
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(HERE, ".venv")
CACHE = os.path.join(HERE, ".cache")
LISTS = [os.path.join(HERE, name) for name in ("requirements.txt", "monoframe.txt")]
NEEDED_MB = 1200


def main():
	if sys.version_info < (3, 11):
		stop(
			"The sandbox needs Python 3.11 or newer, and this is {}.{}. Debian 12, Ubuntu 24.04 and what is newer"
			" have it.".format(*sys.version_info[:2])
		)
	python = sys.executable
	if not {"-h", "--help"} & set(sys.argv):
		python = os.path.join(VENV, "bin", "python")
		set_surroundings()
		try:
			prepare()
		except KeyboardInterrupt:
			stop("\nStopped. Nothing half-made was kept.", 130)
		except OSError as error:
			stop(trouble(error))
	start = "import runpy, sys; sys.path.insert(0, {!r}); runpy.run_module({!r}, run_name='__main__', alter_sys=True)"
	sys.stdout.flush()
	os.execv(python, [python, "-W", "ignore", "-c", start.format(HERE, sys.argv[1]), *sys.argv[2:]])


def stop(sentence, code=2):
	sys.stdout.flush()
	sys.stderr.write(sentence + "\n")
	sys.exit(code)


def set_surroundings():
	"""What this process and all that it starts find around them, on every machine alike."""
	# Temporary files too stay in the sandbox
	os.environ["TMPDIR"] = os.path.join(CACHE, "tmp")
	os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = os.path.join(CACHE, "hypothesis")
	# Files are UTF-8, whatever the locale says
	os.environ["PYTHONUTF8"] = "1"
	# Meant for other programs
	for name in ("PYTHONPATH", "PYTHONHOME", "PIP_TARGET", "PIP_PREFIX", "PIP_USER"):
		os.environ.pop(name, None)


def prepare():
	os.makedirs(os.environ["TMPDIR"], exist_ok=True)
	with open(os.path.join(CACHE, "lock"), "w") as lock:
		try:
			fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
		except BlockingIOError:
			print("Waiting for another start of the sandbox ...", flush=True)
			fcntl.flock(lock, fcntl.LOCK_EX)
		if not is_ready():
			make(lock)


def is_ready():
	try:
		with open(os.path.join(VENV, "ready")) as file:
			return file.read() == stamp() and os.access(os.path.join(VENV, "bin", "python"), os.X_OK)
	except OSError:
		return False


def stamp():
	found = hashlib.sha256("{}.{}".format(*sys.version_info[:2]).encode())
	for name in LISTS:
		with open(name, "rb") as file:
			found.update(file.read())
	return found.hexdigest()


def make(lock):
	"""Make the environment beside the old one, which stays until the new one is whole."""
	free = shutil.disk_usage(HERE).free // 2**20
	if free < NEEDED_MB:
		stop(
			f"The sandbox needs {NEEDED_MB} MB of disk, and {free} MB are free in {HERE}. Nothing was changed."
		)
	new = VENV + ".new"
	shutil.rmtree(new, ignore_errors=True)
	print(f"Setting up the sandbox in {HERE} (once; about a minute)", flush=True)
	try:
		make_venv(new)
		install(new, lock)
		with open(os.path.join(new, "ready"), "w") as file:
			file.write(stamp())
	except BaseException:
		shutil.rmtree(new, ignore_errors=True)
		raise
	shutil.rmtree(VENV, ignore_errors=True)
	os.rename(new, VENV)
	print("\nThe environment is ready.", flush=True)


def make_venv(folder):
	made = subprocess.run([sys.executable, "-m", "venv", folder], capture_output=True, text=True)
	said = made.stderr + made.stdout
	if made.returncode and not is_full(said):
		stop(
			"This Python cannot make a virtual environment. On Debian and Ubuntu:"
			" apt-get install python{}.{}-venv".format(*sys.version_info[:2])
			if "ensurepip" in said or "No module named venv" in said
			else f"The virtual environment could not be made: {last_line(said)}"
		)
	if made.returncode:
		raise OSError(errno.ENOSPC, said)


def install(venv, lock):
	command = [os.path.join(venv, "bin", "python"), "-m", "pip", "install", "--no-deps", "--require-hashes"]
	command += ["--no-input", "--disable-pip-version-check", "--progress-bar", "off", "--no-cache-dir"]
	# Most of it is never imported; what is, is compiled then
	command += ["--no-compile"]
	total, seen, said = 0, 0, []
	for name in LISTS:
		command += ["-r", name]
		with open(name) as file:
			total += len(re.findall(r"(?m)^[A-Za-z0-9_.-]+(?:\[.*\])?==", file.read()))
	# With the lock in its hands: should only this process be killed, the next start waits for pip to end
	pip = subprocess.Popen(
		command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, pass_fds=[lock.fileno()]
	)
	try:
		for line in pip.stdout:
			said.append(line)
			if line.startswith("Collecting"):
				seen += 1
				progress(f"Fetching packages: {min(seen, total)} of {total}", seen)
			elif line.startswith("Installing collected"):
				progress("Installing packages", 0)
	except BaseException:
		pip.kill()
		pip.wait()
		raise
	if pip.wait():
		stop(("\n" if sys.stdout.isatty() else "") + why("".join(said)))


def progress(text, number):
	if sys.stdout.isatty():
		sys.stdout.write(f"\r{text:<60}")
	elif number % 25 == 0:
		sys.stdout.write(text + "\n")
	sys.stdout.flush()


def why(said):
	"""What went wrong with pip, in a sentence."""
	if is_full(said):
		return full()
	if "CERTIFICATE_VERIFY_FAILED" in said or "confirming the ssl certificate" in said:
		return "PyPI's certificate was not accepted. If your network has one of its own, name it: pip config set global.cert FILE"
	network = ("connection broken by", "Connection to ", "Max retries", "ReadTimeout", "IncompleteRead")
	network += ("Connection aborted", "Connection reset", "Network is unreachable", "Temporary failure")
	if any(word in said for word in network):
		return (
			"PyPI could not be reached, or not to the end. The sandbox needs the network once, to fetch its packages."
			" Start again when it is there."
		)
	return "The packages could not be installed: " + last_line(said)


def is_full(said):
	return "No space left" in said or "Disk quota exceeded" in said


def full():
	return f"The disk is full. Nothing half-made was kept. Make room for {NEEDED_MB} MB, and start again."


def trouble(error):
	"""What the system refuses, in a sentence."""
	if error.errno in (errno.ENOSPC, errno.EDQUOT):
		return full()
	if error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
		return f"You may not write to {HERE}: {error.strerror}. Put a copy of the project where you may."
	return f"The sandbox could not be set up: {error}."


def last_line(said):
	lines = [line.strip() for line in said.splitlines() if "ERROR" in line] or said.strip().splitlines()
	return lines[-1] if lines else "no reason was given."


if __name__ == "__main__":
	main()
