"""What pip is configured to use is told to uv."""

import os
import subprocess
import sys

import pytest
from conftest import PROJECT
from uv_settings import pip_settings, uv_variables

LISTING = """:env:.index-url='https://from-the-environment/simple'
:env:.disable-pip-version-check='1'
global.cert='/a folder/certificates.pem'
global.extra-index-url='file:///one file:///two'
global.index-url='https://from-a-file/simple'
install.find-links='/wheels\\n/more'
install.proxy='http://proxy:3128'
freeze.timeout='10'
"""


def test_the_environment_wins_over_files_and_other_commands_do_not_count() -> None:
    settings = pip_settings(LISTING)
    assert settings["index-url"] == "https://from-the-environment/simple"
    assert "timeout" not in settings


def test_each_setting_becomes_a_variable_of_uv() -> None:
    assert uv_variables(pip_settings(LISTING), {}) == {
        "UV_PYTHON_DOWNLOADS": "never",
        "UV_DEFAULT_INDEX": "https://from-the-environment/simple",
        "UV_INDEX": "file:///one file:///two",
        "UV_INDEX_STRATEGY": "unsafe-best-match",
        "UV_FIND_LINKS": "/wheels,/more",
        "SSL_CERT_FILE": "/a folder/certificates.pem",
        "HTTP_PROXY": "http://proxy:3128",
        "HTTPS_PROXY": "http://proxy:3128",
    }


def test_what_is_set_for_uv_stays() -> None:
    variables = uv_variables(pip_settings(LISTING), {"UV_DEFAULT_INDEX": "https://mine"})
    assert "UV_DEFAULT_INDEX" not in variables


def test_a_setting_that_uv_cannot_be_given_is_refused() -> None:
    with pytest.raises(ValueError, match="no-index cannot be given to uv"):
        uv_variables(pip_settings("global.no-index='true'"), {})
    assert uv_variables(pip_settings("global.no-index='false'"), {})


@pytest.mark.skipif(sys.platform == "win32", reason="there is no sh on Windows")
def test_a_shell_reads_what_is_printed() -> None:
    program = f'eval "$("{sys.executable}" tools/uv_settings.py)"; printf %s "$SSL_CERT_FILE"'
    clean = {name: value for name, value in os.environ.items() if not name.startswith("SSL_")}
    listing = 'global.cert="/a folder/it\'s.pem"'
    done = subprocess.run(
        ["sh", "-c", program], cwd=PROJECT, env=clean, input=listing, capture_output=True, text=True
    )
    assert (done.stdout, done.stderr) == ("/a folder/it's.pem", "")
