"""Take rosters and admissions into force on a store, whatever else a hub asks for: {"entries": [envelope], "keys":
[public key]}.

Store.ask runs it.
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from agencies import publishing
    from agencies.models import KemKey
    from ortoo.protocol.documents import b64, sha256, unb64

    asked = json.load(sys.stdin)
    for key in map(unb64, asked["keys"]):
        KemKey.objects.get_or_create(sha256=b64(sha256(key)), defaults={"key": key})
    for envelope in asked["entries"]:
        publishing.append([envelope])


if __name__ == "__main__":
    main()
