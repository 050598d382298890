"""Loaded by pytest before Django: gives the settings a harmless environment where none was set.

`stack exec -- pytest` sets the real addresses first; run alone, a unit test that reaches for a database
or a broker fails at once, because nothing listens there.
"""

import atexit
import os
import shutil
import tempfile

DEFAULTS = {
    "DATABASE_URL": "postgresql://stemma_app:none@127.0.0.1:9/stemma",
    "BROKER_URL": "memory://",
    "STEMMA_SECRET_KEY": "only-for-tests-0123456789abcdefghijklmnopqrstuvwxyz",
    # One thread each: the suites run side by side, and no result may depend on how a library splits its sums.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMBA_NUM_THREADS": "1",
}


def set_defaults() -> None:
    """Fill what is missing in this process's environment."""
    for name, value in DEFAULTS.items():
        os.environ.setdefault(name, value)
    if "STEMMA_HOME" not in os.environ:
        home = tempfile.mkdtemp(prefix="stemma-tests-")
        atexit.register(shutil.rmtree, home, ignore_errors=True)
        os.environ["STEMMA_HOME"] = home


set_defaults()
