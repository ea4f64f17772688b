"""What a person reads when the sandbox cannot be set up. Run by ./sandbox/test pure."""

import errno
import os
import shutil
import signal
import subprocess
from pathlib import Path

import prepare
import pytest

HERE = Path(__file__).parent
# An address of this machine where nobody answers
NOWHERE = {"PIP_INDEX_URL": "http://127.0.0.1:9/simple", "PIP_RETRIES": "1", "PIP_CONFIG_FILE": os.devnull}


@pytest.fixture
def copy(tmp_path):
	"""A sandbox that was never set up, in a folder with a space in its name."""
	folder = tmp_path / "a copy"
	folder.mkdir()
	for name in ("prepare.py", "python.sh", "run", "requirements.txt", "monoframe.txt"):
		shutil.copy(HERE / name, folder)
	return folder


def start(folder: Path, **environment) -> subprocess.Popen:
	# In English, and alone in its group, so that a signal reaches what it starts and nothing else. What a shell
	# puts in the background ignores Ctrl+C, and so does all that is started from there.
	return subprocess.Popen(
		["sh", str(folder / "run"), "--no-serve"],
		env={**os.environ, "LC_ALL": "C", **environment},
		stdout=subprocess.PIPE,
		stderr=subprocess.PIPE,
		text=True,
		start_new_session=True,
		preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
	)


def test_without_python(copy, tmp_path):
	tools = tmp_path / "tools"
	tools.mkdir()
	for name in ("dirname", "sh"):
		(tools / name).symlink_to(shutil.which(name))
	run = start(copy, PATH=str(tools))
	assert "apt-get install python3" in run.communicate()[1]
	assert run.returncode == 2


def test_without_network(copy):
	run = start(copy, **NOWHERE)
	_said, sentence = run.communicate()
	assert run.returncode == 2
	assert sentence.startswith("PyPI could not be reached")
	assert sentence.count("\n") == 1
	assert not list(copy.glob(".venv*"))


def test_interrupted(copy):
	run = start(copy, **NOWHERE)
	assert run.stdout.readline().startswith("Setting up")
	os.killpg(run.pid, signal.SIGINT)
	_said, sentence = run.communicate()
	assert run.returncode == 130
	assert sentence.strip() == "Stopped. Nothing half-made was kept."
	assert not list(copy.glob(".venv*"))


def test_too_little_room_leaves_what_is_there(copy, monkeypatch, capsys):
	old = copy / ".venv"
	old.mkdir()
	monkeypatch.setattr(prepare, "HERE", str(copy))
	monkeypatch.setattr(prepare, "VENV", str(old))
	monkeypatch.setattr(
		prepare.shutil, "disk_usage", lambda path: shutil._ntuple_diskusage(10**9, 10**9, 2**20)
	)
	with pytest.raises(SystemExit):
		prepare.make(None)
	assert "needs 1200 MB of disk, and 1 MB are free" in capsys.readouterr().err
	assert old.exists()


@pytest.mark.parametrize(
	("said", "sentence"),
	[
		(
			"ERROR: Could not install packages due to an OSError: No space left on device",
			"The disk is full.",
		),
		(
			"WARNING: Retrying (Retry(total=0)) after connection broken by 'NewConnectionError(...)'\n"
			"ERROR: No matching distribution found for click==8.1.8",
			"PyPI could not be reached",
		),
		(
			"ERROR: Exception:\npip._vendor.urllib3.exceptions.IncompleteRead(81 bytes read)",
			"PyPI could not be reached",
		),
		("Could not fetch URL: There was a problem confirming the ssl certificate", "PyPI's certificate"),
		(
			"Collecting click\nERROR: THESE PACKAGES DO NOT MATCH THE HASHES",
			"The packages could not be installed",
		),
	],
)
def test_what_pip_says(said, sentence):
	assert prepare.why(said).startswith(sentence)


def test_what_the_system_refuses():
	assert "may not write" in prepare.trouble(PermissionError(errno.EROFS, "Read-only file system"))
	assert "disk is full" in prepare.trouble(OSError(errno.ENOSPC, "No space left on device"))
