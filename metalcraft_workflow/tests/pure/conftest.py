"""Properties are tried with enough examples to find a slip, and few enough to stay within seconds.

More of them: `pytest --hypothesis-profile=thorough`.
"""

from hypothesis import settings

settings.register_profile("quick", max_examples=40, deadline=None)
settings.register_profile("thorough", max_examples=1000, deadline=None)
settings.load_profile("quick")
