"""``python -m xzz_analysis`` is the command ``xzz``."""

from xzz_analysis.cli import main

main()
