"""Which way of confining a reader this machine offers."""

from typing import Literal

from confined.sandbox.confinement import Confinement
from confined.sandbox.errors import SandboxUnavailableError
from confined.sandbox.landlock import find_landlock_abi
from confined.sandbox.namespaces import is_namespace_possible
from confined.sandbox.system_calls import is_filter_available
from repository.schema.findings import Finding

Mode = Literal["strict", "weak"]


def choose_confinement(mode: Mode) -> Confinement:
    """Return the strongest confinement there is; `weak` only where the operator asked for it.

    Raises
    ------
    SandboxUnavailableError
        Nothing can be confined and `mode` is strict.
    """
    if is_filter_available():
        if find_landlock_abi() > 0:
            return "landlock+seccomp"
        if is_namespace_possible():
            return "namespaces"
    if mode == "weak":
        return "weak"
    raise SandboxUnavailableError(
        Finding(
            severity="error",
            code="sandbox_unavailable",
            message="This server cannot confine a reader, so the file was stored and not read.",
            hint=f"The operator: {describe_lack()} Or set STEMMA_SANDBOX=weak and accept the risk. "
            "The uploaded bytes are kept unchanged.",
            layer="reading",
        )
    )


def describe_lack() -> str:
    """Return what is missing on this machine, as advice to its operator."""
    if not is_filter_available():
        return "install libseccomp (Debian: libseccomp2)."
    return "use a kernel with Landlock (5.13 or later, lsm=landlock) or allow user namespaces."
