"""``python -m callrouter`` is the command ``callrouter``."""

from callrouter.cli.main import main

if __name__ == "__main__":
    main()
