"""What the property tests of the engine draw."""

from hypothesis import strategies as st

LAST = 2**32 - 1

# Single ordinals at the edges of roaring containers, and runs of them, which are stored in another way.
ordinals = st.integers(0, 300) | st.sampled_from([65_535, 65_536, 2**31, LAST])
runs = st.builds(lambda first, length: range(first, first + length), st.integers(0, 70_000), st.integers(0, 400))
ordinal_sets = st.builds(
    lambda ones, run: ones | set(run), st.sets(ordinals, max_size=30), runs | st.just(range(0))
)
amounts = st.integers(-9, 9) | st.integers(-(2**70), 2**70)
# Without a negative one as often as with: the two are stored, and added, in ways of their own.
amounts_by_ordinal = st.dictionaries(ordinals, amounts.map(abs), max_size=20) | st.dictionaries(
    ordinals, amounts, max_size=20
)
# What shares of a whole are asked for: simple ones, rows met exactly among them, and as decimals.
shares = st.fractions(0, 1, max_denominator=20) | st.decimals(0, 1, places=3)
