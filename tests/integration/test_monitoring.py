"""deploy/monitoring: alerts fire when they must and only then, and every name that is used there is served."""

import json
import pathlib
import re
import subprocess

import pytest
import yaml

from crawl import wait_for
from httpd import Httpd
from programs import needs
from status_publisher import StatusPublisher

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "deploy" / "monitoring"
ALERTS = yaml.safe_load((FOLDER / "prometheus-alerts.yml").read_text())
RULES = {rule["alert"]: rule for group in ALERTS["groups"] for rule in group["rules"]}
DASHBOARD = json.loads((FOLDER / "grafana-dashboard.json").read_text())

# Functions, keywords and labels of PromQL that look like names.
PROMQL = set(
    "and by count increase instance histogram_quantile job kind code le min on or rate reason sum time changes up".split())

# How long a history is, and how far apart its samples are, in seconds.
SHORT = (12_000, 60)
LONG = (180_000, 600)
SPANS = {"R3eForgottenPause": LONG, "R3eRefreshLate": LONG}


def flat(value):
    return lambda span_s, step_s: f"{value}x{span_s // step_s}"


def ago(seconds):
    """The time so long before the history's end, all the while."""
    return lambda span_s, step_s: f"{span_s - seconds}x{span_s // step_s}"


def steps(before, after, since_s):
    """`before`, and `after` for the last so many seconds."""
    return lambda span_s, step_s: f"{before}x{(span_s - since_s) // step_s - 1} {after}x{since_s // step_s}"


def rising(each_step, since_s):
    """A counter that rises for the last so many seconds, by so much with each sample."""
    return lambda span_s, step_s: f"0x{(span_s - since_s) // step_s - 1} 0+{each_step}x{since_s // step_s}"


def hold(reason, since_s):
    """A hold that began so long ago."""
    return {f'r3e_coordinator_hold{{reason="{reason}"}}': steps(0, 1, since_s)}


# {alert: (histories in which it fires, histories in which it does not)}
HISTORIES = {
    "R3eWebServerDown": ([{'up{job="r3e-leaderboard"}': steps(1, 0, 300)}],
                         [{'up{job="r3e-leaderboard"}': flat(1)}, {'up{job="r3e-leaderboard"}': steps(1, 0, 60)},
                          {'up{job="other"}': flat(0)}]),
    "R3eCoordinatorSilent": ([{"r3e_coordinator_up": steps(1, 0, 600)}],
                             [{"r3e_coordinator_up": steps(1, 0, 120)}, {"r3e_coordinator_up": flat(1)}]),
    "R3eStoreFails": ([hold("store_error", 180)], [hold("paused", 180)]),
    "R3eDiskFull": ([hold("disk_full", 600)], [hold("disk_full", 60), hold("stopping", 600)]),
    "R3eForgottenPause": ([hold("paused", 96_000)], [hold("paused", 80_000)]),
    "R3eRobotsForbids": ([hold("robots", 4000)], [hold("robots", 1000)]),
    "R3eServiceAway": ([hold("breaker", 2400), hold("retry_after", 2400)], [hold("breaker", 600), hold("paused", 2400)]),
    "R3eRefreshLate": ([{"r3e_refresh_last_success_timestamp_seconds": ago(140_000)}],
                       [{"r3e_refresh_last_success_timestamp_seconds": ago(100_000)},
                        {"r3e_refresh_last_success_timestamp_seconds": flat(0)}]),
    "R3eNothingPublished": ([{"r3e_export_last_success_timestamp_seconds": ago(10_000),
                              "r3e_results_stored_total": rising(1, 9000)}],
                            [{"r3e_export_last_success_timestamp_seconds": ago(10_000),
                              "r3e_results_stored_total": flat(5)},
                             {"r3e_export_last_success_timestamp_seconds": ago(3000),
                              "r3e_results_stored_total": rising(1, 9000)}]),
    "R3eExportsFail": ([{"r3e_exports_failed_total": rising(1, 300)}], [{"r3e_exports_failed_total": rising(1, 60)}]),
    "R3eWorkersDie": ([{"r3e_workers_lost_total": rising(2, 600)}], [{"r3e_workers_lost_total": rising(1, 300)}]),
    "R3eNoWorkers": ([{"r3e_workers": flat(0), "r3e_combinations_due": flat(3)}],
                     [{"r3e_workers": flat(0), "r3e_combinations_due": flat(0)},
                      {"r3e_workers": flat(1), "r3e_combinations_due": flat(3)}]),
    "R3eQuarantine": ([{"r3e_combinations_quarantined": steps(0, 1, 5000)}], [{"r3e_combinations_quarantined": flat(0)}]),
    "R3eManyFailures": ([{"r3e_combinations_failed": flat(6), "r3e_combinations": flat(100)}],
                        [{"r3e_combinations_failed": flat(5), "r3e_combinations": flat(100)}]),
    "R3eServiceChanged": ([{'r3e_attempt_failures_total{reason="not_json"}': rising(1, 900),
                            'r3e_attempt_failures_total{reason="wrong_board"}': rising(1, 900)}],
                          [{'r3e_attempt_failures_total{reason="timeout"}': rising(9, 900)},
                           {'r3e_attempt_failures_total{reason="not_json"}': rising(1, 900)}]),
    "R3ePeersRefused": ([{"r3e_peers_refused_total": rising(2, 900)}], [{"r3e_peers_refused_total": rising(1, 600)}]),
    "R3eMemoryGrows": ([{"r3e_coordinator_memory_bytes": flat(70_000_000)}],
                       [{"r3e_coordinator_memory_bytes": flat(16_000_000)}]),
    "R3eVisitorsCrowd": ([{'r3e_httpd_connections_ended_total{reason="room"}': rising(50, 300)}],
                         [{'r3e_httpd_connections_ended_total{reason="late"}': rising(50, 300)}]),
}


