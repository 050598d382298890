"""Formats: one folder each, with everything that Stemma knows of it. A new format is a new folder."""
