"""A sequencer with hardly a pause: a kill meets it in the midst of its work."""

import os
import time

import django

os.environ["DJANGO_SETTINGS_MODULE"] = "hub.settings"
django.setup()

from agencies import sequencing  # noqa: E402 - Django must be set up first

while True:
    sequencing.integrate()
    time.sleep(0.01)
