"""The sequencer by itself, beside the servers, until it is ended: as `manage.py work` runs it."""

import threading

import django

django.setup()

from hub import working  # noqa: E402 - after Django is set up

working._sequence_until(threading.Event())
