"""``python -m stemma``: the command, where the scripts folder is not on the PATH."""

from stemma.commands.program import main

if __name__ == "__main__":
    main()
