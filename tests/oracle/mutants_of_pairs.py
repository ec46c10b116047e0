"""Mistakes that somebody could make about parts by two dimensions at once."""

from tests.oracle.mutants import Mutant

SPLITS = "apps/engine/splits.py"
EVALUATOR = "apps/engine/evaluate.py"

OF_PAIRS = (
    Mutant(
        "somebody with a share of the one field and one of the other is in the pair",
        EVALUATOR,
        "axes.append(Axis(others, {place: who & whom for place, whom in sharers.items()}))",
        "axes += [Axis([at[one]], self._sharers(operand.unit, segments.plan, [one])) for one in sharing]",
        seeds="1",
    ),
    Mutant(
        "an event that drew one with the one field and one with the other is in the pair",
        "apps/rollups/rows.py",
        "frozenset(tuple(told.get(facet) for facet in facets) for told in met)",
        "frozenset(__import__('itertools').product(*({told.get(facet) for told in met} for facet in facets)))",
        seeds="14",
    ),
    Mutant(
        "an event counts in each of the other pairs that it is in",
        SPLITS,
        "places) for number, places in wanted.items()]",
        "[one]) for number, places in wanted.items() for one in places]",
        seeds="2",
    ),
    Mutant(
        "whoever is in a part of the one and in a part of the other is among the others",
        SPLITS,
        "kept = {tuple(_at(place, axis.positions) for axis in self.axes): None for place in places}",
        "kept = [*product(*({_at(place, axis.positions) for place in places} for axis in self.axes))]",
        seeds="1",
    ),
    Mutant(
        "a side that only one of the two splits makes no rows",
        SPLITS,
        "if not one.positions:",
        "if len(one.positions) < self.width:",
        seeds="1",
    ),
    Mutant(
        "pairs that are as large stand by their second parts",
        "apps/engine/breakdowns.py",
        'part.key or "") for part in place]',
        'part.key or "") for part in place[::-1]]',
        seeds="1",
    ),
)
