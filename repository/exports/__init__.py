"""One export a file: a published dataset, or one of its measurements, in a format that other programs read.

Every file but `declaration`, `registry` and `subjects` declares one as `EXPORT`; the folder is scanned. What is written
here is written by the web process: a file imports no framework and no science library, and looks nothing up.
"""
