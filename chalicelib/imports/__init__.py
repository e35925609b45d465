"""Imports: contacts, accounts and leads from files of people, each row through the plans of its own domain."""
