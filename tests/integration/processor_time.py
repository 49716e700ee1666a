"""`--processor-time N` prints the N tests that cost most processor time, their processes included, beside how long they took.

What a fixture of a module starts counts for the test that comes first, what it ends for the last one.
"""

import resource

import pytest


def pytest_addoption(parser):
    parser.addoption("--processor-time", type=int, default=0, metavar="N", help="print the N tests that cost most processor time")


def used_s():
    """Seconds of processor time of this process and of all that ended, and were waited for, below it."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    # With xdist the report is what travels to the process that prints.
    now = used_s()
    outcome.get_result().user_properties.append(("processor_s", now - getattr(item.config, "processor_s", now)))
    item.config.processor_s = now


def pytest_terminal_summary(terminalreporter, config):
    wanted = config.getoption("--processor-time")
    if not wanted:
        return
    costs, durations = {}, {}
    for report in (one for reports in terminalreporter.stats.values() for one in reports if hasattr(one, "when")):
        # A list of its own for each phase would be right; pytest has one for the item, which grows.
        own = [seconds for name, seconds in report.user_properties if name == "processor_s"][-1:]
        costs[report.nodeid] = costs.get(report.nodeid, 0) + sum(own)
        durations[report.nodeid] = durations.get(report.nodeid, 0) + report.duration
    terminalreporter.write_sep("=", f"{sum(costs.values()):.0f} s of processor time, {sum(durations.values()):.0f} s of tests")
    for name in sorted(costs, key=costs.get, reverse=True)[:wanted]:
        terminalreporter.write_line(f"{costs[name]:8.2f} s {durations[name]:8.2f} s  {name}")
