"""Communities: tables keyed by community that meet needs and services."""
