"""Websites that are tracked: their records, their script, what it tells, and addresses that count who follows them."""
