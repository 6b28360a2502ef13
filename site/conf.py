"""Sphinx's settings for the pages. tools/build_site.py copies this folder and adds what it makes."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE / "extensions"))

project = "Learning Rate Lessons"
author = "the authors of Learning Rate Lessons"
language = "en"
smartquotes_action = "D"  # dashes; quotation marks stay as they are written
html_title = project

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx.ext.viewcode",
    "course_pages",
]
exclude_patterns = ["extensions", "notebooks", "Thumbs.db", ".DS_Store"]
templates_path = ["_templates"]

# Lessons: what is stored is shown, nothing is run.
nb_execution_mode = "off"
nb_render_markdown_format = "myst"
nb_merge_streams = True
nb_number_source_lines = False
nb_code_prompt_show = "Show the code"
nb_code_prompt_hide = "Hide the code"
myst_enable_extensions = ["dollarmath", "colon_fence", "attrs_block", "attrs_inline", "deflist"]
myst_heading_anchors = 3
myst_heading_slug_func = "course_pages.jupyter_anchor"
myst_links_external_new_tab = False
suppress_warnings = ["config.cache"]

# Helpers: from their docstrings.
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_typehints_format = "short"
autodoc_preserve_defaults = True
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 80
napoleon_google_docstring = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True
napoleon_use_rtype = False
add_module_names = False
toc_object_entries_show_parents = "hide"
# Names of other packages have no page here, and nothing is asked of a network.
nitpicky = True
nitpick_ignore_regex = [(r"py:.*", r"(?!helpers\.).*")]

html_theme = "pydata_sphinx_theme"
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_favicon = "_static/icon.svg"
html_css_files = ["course.css", "explorer/colours.css", "explorer/explorer.css"]
html_js_files = [("course.js", {"defer": "defer"})]
html_copy_source = False
html_show_sourcelink = False
html_show_sphinx = False
html_show_copyright = False
html_last_updated_fmt = None
html_permalinks_icon = "#"
html_secnumber_suffix = " "
html_sidebars = {
    "index": [],
    "explorer": [],
    "search": [],
    "genindex": [],
    "py-modindex": [],
    "glossary": [],
    "guide": [],
    "claims": [],
    "questions": [],
    "studies": [],
}
html_use_index = True
html_domain_indices = False
html_context = {"default_mode": "auto"}
html_theme_options = {
    "logo": {"text": project},
    "navbar_align": "left",
    "header_links_before_dropdown": 8,
    "navbar_end": ["theme-switcher"],
    "icon_links": [],
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_depth": 2,
    "show_nav_level": 1,
    "collapse_navigation": False,
    "secondary_sidebar_items": {"**": ["page-toc"], "index": [], "explorer": []},
    "footer_start": ["course-footer"],
    "footer_end": [],
    "back_to_top_button": True,
    "pygments_light_style": "a11y-high-contrast-light",
    "pygments_dark_style": "a11y-high-contrast-dark",
    "search_bar_text": "Search the lessons ...",
}
