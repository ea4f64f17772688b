"""Writes the common_site_config.json of .ci/run's own bench into the current folder.

    site_config.py REAL_CONFIG CACHE_PORT QUEUE_PORT

Prints the pid file of MariaDB. Exits with 3 if MariaDB does not answer, with 4 if it refuses the login.
Runs with the Python of the bench, because that one can talk to MariaDB.
"""

import json
import os
import sys

import pymysql
from pymysql.constants import CR, ER

NO_ANSWER = {CR.CR_CONNECTION_ERROR, CR.CR_CONN_HOST_ERROR, CR.CR_SERVER_GONE_ERROR, CR.CR_SERVER_LOST}
REFUSED = {ER.ACCESS_DENIED_ERROR, 1698}  # 1698: the user may come in by the socket only


def main(real_config: str, cache_port: str, queue_port: str) -> int:
	with open(real_config) as f:
		real = json.load(f)

	# Only the way to the database is taken over: what else is set on the real bench must not sway the tests.
	config = {key: real[key] for key in ("db_host", "db_port", "db_socket") if real.get(key)}

	given = os.environ.get("METALCRAFT_DB_ROOT_PASSWORD")
	for password in [given] if given else [real.get("root_password"), "root"]:
		if not password:
			continue  # frappe takes no empty password
		try:
			connection = pymysql.connect(
				user=os.environ["DB_USER"],
				password=password,
				host=config.get("db_host", "127.0.0.1"),
				port=int(config.get("db_port", 3306)),
				unix_socket=config.get("db_socket"),
			)
		except pymysql.err.OperationalError as error:
			if error.args[0] in NO_ANSWER:
				return 3
			if error.args[0] not in REFUSED:
				raise
			continue
		break
	else:
		return 4

	with connection, connection.cursor() as cursor:
		cursor.execute("select @@pid_file")
		print(cursor.fetchone()[0])

	config |= {
		"redis_cache": f"redis://127.0.0.1:{cache_port}",
		"redis_socketio": f"redis://127.0.0.1:{cache_port}",
		"redis_queue": f"redis://127.0.0.1:{queue_port}",
		# frappe looks for it here. On a command line everybody on the machine could read it.
		"root_password": password,
	}
	with open(os.open("common_site_config.json", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as f:
		json.dump(config, f, indent=1)
	return 0


if __name__ == "__main__":
	sys.exit(main(*sys.argv[1:]))
