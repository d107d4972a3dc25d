"""What is kept of each file of a large ledger of vouchers, so that it is read once."""
