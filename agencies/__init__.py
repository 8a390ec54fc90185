"""Agencies, their members, the key directory, signing in."""
