"""`python -m repository.project.stack`."""

import sys

from repository.project.stack.cli import main

sys.exit(main())
