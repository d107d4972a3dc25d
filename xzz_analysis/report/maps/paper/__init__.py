"""Maps for paper: labels that do not overlap, sheets with scale and credits, and maps of tiles."""
