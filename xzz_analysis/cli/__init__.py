"""The command ``xzz``."""

from xzz_analysis.cli import commands, files, indicators, people, places, plan, services, watching
from xzz_analysis.cli.app import app, main

__all__ = ["app", "commands", "files", "indicators", "main", "people", "places", "plan", "services", "watching"]
