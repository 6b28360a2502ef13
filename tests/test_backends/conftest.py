"""At the end of a run, say which Keras backends were tested."""

import pytest


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    lines = []
    for outcome in ("passed", "failed", "error", "skipped"):
        for report in terminalreporter.stats.get(outcome, []):
            backend = dict(getattr(report, "user_properties", ())).get("backend")
            if backend:
                lines.append(f"{backend}: {outcome}")
    if lines:
        terminalreporter.section("Keras backends tested")
        for line in sorted(set(lines)):
            terminalreporter.write_line(line.removesuffix(": passed"))
