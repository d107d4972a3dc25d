"""Reports run from notebooks, verified, and released whole or not at all."""
