"""Mistakes that somebody could make in the product: each is one text put for another."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Mutant:
    """In `file`, below the project, `new` stands where `old` stood, once; some stream of `seeds` meets it."""

    name: str
    file: str
    old: str
    new: str
    seeds: str = "1-20"