def promtool(*arguments):
    return subprocess.run(["promtool", *map(str, arguments)], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def served(httpd_program, tmp_path_factory):
    """The names of all samples that /metrics serves when the summary is complete."""
    folder = tmp_path_factory.mktemp("served")
    with StatusPublisher(folder) as publisher:
        server = Httpd(httpd_program, folder, "--status", publisher.endpoint)
        page = wait_for(lambda: (p := server.get("/metrics", Accept="text/plain")[2].decode()) and "_up 1\n" in p and p)
        code, errors = server.stop()
        assert code == 0, errors
    return set(re.findall(r"^(\w+)", re.sub(r"^#.*\n", "", page, flags=re.M), re.M))


def names_in(expression):
    without_strings = re.sub(r'"[^"]*"', "", re.sub(r"\[[^]]*\]|\$\w+", "", expression))
    return set(re.findall(r"\b[a-z][a-z0-9_]*\b", without_strings)) - PROMQL


@needs("promtool")
def test_rules_are_rules():
    done = promtool("check", "rules", FOLDER / "prometheus-alerts.yml")
    assert done.returncode == 0, done.stdout + done.stderr
    done = promtool("check", "config", FOLDER / "prometheus.yml")
    assert done.returncode == 0, done.stdout + done.stderr


def test_every_alert_has_histories():
    assert RULES.keys() == HISTORIES.keys()
    for rule in RULES.values():
        assert rule["labels"]["severity"] in ("page", "ticket")
        assert rule["annotations"]["summary"] and rule["annotations"]["description"]


def history(alert, series, fires):
    span_s, step_s = SPANS.get(alert, SHORT)
    firing = f'count(ALERTS{{alertname="{alert}",alertstate="firing"}})'
    named = {name if "{" in name else name + "{}": values(span_s, step_s) for name, values in series.items()}
    return {
        "name": f"{alert} {'fires' if fires else 'does not fire'}: {named}",
        "interval": f"{step_s}s",
        "input_series": [{"series": name.replace("{", '{instance="a",').replace(",}", "}"), "values": values}
                         for name, values in named.items()],
        "promql_expr_test": [{"expr": firing, "eval_time": f"{span_s}s",
                              "exp_samples": [{"labels": "{}", "value": 1}] if fires else []}],
    }


@needs("promtool")
@pytest.mark.parametrize("alert", HISTORIES)
def test_alert(tmp_path, alert):
    fire, calm = HISTORIES[alert]
    tests = [history(alert, series, True) for series in fire] + [history(alert, series, False) for series in calm]
    # The rule alone: promtool evaluates all that are in the file.
    rule = tmp_path / "rule.yml"
    rule.write_text(json.dumps({"groups": [{"name": "one", "rules": [RULES[alert]]}]}))
    path = tmp_path / "test.yml"
    path.write_text(json.dumps({"rule_files": [str(rule)], "tests": tests,
                                "evaluation_interval": f"{SPANS.get(alert, SHORT)[1]}s"}))
    done = promtool("test", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr


def test_alerts_name_what_is_served(served):
    used = set().union(*(names_in(rule["expr"]) for rule in RULES.values()))
    assert used - served == set()


def expressions(value):
    if isinstance(value, dict):
        for name, member in value.items():
            if name == "expr":
                yield member
            else:
                yield from expressions(member)
    elif isinstance(value, list):
        for member in value:
            yield from expressions(member)


def test_dashboard_names_what_is_served(served):
    used = set().union(*(names_in(expression) for expression in expressions(DASHBOARD)))
    assert len(used) > 30
    assert used - served == set()


def test_dashboard_is_one():
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    taken = set()
    for panel in panels:
        place = panel["gridPos"]
        cells = {(x, y) for x in range(place["x"], place["x"] + place["w"]) for y in range(place["y"], place["y"] + place["h"])}
        assert max(x for x, _ in cells) < 24 and not cells & taken, panel["title"]
        taken |= cells
        assert panel["datasource"]["uid"] == "${datasource}" and panel["targets"], panel["title"]


@needs("promtool")
def test_dashboard_expressions_are_promql(tmp_path):
    """promtool reads them as recording rules; the dashboard's variables stand for something."""
    rules = [{"record": f"r{number}", "expr": re.sub(r"\$\w+", ".*", expression)}
             for number, expression in enumerate(expressions(DASHBOARD))]
    path = tmp_path / "rules.yml"
    path.write_text(json.dumps({"groups": [{"name": "dashboard", "rules": rules}]}))
    done = promtool("check", "rules", path)
    assert done.returncode == 0, done.stdout + done.stderr
