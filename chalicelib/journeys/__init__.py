"""Definitions, enrolments, tiles, triggers, what stops a contact."""
