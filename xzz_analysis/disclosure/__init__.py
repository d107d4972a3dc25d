"""Estimates → Protected: nothing else may be shown."""
