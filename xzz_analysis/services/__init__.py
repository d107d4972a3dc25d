"""What the organisation did: ledgers as tables keyed by community."""
