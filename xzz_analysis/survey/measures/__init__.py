"""Measures made of estimates: standardised rates, inequality, select-multiple questions, ranked priorities."""
