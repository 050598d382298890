"""The command line of the stack; the Makefile is its usual caller."""

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TypeAlias

from project.environment import (
    EnvironmentVariableError,
    StackEnvironment,
    read_stack_environment,
    require_readable_settings,
)
from project.stack.background import show_status, start_in_background, stop_background
from project.stack.home import StackHome
from project.stack.one_command import run_management, run_with_servers
from project.stack.parts import compose_examples
from project.stack.supervisor import Supervisor
from project.stack.terminal import Progress, StackError

_INTERRUPTED = 130
Run: TypeAlias = Callable[[argparse.Namespace, StackEnvironment, Progress], int]


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the stack; return its exit code."""
    options = _build_parser().parse_args(arguments)
    run: Run = options.run
    try:
        return run(options, read_stack_environment(), Progress())
    except (StackError, EnvironmentVariableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        return _INTERRUPTED
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'The system'}: {error.strerror}. Stemma cannot go on.\n")
        return 1


def _up(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    require_readable_settings()
    return Supervisor(environment=environment, progress=progress, fsync=not options.no_fsync).run()


def _demo(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    require_readable_settings()
    supervisor = Supervisor(environment=environment, progress=progress)
    return supervisor.run(beside=lambda application: application.examples(options.data))


def _examples(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del environment, progress  # the program reads and reports for itself
    command = compose_examples(options.data)
    os.execv(command[0], command)  # noqa: S606 - it takes this process's place: nobody is left to outlive it


def _start(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del options
    require_readable_settings()
    return start_in_background(environment, progress)


def _stop(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del options
    return stop_background(StackHome(environment.home), progress)


def _status(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del options
    return show_status(environment, progress)


def _exec(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del progress  # the command's own output is what matters
    return run_with_servers(_strip_dashes(options.words), environment=environment, home=options.home)


def _manage(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    del progress
    run_management(options.words, environment)


def _strip_dashes(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        raise StackError("exec needs a command: python -m project.stack exec -- pytest")
    return command


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m project.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)

    def add(name: str, run: Run, text: str) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run)
        return command

    up = add("up", _up, "start everything and stay in the foreground until Ctrl-C")
    up.add_argument(
        "--no-fsync", action="store_true", help="quicker; a power cut may cost the data: for tests"
    )
    demo = add("demo", _demo, "start everything, deposit the examples, stay until Ctrl-C")
    examples = add("examples", _examples, "deposit the examples into the running Stemma")
    for command in (demo, examples):
        command.add_argument("--data", type=Path, help="deposit this folder instead of the examples")
    add("start", _start, "start in the background; returns when Stemma is ready")
    add("stop", _stop, "stop what runs in STEMMA_HOME")
    add("status", _status, "show the parts")
    manage = add("manage", _manage, "run a management command, such as verify, in what runs in STEMMA_HOME")
    manage.add_argument("words", nargs=argparse.REMAINDER, metavar="command")
    execute = add("exec", _exec, "run a command with a database and a broker of its own")
    execute.add_argument(
        "--home", type=Path, help="where their data go (default: a free .stemma-test folder)"
    )
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="-- command")
    return parser
