"""Arrays in, arrays out: cells, influence, intervals, quantiles. No names, no labels, no files."""
