"""Start everything in order, keep it running, stop it in order."""

import os
import subprocess
import time
from collections.abc import Callable

from project.environment import StackEnvironment
from project.stack.credentials import ensure_secrets, with_secret_key
from project.stack.health import ask_readiness
from project.stack.home import StackHome, prepare_home
from project.stack.lock import HomeLock, describe_refusal, find_holder
from project.stack.logs import read_tail, rotate_log, trim_log
from project.stack.managed_part import ManagedPart
from project.stack.parts import ApplicationParts
from project.stack.ports import choose_port, describe_holder, is_free
from project.stack.preparation import prepare_database
from project.stack.processes import (
    Command,
    become_subreaper,
    compose_launcher,
    end_group,
    end_orphans,
    identify,
)
from project.stack.remains import end_remains
from project.stack.servers import Servers
from project.stack.signals import StopSignals
from project.stack.state import PartStatus, Phase, StackState, load_state, save_state
from project.stack.terminal import Progress, StackError, StopRequestedError

_READY_SECONDS = 120.0
_HOME_SECONDS = 40.0
_LOG_SECONDS = 60.0
_LOGS = ("database", "broker", "setup", "web", "worker", "worker-short", "beat")
# What needs the others stops first.
_STOP_ORDER = ("examples", "web", "beat", "worker", "worker-short", "broker", "database")


