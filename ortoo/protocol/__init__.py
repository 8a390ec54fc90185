"""The Ortoo protocol, version 1 (docs/protocol.md): what is sealed, signed, checked, refused. No Django, no network."""
