# Read by run and test: `here`, the folder, and `python`, the first one that fits, else one that says what does.
here=$(cd "$(dirname "$0")" && pwd)
python=
for each in python3 python3.14 python3.13 python3.12 python3.11; do
	command -v "$each" >/dev/null || continue
	python=${python:-$each}
	if "$each" -c "import sys; sys.exit(sys.version_info < (3, 11))" 2>/dev/null; then
		python=$each
		break
	fi
done
if [ -z "$python" ]; then
	echo "The sandbox needs Python 3.11 or newer. On Debian and Ubuntu: apt-get install python3 python3-venv" >&2
	exit 2
fi
