"""Readers: vendor files in, named arrays with units out. They know files, not the rest of Stemma."""
