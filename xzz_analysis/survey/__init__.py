"""Answers → estimates."""
