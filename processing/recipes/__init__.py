"""One recipe a file: its declaration, and the function that makes its products or the name of the one that does.

The folder is scanned (`processing.declarations.book`). A file imports no science library while it is read: functions
that need one stand elsewhere and are named, or import it themselves.
"""
