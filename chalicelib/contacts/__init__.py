"""Contacts and accounts, matching strategies, claims."""
