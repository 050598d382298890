"""What the web server serves: the application, in worker processes that end with it, however it ends.

Left alone, they would go on listening on its port, and the next web server would find it taken.
"""

import multiprocessing
import signal

from project.stack.processes import die_with_parent

# Before the application, whose import takes a second or two. Granian itself never imports this.
if (_server := multiprocessing.parent_process()) is not None and _server.pid is not None:
    die_with_parent(signal.SIGKILL, parent=_server.pid)

from project.asgi import application

__all__ = ["application"]
