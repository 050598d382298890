"""How a confined run can fail; each error carries the finding that the depositor reads."""

from repository.schema.findings import Finding


class SandboxError(Exception):
    """A confined run that gave no result.

    Attributes
    ----------
    finding
        What is shown to the depositor.
    log
        The program's own bounded output (tracebacks, library messages), for the operator only.
    is_retryable
        True where the cause lies in the machine and not in the file: the same run may succeed later.
    """

    is_retryable = False

    def __init__(self, finding: Finding, *, log: str = "") -> None:
        super().__init__(finding.message)
        self.finding = finding
        self.log = log


class SandboxRefusalError(SandboxError):
    """The reader understood the file well enough to refuse it."""


class ReaderFailedError(SandboxError):
    """The program raised an error that nobody foresaw."""


class ReaderCrashedError(SandboxError):
    """The process ended by a signal or without an answer."""


class ReaderTimeoutError(SandboxError):
    """The time on the clock ran out."""


class ReaderCpuLimitError(SandboxError):
    """The processor time ran out."""


class ReaderMemoryLimitError(SandboxError):
    """More memory was wanted than a reader may have."""


class ReaderFileSizeError(SandboxError):
    """A result file, or all of them together, grew beyond the limit."""


class ReaderAccessError(SandboxError):
    """The program tried to open another file, the network or another program."""


class ReaderProtocolError(SandboxError):
    """The process sent something that is not an answer."""


class ReaderOutputError(SandboxError):
    """The process left something other than plain result files."""


class SandboxDiskFullError(SandboxError):
    """The disk that holds results is full."""

    is_retryable = True


class SandboxUnavailableError(SandboxError):
    """Nothing can be confined on this machine, so nothing is read."""

    is_retryable = True
