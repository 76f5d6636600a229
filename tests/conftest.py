"""Fixtures which all tests share."""

pytest_plugins = ['tests.sim.fixtures']
