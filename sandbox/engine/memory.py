"""A cache in the process, in the place of Redis: plain values and hashes, which is what is cached.

Lists and sets, of which there are few, are left to fakeredis.
"""

import time

import fakeredis


def text(key) -> str:
	return key.decode() if isinstance(key, bytes) else str(key)


class Memory(fakeredis.FakeRedis):
	def __init__(self, *args, **kwargs):
		super().__init__(*args, **kwargs)
		self.values: dict[str, tuple[bytes, float | None]] = {}
		self.hashes: dict[str, dict[str, bytes]] = {}
		# Told of every key that is written or deleted
		self.changed = lambda key: None

	def ping(self, *args, **kwargs):
		return True

	def set(self, name, value, ex=None, *args, nx=False, **kwargs):
		name = text(name)
		if nx and Memory.get(self, name) is not None:
			return None
		self.changed(name)
		self.values[name] = (value, time.monotonic() + ex if ex else None)
		return True

	def get(self, name):
		value, until = self.values.get(text(name), (None, None))
		return None if until and time.monotonic() > until else value

	def unlink(self, *names):
		for name in map(text, names):
			self.changed(name)
			self.values.pop(name, None)
			self.hashes.pop(name, None)
		return len(names)

	delete = unlink

	def keys(self, pattern="*", **kwargs):
		start = text(pattern).rstrip("*")
		return [
			name.encode()
			for store in (self.values, self.hashes)
			for name in list(store)
			if name.startswith(start)
		]

	def exists(self, *names):
		return sum(self.get(name) is not None or text(name) in self.hashes for name in names)

	def expire(self, name, seconds, *args, **kwargs):
		name = text(name)
		if name in self.values:
			self.values[name] = (self.values[name][0], time.monotonic() + int(seconds))
		return True

	def incrby(self, name, amount=1):
		value = int(self.get(name) or 0) + amount
		self.values[text(name)] = (str(value).encode(), self.values.get(text(name), (None, None))[1])
		return value

	incr = incrby

	def hset(self, name, key=None, value=None, *args, **kwargs):
		self.hashes.setdefault(text(name), {})[text(key)] = value
		return 1

	def hget(self, name, key):
		return self.hashes.get(text(name), {}).get(text(key))

	def hgetall(self, name):
		return {key.encode(): value for key, value in self.hashes.get(text(name), {}).items()}

	def hkeys(self, name):
		return [key.encode() for key in self.hashes.get(text(name), {})]

	def hexists(self, name, key):
		return text(key) in self.hashes.get(text(name), {})

	def hdel(self, name, *keys):
		for key in keys:
			self.hashes.get(text(name), {}).pop(text(key), None)
		return len(keys)

	def flushall(self, *args, **kwargs):
		self.values.clear()
		self.hashes.clear()
		return super().flushall(*args, **kwargs)

	def pipeline(self, *args, **kwargs):
		return Pipeline(self)


class Pipeline:
	"""Does at once what Redis would do together."""

	def __init__(self, memory: Memory):
		self.memory = memory

	def hdel(self, name, *keys):
		Memory.hdel(self.memory, name, *keys)

	def execute(self):
		return []

	def __getattr__(self, name):
		return getattr(self.memory, name)

	def __enter__(self):
		return self

	def __exit__(self, *exc):
		return None
