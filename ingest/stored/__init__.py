"""Kinds of files that are known by sight and not read: what a person is told of them."""
