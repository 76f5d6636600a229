"""Sphinx configuration."""

import importlib.metadata

extensions = [
    'openstackdocstheme',
    'oslo_config.sphinxext',
    'sphinx.ext.autodoc',
    'cliff.sphinxext',
]

project = 'nova-sriov-ext'
copyright = '2026, the nova-sriov-ext developers'
release = version = importlib.metadata.version('nova-sriov-ext')

html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_use_storyboard = False
openstackdocs_pdf_link = False
