"""Raw exports and forms → answers with reasons."""
