"""The search page in a real Chromium, over files of the real exporter, served by the real r3e-httpd.

Where no browser can be had the tests are skipped and say so. Where `deploy/install-deps --axe` has brought npm's axe-core, or
R3E_AXE names its axe.min.js, that looks at every view too; the rules that matter most are tested here without it.
"""

import contextlib
import json
import os
import pathlib
import re
import shutil
import subprocess

import pytest

import browsing
from store_builder import Store
from httpd import Httpd
from sampling import one_in

pytestmark = pytest.mark.xdist_group("site")  # one Chromium for all: a start of it costs as much as ten tests
ROOT = pathlib.Path(__file__).resolve().parents[2]
SITE = ROOT / "exporter" / "site"
AXE = pathlib.Path(os.environ.get("R3E_AXE", ROOT / ".cache" / "axe-core" / "axe.min.js"))
MODULE_TESTS = ROOT / "tests" / "unit" / "site"
PHONE, DESK = (390, 844), (1440, 900)

HOSTILE = "<img src=x onerror=alert(1)> \"'\\ &amp;"
RLM = "\u200f"


def user(number):
    return f"https://game.raceroom.com/users/info/{number}/"


def entry(name, place, number, country="Germany", team="", car="Audi R8 LMS GT3", date="2026-01-03T10:00:00", seconds=106, model="Get Real"):
    lap = f"{seconds // 60}m {seconds % 60:02d}.{place:03d}s"
    return {"index": place - 1, "global_index": place, "driver": {"name": name, "path": user(number), "avatar": ""}, "country": {"name": country},
            "car_class": {"car": {"name": car, "class-name": "GTR 3"}}, "laptime": lap if place == 1 else f"{lap}, +00.{place - 1:03d}s",
            "relative_laptime": "" if place == 1 else f"+00.{place - 1:03d}s", "team": team, "rank": "A", "driving_model": model, "date_time": date}


def board(track, cls, results, track_name, class_name):
    return {"track_id": track, "class_id": cls, "track_name": track_name, "class_name": class_name, "results": results}


def world():
    """Names that are hard to find, two people of one name, a leaderboard of several pages."""
    crowd = [entry(f"Driver {place}", place, 9000 + place) for place in range(1, 251)]
    crowd[149] = entry("Jörg Müller", 150, 71, team="Team X", date="2026-02-01T10:00:00")
    return [
        board(1671, 1703, crowd, "Monza Circuit - Grand Prix", "GTR 3"),
        board(1671, 12770, [entry("Jörg Müller", 1, 71, car="BMW M4", seconds=100, model="Novice", date="2025-05-06T10:00:00"),
                            entry("Adam Allen", 2, 81, "Australia"), entry("Adam Allen", 3, 82, "Canada", "Maple"), entry("Jorgensen", 4, 72)],
              "Monza Circuit - Grand Prix", "DTM 2024"),
        board(1850, 1703, [entry("Adam Allen", 1, 82, "Canada", "Maple"), entry("Jörg Müller", 2, 71, seconds=60), entry("Ægir Þórsson", 3, 91, "Iceland"),
                           entry("Иван Петров", 4, 92), entry(HOSTILE, 5, 93, HOSTILE, HOSTILE), entry("Łukasz Wiśniewski", 6, 94, "Poland"),
                           entry("Ω" * 200, 7, 95), entry(RLM + "أحمد", 8, 96)], "Zolder", "GTR 3"),
        board(1851, 1703, [entry("Jörg Müller", 1, 71)], "Brno", "GTR 3"),
        board(1852, 1703, [], "Empty", "GTR 3"),
    ]  # fmt: skip


