"""`seamscope`: the window, or a headless command when the first word is one."""

import sys

COMMANDS = frozenset({"encode", "decode", "info", "compare", "bench", "overlap", "train", "weights"})


def main(argv: list[str] | None = None) -> int:
    """Returns the exit code. `seamscope [CLIP [TAKE ...]]` opens the window; Qt is imported only then."""
    arguments = sys.argv[1:] if argv is None else argv
    if arguments and (arguments[0] in COMMANDS or arguments[0] in ("--version", "--help", "-h")):
        from codec.cli import main as headless

        return headless(arguments)
    from app.window import run

    return run(arguments)


if __name__ == "__main__":
    sys.exit(main())
