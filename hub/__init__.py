"""The Django project: settings, transports, and the root of the schema."""
