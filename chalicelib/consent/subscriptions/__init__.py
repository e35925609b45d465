"""Subscription lists, and who is on them (14.1): records, memberships by contact, every change of them."""
