#!/usr/bin/env python
"""Django's command line, with the embedded services running for whoever needs them."""

import os
import sys

from django.core.management import execute_from_command_line

from kpiservice import embedded

# Every other command may ask the database something, so it finds the services running.
NEEDS_NO_SERVICE = {"collectstatic", "help", "stop"}
SHOWS_TEXT_ONLY = {"-h", "--help", "--version"}
# These act on this machine alone, whatever database they are given, so a key of its own is right.
RUNS_HERE = {"demo", "stop"}


def needs_services(arguments: list[str]) -> bool:
    return bool(arguments) and arguments[0] not in NEEDS_NO_SERVICE and not SHOWS_TEXT_ONLY & set(arguments)


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kpiservice.settings")
    if RUNS_HERE & set(sys.argv[1:2]):
        os.environ.setdefault("SECRET_KEY", embedded.secret("secret_key"))
    if needs_services(sys.argv[1:]):
        embedded.start()
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
