"""Maps of what is there: an interactive page in one file, and sheets for paper."""
