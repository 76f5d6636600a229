"""Sphinx configuration of the release notes."""

extensions = ['openstackdocstheme', 'reno.sphinxext']

project = 'nova-sriov-ext release notes'
copyright = '2026, the nova-sriov-ext developers'
release = version = ''

html_theme = 'openstackdocs'
openstackdocs_auto_name = False
openstackdocs_use_storyboard = False
openstackdocs_pdf_link = False
