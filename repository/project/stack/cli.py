"""The command line of the stack; the Makefile is its usual caller."""

import argparse
import sys
from pathlib import Path

from repository.project.environment import EnvironmentVariableError, StackEnvironment, read_stack_environment
from repository.project.stack.background import show_status, start_in_background, stop_background
from repository.project.stack.errors import StackError
from repository.project.stack.one_command import run_with_servers
from repository.project.stack.progress import Progress
from repository.project.stack.supervisor import Supervisor


def main(arguments: list[str] | None = None) -> int:
    """Run one command of the stack; return its exit code."""
    options = _build_parser().parse_args(arguments)
    try:
        return _run(options, read_stack_environment(), Progress())
    except (StackError, EnvironmentVariableError) as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except OSError as error:
        sys.stderr.write(f"{error.filename or 'The system'}: {error.strerror}. Stemma cannot go on.\n")
        return 1


def _run(options: argparse.Namespace, environment: StackEnvironment, progress: Progress) -> int:
    match options.command:
        case "up":
            return Supervisor(environment=environment, progress=progress, fsync=not options.no_fsync).run()
        case "start":
            return start_in_background(environment, progress)
        case "stop":
            return stop_background(environment, progress)
        case "status":
            return show_status(environment, progress)
        case _:
            return run_with_servers(_strip_dashes(options.words), environment=environment, home=options.home)


def _strip_dashes(words: list[str]) -> list[str]:
    command = words[1:] if words[:1] == ["--"] else words
    if not command:
        raise StackError("exec needs a command: python -m repository.project.stack exec -- pytest")
    return command


def _build_parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m repository.project.stack", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    up = commands.add_parser("up", help="start everything and stay in the foreground until Ctrl-C")
    up.add_argument(
        "--no-fsync", action="store_true", help="quicker, but a power cut may cost the data: for tests"
    )
    commands.add_parser("start", help="start in the background; returns when Stemma is ready")
    commands.add_parser("stop", help="stop what runs in STEMMA_HOME")
    commands.add_parser("status", help="show the parts")
    execute = commands.add_parser("exec", help="run a command with a database and a broker of its own")
    execute.add_argument(
        "--home", type=Path, help="where their data go (default: a free .stemma-test folder)"
    )
    execute.add_argument("words", nargs=argparse.REMAINDER, metavar="-- command")
    return parser
