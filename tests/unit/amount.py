"""How many random cases a test runs."""

import os

# Set by `make mutants`, which runs the tests thousands of times.
PART = int(os.environ.get('SRIOV_TESTS_PART', 1))


def cases(number):
    return max(1, number // PART)
