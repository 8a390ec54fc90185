"""Telling agencies what happened: the feed, and live push."""