STATUS = {"fetch_in_progress": False, "last_scrape_start": "2026-01-03T10:00:00Z", "last_scrape_end": "2026-01-03T11:00:00Z", "track_count": 4,
          "total_fetched_combinations": 5, "total_unique_tracks": 4, "total_drivers": 260, "total_entries": 263, "last_index_update": "2026-01-03T11:00:10Z",
          "failed_fetch_count": 1, "failed_fetches": [{"track_name": "Spa", "track_id": "9", "class_id": "8", "error": "HTTP 503", "timestamp": "2026-01-03T10:30:00Z"}],
          "total_teams": 2}  # fmt: skip


@pytest.fixture(scope="module")
def public(build_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    store = Store(folder / "store", world())
    store.close()
    subprocess.run([build_dir / "exporter" / "r3e-exporter", "--store", folder / "store", "--public", folder / "public"], check=True, timeout=60, capture_output=True)
    if not (folder / "public/cache/index/mirror.json.gz").exists():
        pytest.skip("this exporter does not write the sharded layout, which the page reads")
    (folder / "public/cache/status.json").write_text(json.dumps(STATUS))
    return folder / "public"


@pytest.fixture(scope="module")
def server(build_dir, public):
    one = Httpd(build_dir / "exporter" / "httpd" / "r3e-httpd", public)
    yield one
    assert one.stop()[0] == 0


@pytest.fixture(scope="module")
def chromium():
    if browsing.missing():
        pytest.skip(f"the page is not tested: {browsing.missing()}")
    with browsing.Chromium() as browser:
        yield browser


class Page:
    def __init__(self, browser, address):
        self.browser = browser
        self.address = address
        self.expected = []  # complaints of the browser that belong to the test, as regular expressions

    def __getattr__(self, name):
        return getattr(self.browser, name)

    def go(self, address=""):
        self.browser.open(self.address + address)
        return self

    @property
    def here(self):
        """The address's search part."""
        return self.run("return location.search")

    def column(self, name):
        return self.texts(f"tbody td.c-{name}")

    def search(self, text, first):
        self.type(text)
        self.wait(lambda: self.texts(".drivers .name")[:1] == [first])


@pytest.fixture
def page(chromium, server):
    """The page, not opened yet. Fails if the browser had anything to complain of."""
    chromium.open("about:blank")
    chromium.complaints()
    chromium.screen(*DESK)
    one = Page(chromium, f"http://127.0.0.1:{server.port}/")
    yield one
    unexpected = [line for line in chromium.complaints() if not any(re.search(pattern, line) for pattern in one.expected)]
    assert unexpected == []


@contextlib.contextmanager
def without(path):
    """A published file is away meanwhile."""
    away = path.with_name(path.name + ".away")
    path.rename(away)
    try:
        yield
    finally:
        away.rename(path)


# ---- finding ----


@pytest.mark.parametrize("typed", ["jorg mu", "JÖRG MÜ", "Jörg  Müller", "müller jo", "joerg muel", "örg"])
def test_found_with_and_without_accents(page, typed):
    page.go().search(typed, "Jörg Müller")
    page.wait_for_texts(".drivers li:first-child .about", ["Germany · Team X · Rank A"])
    page.wait_for_texts(".drivers li:first-child .entries", ["4 entries"])


@pytest.mark.parametrize("typed, name", [("aegir", "Ægir Þórsson"), ("ægir th", "Ægir Þórsson"), ("agir", "Ægir Þórsson"), ("иван", "Иван Петров"),
                                         ("lukasz wis", "Łukasz Wiśniewski"), ("<img", HOSTILE), ("أحمد", RLM + "أحمد"), ("ωω", "Ω" * 200)])  # fmt: skip
def test_hard_names(page, typed, name):
    page.go().type(typed)
    page.wait(lambda: name in page.texts(".drivers .name"))
    assert len(page.texts(".drivers .name")) == 1


def test_the_best_come_first_and_are_counted(page):
    page.go().search("jorg", "Jörg Müller")
    page.wait_for_texts(".drivers .name", ["Jörg Müller", "Jorgensen"])
    page.wait_for_texts("h1", ["2 names"])
    assert page.texts(".drivers mark") == ["Jörg", "Jorg"]
    page.wait_for_texts("#live", ["2 names"])


def test_nobody(page):
    page.go().type("zzzz")
    page.wait_for_texts("h1", ["Nobody is called “zzzz”"])
    page.wait_for_texts("#live", ["Nobody is called “zzzz”"])


def test_more_can_be_shown(page):
    page.go().type("driver")
    page.wait(lambda: len(page.texts(".drivers .name")) == 40)
    page.find("button.more").click()
    page.wait(lambda: len(page.texts(".drivers .name")) == 240)
    assert page.run("return document.activeElement === document.querySelectorAll('.drivers a')[40]")


def test_only_what_is_needed_is_loaded(page):
    page.go().search("jorg", "Jörg Müller")
    page.wait_for_texts(".drivers .entries", ["4 entries", "1 entry"])
    page.wait_for_texts("h1", ["2 names"])
    loaded = [path.removeprefix("/cache/") for path in page.requests() if path.startswith("/cache/")]
    assert loaded == ["index/mirror.json.gz", "index/people/jo.json.gz", "status.json", "top_combinations.json.gz"]
    assert not [path for path in page.requests() if not path.startswith(("/cache/", "/r3e-site/"))]


def test_two_drivers_of_one_name_stay_apart(page):
    page.go().type("adam allen")
    page.wait_for_texts(".drivers .about", ["Australia · Rank A", "Canada · Maple · Rank A"])
    page.wait_for_texts(".drivers .entries", ["1 entry", "2 entries"])
    page.wait_for_texts("h1", ["1 name"])
    for place, number, positions in ((0, "81", ["2 of 4"]), (1, "82", ["1 of 8", "3 of 4"])):
        page.all(".drivers a")[place].click()
        page.wait_for_texts("td.c-position", positions)
        assert f"id={number}" in page.here
        page.driver.back()
        page.wait(lambda: len(page.all(".drivers a")) == 2 and page.texts("h1") == ["1 name"])


def test_a_link_without_a_number_asks_who(page):
    page.go("?driver=adam+allen").wait_for_texts(".drivers .about", ["Australia · Number 81", "Canada · Maple · Number 82"])
    page.all(".drivers a")[1].click()
    page.wait_for_texts("td.c-position", ["1 of 8", "3 of 4"])


def test_a_driver_who_is_not_there(page):
    for address in ("?driver=gone+away", "?driver=jorg+muller&id=999"):
        page.go(address).wait_for_texts("h1", ["This driver is not here"])
    page.find("main a").click()
    page.wait(lambda: "Jörg Müller" in page.texts(".drivers .name"))


# ---- a driver's results ----

JORG = "?driver=jorg+muller&id=71"
POSITIONS = ["1 of 4", "1 of 1", "2 of 8", "150 of 250"]


def test_all_results_with_every_field(page):
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    assert page.texts("h1") == ["Jörg Müller"]
    assert page.run("return document.title") == "Jörg Müller – RaceRoom Leaderboards"
    rows = [[cell.text for cell in row.find_elements("css selector", "td")] for row in page.all("tbody tr")]
    assert rows[0] == ["Monza Circuit - Grand Prix", "DTM 2024", "Novice", "1 of 4", "1:40.001", "–", "BMW M4", "6 May 2025"]
    assert rows[3] == ["Monza Circuit - Grand Prix", "GTR 3", "Get Real", "150 of 250", "1:46.150", "+0.149", "Audi R8 LMS GT3", "1 Feb 2026"]
    assert page.texts(".facts dd") == ["4", "1", "2", "109", "75.3 %"]


def test_sorting(page):
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    head = page.find("th.c-lap")
    assert page.find("th.c-position").get_attribute("aria-sort") == "ascending"
    head.find_element("tag name", "button").click()
    assert head.get_attribute("aria-sort") == "ascending" and page.find("th.c-position").get_attribute("aria-sort") is None
    assert page.column("lap") == ["1:00.002", "1:40.001", "1:46.001", "1:46.150"]
    head.find_element("tag name", "button").click()
    assert head.get_attribute("aria-sort") == "descending"
    assert page.column("lap") == ["1:46.150", "1:46.001", "1:40.001", "1:00.002"]
    page.wait(lambda: "sort=lap&dir=down" in page.here)
    page.go(page.here).wait_for_texts("td.c-lap", ["1:46.150", "1:46.001", "1:40.001", "1:00.002"])
    page.find("th.c-date button").click()
    assert page.column("date")[0] == "1 Feb 2026"  # dates begin with the newest


def test_filtering(page):
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    page.find("input[name=find]").send_keys("monza gtr")
    assert page.column("position") == ["150 of 250"]
    page.wait_for_texts(".about-rows", ["1 of 4 results"])
    page.wait(lambda: "find=monza+gtr" in page.here)
    page.find(".filters .quiet").click()
    assert page.column("position") == POSITIONS and not page.find(".filters .quiet").is_displayed()
    page.run("const s = document.querySelector('select[name=model]'); s.value = 'Novice'; s.dispatchEvent(new Event('change'))")
    assert page.column("position") == ["1 of 4"]
    page.wait(lambda: page.here.endswith("model=Novice"))
    page.go(page.here).wait_for_texts("td.c-position", ["1 of 4"])


def test_nothing_fits(page):
    page.go(f"{JORG}&find=nowhere").wait_for_texts(".about-rows", ["None of the 4 results fits these filters."])


def test_the_picture_of_places(page):
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    words = page.find("figure svg").get_attribute("aria-label")
    assert words.startswith("Of 3 results with other drivers, 1 lie in the first tenth of the field and 2 in the first half.")
    assert page.texts("figure .bar text") == ["1", "1", "1"]
    page.run("document.querySelectorAll('figure .bar')[5].dispatchEvent(new MouseEvent('click'))")
    assert page.column("position") == ["150 of 250"]
    assert page.find("select[name=place]").get_attribute("value") == "50-60"


# ---- leaderboards ----


def test_the_whole_leaderboard_with_the_driver_marked(page):
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    page.all("td.c-track a")[3].click()
    page.wait_for_text("h1", "Monza")
    assert page.text(".about-rows") == "250 entries, rows 101 to 200 shown"
    marked = page.find("tr[aria-current=true]")
    assert marked.find_element("css selector", ".c-driver").text == "Jörg Müller"
    assert len(page.all("tr.marked")) == 1
    assert page.run("const box = document.querySelector('tr.marked').getBoundingClientRect(); return box.top >= 0 && box.bottom <= innerHeight")
    assert "Jörg Müller is 150 of 250, +0.149 s behind the first." in page.text(".mine")
    page.run("[...document.querySelectorAll('.pager button')].find((one) => one.textContent === 'Last').click()")
    assert page.column("position") == [str(place) for place in range(201, 251)]
    page.wait(lambda: page.here.endswith("mark=71&page=3"))
    page.driver.back()
    page.wait_for_texts("td.c-position", POSITIONS)


def test_a_driver_of_a_leaderboard(page):
    page.go("?track=1850&class=1703").wait_for_text("h1", "Zolder")
    assert page.texts("td.c-driver")[4] == HOSTILE
    page.find("tbody tr:nth-child(3) td.c-driver a").click()
    page.wait_for_texts("h1", ["Ægir Þórsson"])
    page.wait_for_texts("td.c-position", ["3 of 8"])


def test_an_empty_leaderboard(page):
    page.go("?track=1852&class=1703").wait_for_text(".hint", "Nobody has driven here yet.")


def test_all_leaderboards(page):
    page.go().wait_for_texts(".top .entries", ["250 entries", "8 entries", "4 entries", "1 entry"])
    page.find("nav.main a:nth-child(2)").click()
    page.wait_for_texts("td.c-entries", ["250", "8", "4", "1"])
    assert page.find("nav.main a:nth-child(2)").get_attribute("aria-current") == "page"
    page.find("input[name=find]").send_keys("brno")
    assert page.column("track") == ["Brno"]
    page.find("td.c-track a").click()
    page.wait_for_texts("h1", ["Brno"])


def test_rankings(page):
    page.go().find("nav.main a[href*=rankings]").click()
    page.wait_for_texts("td.c-driver", ["Driver 1", "Jörg Müller", "Adam Allen"])
    assert page.column("pole") == ["1", "1", "1"]
    page.run("const s = document.querySelector('select[name=by]'); s.value = 'entries'; s.dispatchEvent(new Event('change'))")
    page.wait(lambda: page.column("entries")[:2] == ["4", "2"])
    assert page.texts("td.c-driver")[0] == "Jörg Müller" and page.text(".lead") == "Leaderboards driven on."
    page.run("const s = document.querySelector('select[name=scope]'); s.value = 'class-1703'; s.dispatchEvent(new Event('change'))")
    page.wait_for_texts("td.c-entries", ["3"])
    page.wait(lambda: page.here == "?view=rankings&scope=class-1703&by=entries")
    page.go(page.here).wait_for_texts("td.c-entries", ["3"])
    page.find("td.c-driver a").click()
    page.wait_for_texts("h1", ["Jörg Müller"])


def test_status(page):
    page.go("?view=status").wait_for_texts("h1", ["Status"])
    assert "263" in page.text(".lines") and "3 Jan 2026" in page.text(".lines")
    assert "Spa, class 8 — HTTP 503" in page.text(".failures")
    assert page.text("#freshness").startswith("263 lap times, published ")


# ---- address, keyboard ----


def test_back_and_forward(page):
    page.go().search("driver 2", "Driver 2")
    page.wait(lambda: page.here == "?q=driver+2")
    page.run("scrollTo(0, 400)")
    page.run("document.querySelectorAll('.drivers a')[9].click()")
    page.wait(lambda: "driver=" in page.here and page.texts("td.c-track"))
    assert page.run("return document.activeElement.tagName") == "H1"
    assert page.run("return scrollY") == 0
    page.driver.back()
    page.wait(lambda: len(page.texts(".drivers .name")) == 40)
    assert page.find("#q").get_attribute("value") == "driver 2"
    page.wait(lambda: page.run("return scrollY") == 400)
    page.driver.forward()
    page.wait(lambda: page.texts("td.c-track"))
    page.driver.back()
    page.driver.back()  # typing made no entry of its own in the history
    page.wait(lambda: page.run("return location.href") == "about:blank")


def test_a_search_can_be_shared(page):
    page.go("?q=j%C3%B6rg").wait_for_texts(".drivers .name", ["Jörg Müller", "Jorgensen"])
    assert page.find("#q").get_attribute("value") == "jörg"


def test_a_link_opens_elsewhere_when_asked_to(page):
    page.go("?q=jorg").wait_for_texts(".drivers .name", ["Jörg Müller", "Jorgensen"])
    assert page.run("""const event = new MouseEvent('click', {bubbles: true, cancelable: true, ctrlKey: true});
        document.addEventListener('click', (one) => { window.prevented = one.defaultPrevented; one.preventDefault(); }, {once: true});
        document.querySelector('.drivers a').dispatchEvent(event); return window.prevented""") is False  # fmt: skip


def test_keyboard_alone(page):
    from selenium.webdriver.common.keys import Keys

    focus = "return document.activeElement.textContent || document.activeElement.id"
    page.go().wait_for_text("h1", "Every lap time")
    page.keys("/")
    page.keys("jorg")
    page.wait_for_texts(".drivers .about", ["Germany · Team X · Rank A", "Germany · Rank A"])
    page.keys(Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ARROW_DOWN)
    assert page.run(focus).startswith("Jorgensen")
    page.keys(Keys.ARROW_UP)
    assert page.run(focus).startswith("Jörg Müller")
    page.keys(Keys.ESCAPE)
    assert page.run(focus) == "q"
    page.keys(Keys.ARROW_DOWN, Keys.ENTER)
    page.wait_for_texts("td.c-position", POSITIONS)
    assert page.run("return document.activeElement.textContent") == "Jörg Müller"
    for _ in range(20):
        page.keys(Keys.TAB)
        if page.run(focus).startswith("Lap time"):
            break
    page.keys(Keys.ENTER)
    assert page.column("lap")[0] == "1:00.002"
    assert page.run(focus).startswith("Lap time")
    page.keys("/")
    page.keys("ivan")
    page.wait_for_text("h1", "Nobody")
    page.driver.back()
    page.wait_for_texts("td.c-lap", ["1:00.002", "1:40.001", "1:46.001", "1:46.150"])


def test_enter_opens_the_first(page):
    page.go().search("jorg", "Jörg Müller")
    page.find("#q").send_keys("\n")
    page.wait_for_texts("td.c-position", POSITIONS)


# ---- when something is wrong ----


def test_scripts_that_do_not_come(page, public):
    page.expected = ["404", "MIME type"]
    with without(public / "r3e-site/app.js"):
        page.go()
        late = page.find(".late")
        assert "The page does not start." in page.text("main") and not late.is_displayed()
        page.wait(late.is_displayed)
    page.go().wait_for_text("h1", "Every lap time")
    assert not page.all(".late")


def test_a_missing_file_is_said_and_can_be_tried_again(page, public):
    page.expected = ["404"]
    with without(public / "cache/index/mirror.json.gz"):
        page.go().type("jorg")
        page.wait_for_text("[role=alert]", "The file index/mirror.json.gz is not there.")
    page.find("[role=alert] button").click()
    page.wait_for_texts(".drivers .name", ["Jörg Müller", "Jorgensen"])


def test_the_first_drivers_need_one_shard_only(page, public):
    page.expected = ["404"]
    with without(public / "cache/index/mirror.json.gz"):
        page.go().type("jorg")
        page.wait_for_texts(".drivers .about", ["Germany · Team X · Rank A", "Germany · Rank A"])
        page.wait_for_texts(".drivers .entries", ["4 entries", "1 entry"])
        page.wait_for_text("[role=alert]", "The file index/mirror.json.gz is not there.")
    page.type("rg")
    page.wait_for_texts(".drivers .name", ["Jörg Müller", "Jorgensen"])
    page.wait_for_texts("h1", ["2 names"])


def test_a_shard_that_is_missing_leaves_the_names(page, public):
    page.expected = ["404"]
    with without(public / "cache/index/people/jo.json.gz"):
        page.go().search("jorg", "Jörg Müller")
        page.wait_for_text("[role=alert]", "index/people/jo.json.gz is not there")
    page.find("[role=alert] button").click()
    page.wait_for_texts(".drivers .about", ["Germany · Team X · Rank A", "Germany · Rank A"])
    assert not page.all("[role=alert]")


def test_a_damaged_file_is_said(page, public):
    path = public / "cache/tracks/track_1851/class_1703.json.gz"
    whole = path.read_bytes()
    try:
        path.write_bytes(whole[:-20])
        page.go("?track=1851&class=1703").wait_for_text("[role=alert]", "came in damaged")
        path.write_bytes(b"[1,")
        page.find("[role=alert] button").click()
        page.wait_for_text("[role=alert]", "is not what it should be")
    finally:
        path.write_bytes(whole)
    page.find("[role=alert] button").click()
    page.wait_for_texts("h1", ["Brno"])


def test_no_network(page):
    page.expected = ["ERR_INTERNET_DISCONNECTED"]
    page.go().wait_for_text("h1", "Every lap time")
    offline = {"latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    page.command("Network.enable")
    try:
        page.command("Network.emulateNetworkConditions", offline=True, **offline)
        page.find("nav.main a[href*=status]").click()
        page.wait_for_text("[role=alert]", "Are you connected to the network?")
    finally:
        page.command("Network.emulateNetworkConditions", offline=False, **{key: -1 for key in offline})
    page.find("[role=alert] button").click()
    page.wait_for_texts("h1", ["Status"])


def test_a_browser_that_cannot_unpack(page):
    script = page.command("Page.addScriptToEvaluateOnNewDocument", source="delete globalThis.DecompressionStream")
    try:
        page.go().type("jorg")
        page.wait_for_text("[role=alert]", "This browser is too old to unpack the data.")
    finally:
        page.command("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def test_a_new_publication_is_offered(page, public):
    status = public / "cache/status.json"
    page.go("?view=boards").wait_for_text("#freshness", "263 lap times")
    try:
        status.write_text(json.dumps(STATUS | {"last_index_update": "2026-01-03T12:00:00Z", "total_entries": 264}))
        page.run("document.dispatchEvent(new Event('visibilitychange'))")
        page.wait(lambda: page.find("#news").is_displayed())
        page.find("#news button").click()
        page.wait_for_text("#freshness", "264 lap times")
        assert not page.find("#news").is_displayed()
    finally:
        status.write_text(json.dumps(STATUS))


# ---- for everybody ----

VIEWS = ["", "?q=driver", JORG, "?driver=adam+allen", "?track=1671&class=1703&mark=71", "?view=boards", "?view=rankings", "?view=status", "?q=zzzz"]


def settle(page):
    page.wait(lambda: page.texts("main h1") and not page.run("return document.body.classList.contains('busy')"))


@pytest.mark.parametrize("view", VIEWS)
def test_structure_for_screen_readers(page, view):
    settle(page.go(view))
    assert len(page.all("h1")) == len(page.all("main")) == len(page.all("header.top-bar")) == len(page.all("footer")) == 1
    assert page.run("return document.documentElement.lang") == "en"
    nameless = page.run("""return [...document.querySelectorAll('a, button, input, select, svg[role=img], nav, table, th')].filter((one) =>
        !(one.textContent.trim() || one.getAttribute('aria-label') || one.labels?.[0]?.textContent.trim())).map((one) => one.outerHTML)""")  # fmt: skip
    assert nameless == []
    for select in page.all("main select, main input"):
        assert page.run("return arguments[0].labels.length", select) == 1
    assert page.run("""return [...document.querySelectorAll('table')].every((table) => table.caption && table.getAttribute('role') === 'table' &&
        [...table.querySelectorAll('th')].every((head) => head.scope === 'col' && head.getAttribute('role') === 'columnheader') &&
        [...table.querySelectorAll('td')].every((cell) => cell.getAttribute('role') === 'cell') && table.querySelectorAll('[aria-sort]').length === 1)""")  # fmt: skip
    levels = page.run("return [...document.querySelectorAll('h1, h2, h3')].map((one) => Number(one.tagName[1]))")
    assert levels[0] == 1 and all(next_one - one <= 1 for one, next_one in zip(levels, levels[1:]))


@pytest.mark.parametrize("size", [PHONE, DESK, (320, 640)])
def test_nothing_sticks_out(page, size):
    page.screen(*size)
    for view in VIEWS:
        settle(page.go(view))
        assert page.run("return document.documentElement.scrollWidth <= innerWidth"), (view, size)
        page.run("scrollTo(0, document.body.scrollHeight)")


def test_a_phone_can_sort(page):
    page.screen(*PHONE)
    page.go(JORG).wait_for_texts("td.c-position", POSITIONS)
    page.run("const s = document.querySelector('.sorter select'); s.value = 'lap down'; s.dispatchEvent(new Event('change'))")
    assert page.column("lap")[0] == "1:46.150"
    assert page.find(".sorter select").is_displayed()


def test_the_layout_does_not_jump(page):
    page.command("Page.enable")
    watch = """new PerformanceObserver((list) => { for (const one of list.getEntries()) window.jumps = (window.jumps ?? 0) + one.value; })
        .observe({type: 'layout-shift', buffered: true})"""  # fmt: skip
    script = page.command("Page.addScriptToEvaluateOnNewDocument", source=watch)
    try:
        for view in ("", JORG, "?view=boards", "?q=jorg"):
            settle(page.go(view))
            assert page.run("return window.jumps ?? 0") < 0.1, view  # what web.dev calls good
    finally:
        page.command("Page.removeScriptToEvaluateOnNewDocument", identifier=script["identifier"])


def luminance(colour):
    digits = colour[1:] if len(colour) == 7 else "".join(2 * digit for digit in colour[1:])
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one, other):
    """WCAG 2.1, 1.4.3"""
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def test_contrast():
    schemes = re.findall(r":root \{(.*?)\}", (SITE / "page.css").read_text(), re.DOTALL)
    light, dark = (dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{3,6});", text)) for text in schemes)
    for colours in (light, {**light, **dark}):
        for text in ("text", "quiet", "accent"):
            for ground in ("ground", "surface", "mine", "hover"):
                if (text, ground) != ("quiet", "mine"):
                    assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground, colours[text], colours[ground])
        for text, ground in (("text", "mark"), ("on-medal", "gold"), ("on-medal", "silver"), ("on-medal", "bronze"), ("on-accent", "accent")):
            assert contrast(colours[text], colours[ground]) >= 4.5, (text, ground)
        for line, ground in (("strong-line", "surface"), ("strong-line", "ground"), ("bar", "surface"), ("accent", "ground")):
            assert contrast(colours[line], colours[ground]) >= 3, (line, ground)


@pytest.mark.skipif(not AXE.exists(), reason="axe-core is not there; deploy/install-deps --axe brings it, if npm is installed")
# The start page, a driver, the rankings; of a page of 100 rows the short one: the long one keeps axe busy for as long as all others.
@pytest.mark.parametrize("view", one_in(3, [*VIEWS, "?track=1850&class=1703&mark=71"]))
def test_axe_finds_nothing(page, view):
    page.screen(*DESK)
    settle(page.go(view))
    page.load_axe(AXE)
    found = {}
    for size in (DESK, PHONE):
        page.screen(*size)
        found[size, "light"] = page.axe()
        page.screen(*size, dark=True)
        found[size, "dark"] = page.axe("color-contrast", "link-in-text-block")  # nothing else differs
    assert not any(found.values()), found


# ---- the files ----


def test_modules():
    node = shutil.which("node")
    if node is None:
        pytest.skip("node is not installed")
    done = subprocess.run([node, "--test", *sorted(MODULE_TESTS.glob("*.test.mjs"))], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-4000:]
    assert int(re.search(r"pass (\d+)", done.stdout)[1]) > 20


def test_every_file_is_published():
    listed = re.findall(r"^  '([^']+)',$", (SITE / "meson.build").read_text(), re.MULTILINE)
    pages = {path.name for path in SITE.iterdir() if path.suffix in (".js", ".css", ".svg", ".html")}
    assert set(listed) == pages and listed[-1] == "index.html"


def test_nothing_comes_from_elsewhere():
    """What is imported and linked to is among the files, and nothing needs what a strict policy forbids."""
    for path in SITE.iterdir():
        if path.suffix not in (".js", ".css", ".html"):
            continue
        text = path.read_text(encoding="utf-8")
        for name in re.findall(r"(?:from|import\()\s*'\./([^']+)'", text) + re.findall(r'(?:src|href)="r3e-site/([^"]+)"', text):
            assert (SITE / name).exists(), (path.name, name)
        assert not re.search(r"https?://(?!www\.w3\.org/)", text), path.name
        assert not re.search(r"\bstyle=|<style|\bon[a-z]+=\"|innerHTML|insertAdjacentHTML|eval\(|@import", text), path.name