class Supervisor:
    """One running Stemma. All happens in the main thread: the death signals of the children hang on it."""

    def __init__(self, *, environment: StackEnvironment, progress: Progress, fsync: bool = True) -> None:
        self._environment = environment
        self._progress = progress
        self._fsync = fsync
        self._signals = StopSignals()
        self._home: StackHome = prepare_home(environment.home)
        self._lock = HomeLock(self._home)
        self._parts: list[ManagedPart] = []
        self._external: list[PartStatus] = []
        self._beside: subprocess.Popen[bytes] | None = None
        self._state = StackState()

    def run(self, *, beside: Callable[[ApplicationParts], Command] | None = None) -> int:
        """Start, stay until asked to stop, stop; return the exit code."""
        os.umask(0o077)
        become_subreaper()
        self._take_home()
        try:
            application = self._start()
            hint = " (Ctrl-C stops it)" if os.isatty(0) else ""  # in the background there is no terminal
            self._progress.line(f"Stemma is ready at {application.url}{hint}")
            if beside is not None:
                self._beside = self._start_beside(beside(application))
            self._stay()
            code = 0
        except StopRequestedError:
            code = 0
        except StackError as error:
            self._progress.line(f"\n{error}")
            code = 1
        finally:
            self._stop()
        if self._state.supervisor_pid is not None:  # a start that was refused changes nothing
            self._enter("failed" if code else "stopped")
        self._lock.give_back()
        return code

    def _take_home(self) -> None:
        deadline = time.monotonic() + _HOME_SECONDS
        # `stop` has the lock too, while it ends what was left. A lock file that was removed frees no home.
        while (holder := find_holder(self._home)) is not None or not self._lock.acquire(seconds=0.2):
            if holder is not None or time.monotonic() > deadline:
                raise StackError(describe_refusal(self._home, holder))
        former = load_state(self._home.state)
        end_remains(self._home, former, self._progress)
        self._state.ports = former.ports

    def _start(self) -> ApplicationParts:
        port = self._choose_web_port()
        self._progress.line(f"Starting Stemma in {self._home.root}")
        identity = identify(os.getpid())
        self._state.supervisor_pid = os.getpid()
        self._state.supervisor_started = None if identity is None else identity.started
        self._state.mail = self._home.describe_mail(self._environment.mail_server)
        self._enter("starting")
        for name in _LOGS:
            rotate_log(self._home.log_of(name))
        application = self._start_servers(port)
        self._state.url = application.url
        with self._progress.step("tables") as notes:
            prepare_database(application, self._signals)
            notes.append(f"migrated; sign in as {self._environment.account}, see {self._home.credentials}")
        self._start_application(application)
        with self._progress.step("web") as notes:
            self._wait_until_ready(application)
            notes.append(application.url)
        self._progress.line(f"  {self._state.mail}")
        self._enter("ready")
        return application

    def _choose_web_port(self) -> int:
        wanted, bind = self._environment.port, self._environment.bind
        if wanted == 0:
            return choose_port(self._state.ports.get("web"))
        if not is_free(wanted, bind):
            raise StackError(
                f"Port {wanted} is taken by {describe_holder(wanted)}. "
                f"End it, or choose another port: STEMMA_PORT={wanted + 1} make up"
            )
        return wanted

    def _start_servers(self, port: int) -> ApplicationParts:
        secrets = with_secret_key(ensure_secrets(self._home), self._environment.secret_key)
        servers = Servers(
            home=self._home,
            environment=self._environment,
            secrets=secrets,
            signals=self._signals,
            progress=self._progress,
            fsync=self._fsync,
            keep_messages=True,
        )
        # The same lists: a server that was started is stopped, also when the next one fails.
        self._parts, self._external = servers.parts, servers.external
        addresses = servers.start(former_ports=self._state.ports)
        self._state.ports = {**servers.ports, "web": port}
        self._save()
        return ApplicationParts(self._environment, self._home, secrets, addresses, port)

    def _start_application(self, application: ApplicationParts) -> None:
        environment = self._environment
        long, short = environment.worker_processes, environment.short_worker_processes
        for name, address, make_command in (
            ("worker", f"processes: {long}", application.worker),
            ("worker-short", f"processes: {short}, for short work only", application.worker_short),
            ("web", application.url, application.web),
            ("beat", "", application.beat),
        ):
            part = ManagedPart(name, address, make_command)
            self._parts.append(part)
            part.start()
        self._save()

    def _wait_until_ready(self, application: ApplicationParts) -> None:
        deadline = time.monotonic() + _READY_SECONDS
        told = time.monotonic() + 5.0
        while True:
            readiness = ask_readiness(
                application.url.split("/")[2].rpartition(":")[0].strip("[]"), application.port
            )
            if readiness.ready:
                for lack in readiness.missing:
                    self._progress.line(
                        f"  {lack}: until that is mended no uploads are taken; {self._home.log_of('web')} says why"
                    )
                return
            self._tend()
            missing = ", ".join(readiness.missing)
            failing = [part for part in self._parts if part.is_failing]
            if failing or time.monotonic() > deadline:
                raise StackError(self._describe_failure(failing, missing))
            if time.monotonic() > told:
                told += 5.0
                self._progress.line(f"  waiting for {missing}")
            self._signals.pause_or_stop(0.1)

    def _describe_failure(self, failing: list[ManagedPart], missing: str) -> str:
        names = [part.name for part in failing] or ["web", "worker"]
        reason = (
            f"{', '.join(names)} cannot start"
            if failing
            else f"Not ready after {_READY_SECONDS:.0f} s: {missing}"
        )
        tails = [
            f"The end of {self._home.log_of(name)}:\n{read_tail(self._home.log_of(name))}" for name in names
        ]
        return "\n".join([f"{reason}.", *tails, "Everything is stopped again; nothing is lost."])

    def _start_beside(self, command: Command) -> subprocess.Popen[bytes]:
        """Start what works on the running Stemma in sight of the person, such as depositing the examples."""
        self._progress.line("")
        return subprocess.Popen(
            [*compose_launcher(command.death_signal, None), *command.argv],
            env=dict(command.environment),
            cwd=command.cwd,
            stdin=subprocess.DEVNULL,
            start_new_session=True,
        )

    def _stay(self) -> None:
        logs_due = time.monotonic() + _LOG_SECONDS
        while not self._signals.count:
            self._signals.pause(1.0)
            self._tend()
            self._keep_state()
            if time.monotonic() > logs_due:
                logs_due += _LOG_SECONDS
                for name in _LOGS:
                    trim_log(self._home.log_of(name))
            if self._beside is not None and self._beside.poll() is not None:
                self._beside = None
                self._progress.line(f"\nStemma keeps serving at {self._state.url} until Ctrl-C.")

    def _keep_state(self) -> None:
        """Write the state again where somebody removed or emptied it: `start` and `status` ask it for the address."""
        if self._home.root.is_dir() and load_state(self._home.state).supervisor_pid != os.getpid():
            self._save()

    def _tend(self) -> None:
        """Notice the dead, end what they left behind, start again whoever is due."""
        changed = False
        for part in self._parts:
            if part.has_died():
                changed = True
                self._progress.line(f"  {part.name} died ({part.status.last_exit}) and is started again")
                if part.is_failing:
                    self._progress.line(f"  {part.name} keeps dying: see {part.status.log}")
            changed = part.has_settled() or changed
        if changed:
            # A dead part's own children were adopted by this process.
            end_orphans(self._list_known_pids())
        for part in self._parts:
            if part.is_due():
                part.restart()
                changed = True
        if changed:
            self._save()

    def _list_known_pids(self) -> set[int]:
        known = {part.pid for part in self._parts if part.pid is not None}
        return known | ({self._beside.pid} if self._beside is not None else set())

    def _stop(self) -> None:
        if self._parts:
            self._progress.line("Stopping Stemma")
            self._enter("stopping")
        if self._beside is not None:
            end_group(self._beside, seconds=3.0)
        for part in sorted(self._parts, key=lambda part: _STOP_ORDER.index(part.name)):
            part.stop(is_urgent=lambda: self._signals.count > 1)
            end_orphans(self._list_known_pids())
            self._save()

    def _enter(self, phase: Phase) -> None:
        self._state.phase = phase
        self._save()

    def _save(self) -> None:
        self._state.parts = [part.status for part in self._parts] + self._external
        try:
            save_state(self._home.state, self._state)
        except OSError as error:  # a full disk must not keep the parts from being watched, or stopped
            self._progress.line(f"  {self._home.state} cannot be written: {error.strerror}")
