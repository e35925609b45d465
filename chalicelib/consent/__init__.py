"""Preferences, consent levels and their log."""
