"""What the property tests of the engine draw."""

from hypothesis import strategies as st

LAST = 2**32 - 1

# Single ordinals at the edges of roaring containers, and runs of them, which are stored in another way.
ordinals = st.integers(0, 300) | st.sampled_from([65_535, 65_536, 2**31, LAST])
runs = st.builds(lambda first, length: range(first, first + length), st.integers(0, 70_000), st.integers(0, 400))
ordinal_sets = st.builds(
    lambda ones, run: ones | set(run), st.sets(ordinals, max_size=30), runs | st.just(range(0))
)
amounts = st.integers(0, 9) | st.integers(0, 2**70)
amounts_by_ordinal = st.dictionaries(ordinals, amounts, max_size=20)
