"""Take rosters and admissions into force on a store, as its hub would: {"entries": [envelope], "keys": [public key]}.

python -m tests.attacks.publishing < entries.json
"""

import json
import os
import sys

import django


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hub.settings")
    django.setup()
    from agencies import directory, members
    from ortoo.protocol.documents import kind_of_envelope, unb64

    asked = json.load(sys.stdin)
    keys = [unb64(one) for one in asked["keys"]]
    for envelope in asked["entries"]:
        if kind_of_envelope(envelope) == "roster":
            members.publish([members.Publication(envelope, people=[], kem_keys=keys, seeds={})])
        else:
            directory.append([envelope])


if __name__ == "__main__":
    main()
