"""Indicators: what a need is, as a declaration that can print itself and compute itself."""
