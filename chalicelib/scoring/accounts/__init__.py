"""Scoring of account-based leads: the log of what an account's people did, and its rescoring."""
