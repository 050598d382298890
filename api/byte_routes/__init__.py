"""One byte route, or a family of them, a file: address, who may, media types, documentation, and what it answers.

The folder is scanned (`api.byte_service.routes`): a new file is found without an edit anywhere.
"""
