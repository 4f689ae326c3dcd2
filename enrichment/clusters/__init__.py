"""Which memories are about the same thing: groups of vectors whose ids stay from run to run, and a map of them.

Only `join`, `directions` and `place` are light; what groups and lays out loads scikit-learn, in a process of its own.
"""
