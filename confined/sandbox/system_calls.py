"""The seccomp filter: what a reader never needs and an attacker does.

Landlock guards paths; it does not stop fork, UDP, chmod, signals to other processes or truncation before
ABI 3. Threads and everything that numpy, HDF5, tensorstore and numba do stay allowed. Calls younger than
2019 answer "not implemented" unless they are known to be harmless, so that a new kernel does not open a
door; libraries fall back.
"""

import errno
import os

from confined.sandbox.resource_limits import PR_SET_PDEATHSIG

CLONE_THREAD = 0x10000
_MAP_SHARED_AND_ANONYMOUS = 0x21
_FIRST_UNIFIED_NUMBER, _LAST_UNIFIED_NUMBER = 424, 511  # the same on every architecture
_HARMLESS_YOUNG_CALLS = frozenset({436, 439, 441, 449, 451, 454, 455, 456, 462})
# close_range, faccessat2, epoll_pwait2, futex_waitv, cachestat, futex_wake, futex_wait, futex_requeue, mseal

_NETWORK = (
    "socket socketpair connect bind listen accept accept4 sendto sendmsg sendmmsg recvfrom recvmsg recvmmsg "
    "shutdown getsockopt setsockopt"
)
_PROCESSES = "fork vfork execve execveat ptrace process_vm_readv process_vm_writev kcmp setpgid setsid"
_SIGNALS = "tkill rt_sigqueueinfo rt_tgsigqueueinfo"
_SHARED_WITH_OTHERS = (
    "shmget shmat shmctl shmdt semget semop semctl semtimedop msgget msgsnd msgrcv msgctl mq_open mq_unlink "
    "memfd_create"
)
_OWNERSHIP = (
    "chmod fchmod fchmodat chown fchown lchown fchownat setxattr lsetxattr fsetxattr removexattr "
    "lremovexattr fremovexattr utime utimes utimensat futimesat truncate mknod mknodat"
)
_PRIVILEGES = (
    "setuid setgid setreuid setregid setresuid setresgid setgroups setfsuid setfsgid capset setrlimit "
    "setpriority ioprio_set sched_setscheduler sched_setparam sched_setattr personality"
)
_SYSTEM = (
    "mount umount2 pivot_root chroot unshare setns swapon swapoff reboot init_module finit_module "
    "delete_module kexec_load kexec_file_load iopl ioperm settimeofday clock_settime clock_adjtime "
    "adjtimex sethostname setdomainname acct quotactl syslog bpf perf_event_open keyctl add_key "
    "request_key userfaultfd name_to_handle_at open_by_handle_at fanotify_init fanotify_mark "
    "lookup_dcookie vhangup nfsservctl"
)
_GROUPS = (_NETWORK, _PROCESSES, _SIGNALS, _SHARED_WITH_OTHERS, _OWNERSHIP, _PRIVILEGES, _SYSTEM)
_GROUPS = (_NETWORK, _PROCESSES, _SIGNALS, _SHARED_WITH_OTHERS, _OWNERSHIP, _PRIVILEGES, _SYSTEM)
DENIED_CALLS = tuple(name for group in _GROUPS for name in group.split())


def is_filter_available() -> bool:
    """Tell whether libseccomp can be loaded here."""
    return seccomp is not None


def restrict_system_calls() -> None:
    """Load the filter on every thread of this process; there is no way back.

    Raises
    ------
    OSError
        The kernel refused the filter.
    """
    if seccomp is None:
        raise OSError(errno.ENOSYS, "libseccomp is not installed")
    rules = seccomp.SyscallFilter(seccomp.ALLOW)
    rules.set_attr(seccomp.Attr.CTL_TSYNC, 1)
    for name in DENIED_CALLS:
        if seccomp.resolve_syscall(seccomp.Arch.NATIVE, name) != -1:  # -1: unknown to this libseccomp
            rules.add_rule(seccomp.ERRNO(errno.EPERM), name)
    for number in range(_FIRST_UNIFIED_NUMBER, _LAST_UNIFIED_NUMBER + 1):
        if number not in _HARMLESS_YOUNG_CALLS:
            rules.add_rule(seccomp.ERRNO(errno.ENOSYS), number)
    _deny_by_argument(rules)
    rules.load()


def _deny_by_argument(rules: "seccomp.SyscallFilter") -> None:
    denied = seccomp.ERRNO(errno.EPERM)
    rules.add_rule(denied, "clone", seccomp.Arg(0, seccomp.MASKED_EQ, CLONE_THREAD, 0))
    for name in ("kill", "tgkill"):  # abort() signals its own process
        rules.add_rule(denied, name, seccomp.Arg(0, seccomp.NE, os.getpid()))
    # Whoever shakes off the death signal outlives the zygote that would have ended it.
    rules.add_rule(denied, "prctl", seccomp.Arg(0, seccomp.EQ, PR_SET_PDEATHSIG))
    # Raising a limit again (root could) and touching the limits of others; reading them is allowed.
    rules.add_rule(denied, "prlimit64", seccomp.Arg(2, seccomp.NE, 0))
    # Shared anonymous memory escapes RLIMIT_DATA.
    rules.add_rule(
        seccomp.ERRNO(errno.ENOMEM),
        "mmap",
        seccomp.Arg(3, seccomp.MASKED_EQ, _MAP_SHARED_AND_ANONYMOUS, _MAP_SHARED_AND_ANONYMOUS),
    )
    # O_TRUNC on a read-only descriptor empties a file, and Landlock before ABI 3 lets it pass.
    for name, position in (("open", 1), ("openat", 2)):
        mask = os.O_TRUNC | os.O_ACCMODE
        rules.add_rule(denied, name, seccomp.Arg(position, seccomp.MASKED_EQ, mask, os.O_TRUNC))


try:
    import pyseccomp as seccomp
except RuntimeError:  # its import fails where the shared library is missing; the probe then says so
    seccomp = None
