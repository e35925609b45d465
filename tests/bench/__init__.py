"""Measurements that are too heavy for the tests: `make bench`."""
