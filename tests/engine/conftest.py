"""Property tests draw the same examples every time, so running a failed one again repeats it."""

from hypothesis import settings

settings.register_profile("engine", derandomize=True, print_blob=True, deadline=None)
settings.load_profile("engine")
