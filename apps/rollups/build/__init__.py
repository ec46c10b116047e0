"""From a bucket to its rows: one module a family, each a pure reading of what is stored."""
