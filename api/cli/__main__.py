"""`python -m api.cli`: the command where `parley` is not installed as a script."""

from api.cli.main import main

if __name__ == "__main__":
    main()
