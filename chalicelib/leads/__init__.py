"""Leads, their matching and context, the business process that they walk through."""
