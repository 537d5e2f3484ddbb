"""Whom does the network reach, who is missing, and what to build."""

# At the root of the project a plain `import coverage` finds this folder before coverage.py.
# numba and others catch exactly an ImportError, and then do without.
if __name__ == "coverage":
    raise ImportError("this is phusong.coverage, not coverage.py")
