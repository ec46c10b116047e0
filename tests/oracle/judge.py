"""Random streams against the product, outside of pytest: python -m tests.oracle.judge --seeds 1-6 --now INSTANT

Ends with 0 where all answers are the oracle's and with 3 where one is not; anything else is another fault.
`DATABASE_URL` names a migrated database; workspaces are added to it.
"""

import argparse
import sys
from collections.abc import Sequence
from datetime import datetime

import django

from kpiservice import embedded

EQUAL, DISAGREES = 0, 3


def main(arguments: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.oracle.judge", description=__doc__)
    parser.add_argument("--seeds", type=_seeds, required=True, help="one seed, or the first and the last: 1-6")
    parser.add_argument("--now", type=datetime.fromisoformat, required=True, help="the end of all streams")
    chosen = parser.parse_args(arguments)
    embedded.start()
    django.setup()
    return run(chosen.seeds, chosen.now)


def run(seeds: Sequence[int], now: datetime) -> int:
    from tests.oracle.streams import stream  # noqa: PLC0415 (the models exist once Django is set up)
    from tests.oracle.trial import Disagreement, judge  # noqa: PLC0415

    for seed in seeds:
        try:
            answers = judge(stream(seed, now), now)
        except Disagreement as disagreement:
            print(f"seed {seed}, now {now.isoformat()}: the oracle disagrees {disagreement}")  # noqa: T201
            return DISAGREES
        print(f"seed {seed}: {answers} answers are the oracle's")  # noqa: T201
    return EQUAL


def _seeds(text: str) -> range:
    first, _, last = text.partition("-")
    return range(int(first), int(last or first) + 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
