"""Signing in: what the library's forms do with passwords, devices and their counts."""
