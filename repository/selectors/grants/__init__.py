"""The kinds of grants, one a file; `grant_kinds.py` beside this folder finds them."""
