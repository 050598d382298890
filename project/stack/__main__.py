"""`python -m project.stack`."""

import sys

from project.stack.cli import main

sys.exit(main())
