"""Vouchers: what was issued and redeemed, how soon, with whom, and what a person should look at."""
