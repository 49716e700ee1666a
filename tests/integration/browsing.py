"""A real Chromium without a window, for tests of the search page."""

import json
import pathlib
import shutil
import time

try:
    from selenium import webdriver
    from selenium.webdriver.chrome.service import Service
    from selenium.webdriver.common.action_chains import ActionChains
    from selenium.webdriver.common.by import By
except ImportError:
    webdriver = None

TIMEOUT_S = 20
POLL_S = 0.01
SWITCHES = ("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars", "--disable-extensions",
            "--disable-background-networking", "--disable-component-update", "--no-first-run", "--lang=en")  # fmt: skip


def missing():
    """What a browser needs and is not here, in words; empty if nothing."""
    if webdriver is None:
        return "python3-selenium is not installed"
    for program in ("chromium", "chromedriver"):
        if shutil.which(program) is None:
            return f"{program} is not installed"
    return ""


class Chromium:
    """One browser with a profile of its own. `with` ends it."""

    def __init__(self):
        options = webdriver.ChromeOptions()
        options.binary_location = shutil.which("chromium")
        for switch in SWITCHES:
            options.add_argument(switch)
        options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
        self.driver = webdriver.Chrome(options=options, service=Service(shutil.which("chromedriver")))
        self.driver.set_script_timeout(TIMEOUT_S)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.driver.quit()

    def open(self, url):
        self.driver.get(url)

    def run(self, script, *arguments):
        return self.driver.execute_script(script, *arguments)

    def command(self, name, **parameters):
        return self.driver.execute_cdp_cmd(name, parameters)

    def screen(self, width, height, dark=False):
        self.command("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=width < 600)
        self.command("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def wait(self, condition, timeout_s=TIMEOUT_S):
        """The first true value of a condition."""
        deadline = time.monotonic() + timeout_s
        while time.monotonic() < deadline:
            value = condition()
            if value:
                return value
            time.sleep(POLL_S)
        raise AssertionError(f"it did not come about; {self.driver.current_url}: {self.text('body')[:1500]}")

    def all(self, selector):
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def find(self, selector):
        """The first such element, once it is there."""
        return self.wait(lambda: next(iter(self.all(selector)), None))

    def texts(self, selector):
        """What elements say, in one look at the page: it may change between two."""
        return self.run("return [...document.querySelectorAll(arguments[0])].map((one) => one.textContent.trim())", selector)

    def text(self, selector):
        return "\n".join(self.texts(selector))

    def wait_for_text(self, selector, text):
        return self.wait(lambda: text in self.text(selector))

    def wait_for_texts(self, selector, texts):
        self.wait(lambda: self.texts(selector) == texts)

    def keys(self, *keys):
        """To whatever has the focus."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def type(self, text):
        field = self.find("#q")
        field.clear()
        field.send_keys(text)

    def complaints(self):
        """What the browser has written to its console since the last call."""
        return [line["message"] for line in self.driver.get_log("browser") if line["level"] in ("SEVERE", "WARNING")]

    def requests(self):
        """Paths of everything the page has loaded."""
        urls = self.run("return performance.getEntriesByType('resource').map((one) => new URL(one.name).pathname)")
        return sorted(set(urls))

    def picture(self, path):
        pathlib.Path(path).write_bytes(self.driver.get_screenshot_as_png())

    def load_axe(self, source):
        """Into the page that is open."""
        self.run(pathlib.Path(source).read_text(encoding="utf-8"))

    def axe(self, *rules):
        """What axe-core finds by its usual rules, or by these: [(rule, elements), …]."""
        found = self.driver.execute_async_script("""
            const [rules, done] = arguments;
            axe.run(rules.length ? { runOnly: { type: 'rule', values: rules } } : {}).then((found) => done(JSON.stringify(found)))""", list(rules))
        found = json.loads(found)
        assert found["passes"] or found["violations"], "no rule was run"
        return [(one["id"], [node["target"] for node in one["nodes"]]) for one in found["violations"]]
