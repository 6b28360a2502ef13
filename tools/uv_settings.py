"""Say to uv what pip is configured to use: index, proxy, certificates. uv does not read pip's settings.

Reads the output of ``pip config list`` from standard input, prints lines for a shell to ``eval``:

    eval "$(python -m pip config list | python tools/uv_settings.py)"

What is already set for uv stays. Ends with status 1 if pip has a setting that uv cannot be given.
"""

import ast
import os
import shlex
import sys
from collections.abc import Mapping

# pip's setting: uv's variables, and what stands between several values.
VARIABLES = {
    "index-url": (["UV_DEFAULT_INDEX"], " "),
    "extra-index-url": (["UV_INDEX"], " "),
    "find-links": (["UV_FIND_LINKS"], ","),
    "trusted-host": (["UV_INSECURE_HOST"], " "),
    "cert": (["SSL_CERT_FILE"], " "),
    "client-cert": (["SSL_CLIENT_CERT"], " "),
    "proxy": (["HTTP_PROXY", "HTTPS_PROXY"], " "),
    "timeout": (["UV_HTTP_TIMEOUT"], " "),
}
# The later one wins, as in pip: a section for all commands, one for `pip install`, the environment.
SECTIONS = ("global", "install", ":env:")
IMPOSSIBLE = ("no-index",)


def pip_settings(listing: str) -> dict[str, str]:
    """Return pip's settings by name from the text of ``pip config list``."""
    found: dict[str, dict[str, str]] = {section: {} for section in SECTIONS}
    for line in listing.splitlines():
        key, equals, value = line.partition("=")
        section, _, name = key.partition(".")
        if equals and section in found:
            found[section][name] = str(ast.literal_eval(value))
    return {name: value for section in SECTIONS for name, value in found[section].items()}


def uv_variables(settings: Mapping[str, str], environment: Mapping[str, str]) -> dict[str, str]:
    """Return the environment variables that give ``settings`` of pip to uv.

    Raises:
        ValueError: pip has a setting that uv cannot be given.
    """
    for name in IMPOSSIBLE:
        if settings.get(name, "").lower() not in ("", "0", "no", "off", "false"):
            raise ValueError(f"pip's setting {name} cannot be given to uv")
    result = {"UV_PYTHON_DOWNLOADS": "never"}
    for name, (variables, separator) in VARIABLES.items():
        if values := settings.get(name, "").split():
            result |= dict.fromkeys(variables, separator.join(values))
    if "UV_INDEX" in result:
        # As pip does: the best version of all indexes. Which file it must be, its hash says.
        result["UV_INDEX_STRATEGY"] = "unsafe-best-match"
    return {name: value for name, value in result.items() if not environment.get(name)}


def main() -> int:
    """Print the variables as shell commands."""
    try:
        variables = uv_variables(pip_settings(sys.stdin.read()), os.environ)
    except ValueError as error:
        print(error, file=sys.stderr)
        return 1
    for name, value in variables.items():
        print(f"export {name}={shlex.quote(value)}")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
