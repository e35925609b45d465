"""Emails, the send ledger, what blocks a send, tracking, bounces, suppression."""
