# SPDX-License-Identifier: Apache-2.0
"""The page at /docs, as somebody uses it: with a mouse, with keys, on a narrow screen."""
import json
import shlex
import subprocess

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select, WebDriverWait


class Page:
    def __init__(self, browser, leat):
        self.browser, self.leat = browser, leat

    def open(self, fragment=""):
        self.browser.get("about:blank")
        self.browser.get(f"{self.leat.url}/docs{fragment}")
        self.await_(lambda: self.all("main h1"))
        return self

    def await_(self, condition):
        return WebDriverWait(self.browser, 20, poll_frequency=0.02).until(lambda _: condition())

    def all(self, selector):
        return self.browser.find_elements(By.CSS_SELECTOR, selector)

    def one(self, selector):
        return self.browser.find_element(By.CSS_SELECTOR, selector)

    def texts(self, selector):
        return self.browser.execute_script("return [...document.querySelectorAll(arguments[0])].map((each) => each.textContent)",
                                           selector)

    def button(self, text):
        return next(each for each in self.all("button") if each.text == text)

    def field(self, label):
        found = next(each for each in self.all("label") if self.browser.execute_script("return arguments[0].firstChild.textContent", each) == label)
        return self.browser.find_element(By.ID, found.get_attribute("for"))

    def send(self):
        """Sends the form; the answer's status line."""
        self.one(".send").click()
        return self.await_(lambda: self.texts(".answer .status strong"))[0]

    def body(self):
        return json.loads(self.texts(".answer > pre")[0])

    def curl(self):
        return self.texts(".curl code")[0]


@pytest.fixture
def page(browser, leat):
    browser.set_window_size(1400, 1000)
    browser.get_log("browser")  # what others left
    page = Page(browser, leat)
    yield page
    assert [line for line in browser.get_log("browser") if "400 (Bad Request)" not in line["message"]] == []


def test_it_loads_from_here_alone(page):
    page.open()
    assert page.one("h1").text.startswith("Leat")
    loaded = page.browser.execute_script("return performance.getEntriesByType('resource').map((each) => each.name)")
    assert len(loaded) >= 8 and all(each.startswith(page.leat.url + "/") for each in loaded)
    assert "default-src 'self'" in page.leat.get("/docs").headers["content-security-policy"]
    assert page.leat.get("/docs/page.js").headers["x-content-type-options"] == "nosniff"


def test_it_lists_every_path_of_each_prefix(page):
    page.open()
    paths = page.leat.get("/openapi.json").json()["paths"]
    for prefix, button in (("/api", "/api plain"), ("/rest/v1", "/rest/v1 postgrest")):
        next(each for each in page.all("#prefixes button") if each.text.split() == button.split()).click()
        expected = [path for path in paths if path.startswith(prefix + "/")
                    for method in ("get", "post", "put", "patch", "delete") if method in paths[path]]
        assert page.texts("main .operation code") == expected and len(expected) >= 10


def test_the_search_finds_paths_and_columns_by_keys_alone(page):
    page.open()
    page.browser.switch_to.active_element.send_keys("/")
    search = page.browser.switch_to.active_element
    assert search.get_attribute("id") == "search" and search.get_attribute("value") == ""
    search.send_keys("makers.name")
    assert page.texts("nav a") == ["colmakers.name"]
    search.send_keys(Keys.ESCAPE, "items nowhere")
    assert page.texts("nav a") == [] and page.texts("nav p") == ["Nothing matches."]
    search.send_keys(Keys.ESCAPE, "makers/{id", Keys.ENTER)
    page.await_(lambda: page.one("h1").text == "A row of makers")
    assert page.browser.switch_to.active_element.tag_name == "h1"  # a screen reader reads on from there


def test_a_request_is_built_sent_and_shown(page):
    page.open("#/op/list_items")
    page.button("Add a filter").click()
    column, operator = (Select(each) for each in page.all(".condition select"))
    column.select_by_visible_text("state")
    operator.select_by_visible_text("in")
    page.one(".condition input").send_keys("(sold,new)")
    page.field("select").send_keys("id,big")
    page.field("order").send_keys("id.desc")
    page.field("limit").send_keys("2")
    assert page.curl() == f"curl '{page.leat.url}/api/items?state=in.(sold,new)&select=id,big&order=id.desc&limit=2'"
    assert page.send() == "200 OK"
    assert [row["id"] for row in page.body()["items"]] == [250, 249]
    assert "9007199254740993" in page.texts(".json .number")  # JSON.parse would make it …992
    page.one(".answer summary").click()
    assert "x-request-id: " in page.one(".headers").text
    by_curl = subprocess.run([*shlex.split(page.curl()), "-s"], capture_output=True, text=True, check=True).stdout
    assert json.loads(by_curl) == page.body()


def test_pages_are_turned_by_their_cursors(page):
    page.open("#/op/list_items")
    page.field("limit").send_keys("100")
    page.send()
    for first in (101, 201):
        page.button("Next page").click()
        page.await_(lambda: page.texts(".answer > pre") and page.body()["items"][0]["id"] == first)
    assert "Next page" not in page.texts(".answer button") and page.button("Page before")


def test_a_refusal_is_shown_with_its_words(page):
    page.open("#/op/list_items")
    page.field("select").send_keys("nmae")
    assert page.send() == "400 Bad Request"
    assert page.body()["nearest"] == "name"


def test_a_row_is_asked_for_by_its_key(page):
    page.open("#/op/read_items.rest.v1")
    page.field("id").send_keys("7")
    assert page.send() == "200 OK" and page.body()["name"] == "item 7"
    assert page.one("#prefixes button[aria-pressed=true]").text.startswith("/rest/v1")


def test_a_body_begins_with_what_is_needed(page):
    page.open("#/op/create_items")
    assert json.loads(page.field("Body").get_attribute("value")) == {"name": "x"}
    assert page.curl().startswith("curl -X POST ") and "-H 'Content-Type: application/json'" in page.curl()
    rows = page.texts("tbody tr")
    assert any("state" in row and "one of new, sold" in row and 'default "new"' in row for row in rows)
    assert any("name" in row and "required" in row and "1 to 40 characters" in row for row in rows)


def test_a_row_is_created_and_removed(page):
    page.open("#/op/create_items")
    body = page.field("Body")
    body.clear()
    body.send_keys('{"id": 900, "name": "it\'s new", "state": "sold"}')
    assert page.send() == "201 Created"
    made = subprocess.run([*shlex.split(page.curl()), "-s"], capture_output=True, text=True, check=True).stdout
    assert json.loads(made)["status"] == 409  # curl's line sends the same: the key is taken now
    page.open("#/op/remove_items")
    page.field("id").send_keys("900")
    assert page.send() in ("200 OK", "204 No Content")
    assert page.leat.get("/api/items/900").status_code == 404


def test_a_query_that_changes_something_takes_its_parameters_as_a_body(page):
    page.open("#/op/query_rename")
    rows = page.texts("article tbody tr")
    assert rows[0].startswith("idrequired") and rows[1].startswith("namerequired")
    assert json.loads(page.field("Body").get_attribute("value")) == {"id": 0, "name": ""}
    page.field("Body").clear()
    page.field("Body").send_keys('{"id": 1, "name": "Brook & Sons"}')
    assert page.send() == "200 OK" and page.body() == {"changed": 1}


def test_a_resource_shows_its_columns_and_relations(page):
    page.open("#/tag/items")
    assert page.texts("tbody th code")[:3] == ["id", "name", "state"]
    assert page.texts(".relations a") == ["makers"]
    page.one(".relations a").click()
    page.await_(lambda: page.one("h1").text == "makers")


def test_texts_of_the_database_are_never_taken_for_html(page):
    page.open("#/tag/items")
    odd = "<img src=x onerror=document.title='broken'>"
    assert odd in page.texts("tbody th code")
    page.open("#/op/list_items")
    page.field("limit").send_keys("1")
    page.send()
    assert page.body()["items"][0][odd] == "<b>bold</b>"
    assert not page.all("img[onerror]") and not page.all(".answer b") and page.browser.title != "broken"


@pytest.mark.parametrize("fragment", ["#/", "#/tag/items", "#/op/list_items", "#/op/create_items"])
def test_a_narrow_screen_scrolls_one_way_alone(page, fragment):
    page.browser.set_window_size(500, 900)
    page.open(fragment)
    assert page.browser.execute_script("return document.documentElement.scrollWidth <= window.innerWidth")
    assert not page.one("nav").is_displayed()
    page.one("#menu").click()
    assert page.one("nav").is_displayed() and page.one("#menu").get_attribute("aria-expanded") == "true"


def test_whatever_can_be_used_has_a_name(page):
    for fragment in ("#/op/list_items", "#/op/create_items"):
        page.open(fragment)
        if fragment == "#/op/list_items":
            page.button("Add a filter").click()
        nameless = page.browser.execute_script("""
            return [...document.querySelectorAll("input, select, textarea, button, a[href], nav, img")].filter((each) =>
                !each.getAttribute("aria-label") && !each.labels?.length && !each.textContent.trim() && each.getAttribute("alt") === null)
                .map((each) => each.outerHTML)""")
        assert nameless == []
        levels = page.browser.execute_script("return [...document.querySelectorAll('main h1, main h2, main h3')].map((each) => +each.tagName[1])")
        assert levels.count(1) == 1 and levels[0] == 1


def contrast(page, selector):
    """WCAG's ratio of an element's text to what is behind it."""
    return page.browser.execute_script("""
        const lum = ([r, g, b]) => [r, g, b].map((v) => v / 255).map((v) => v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
            .reduce((sum, v, i) => sum + v * [.2126, .7152, .0722][i], 0);
        const numbers = (text) => text.match(/[\\d.]+/g).map(Number);
        const element = document.querySelector(arguments[0]);
        let behind = element;
        while (numbers(getComputedStyle(behind).backgroundColor)[3] === 0) behind = behind.parentElement;
        const [a, b] = [lum(numbers(getComputedStyle(element).color)), lum(numbers(getComputedStyle(behind).backgroundColor))];
        return (Math.max(a, b) + .05) / (Math.min(a, b) + .05);""", selector)


def test_light_and_dark_can_both_be_read(page):
    page.open("#/op/list_items")
    page.send()
    page.await_(lambda: page.all(".json .string"))
    seen = set()
    for _ in range(3):
        page.one("#theme").click()
        seen.add(page.one("#theme").get_attribute("aria-label"))
        for selector in ("main h1", "main dd", ".method.get", ".send", ".json .key", ".json .string", ".json .number", "nav h2", ".curl code",
                         ".mark", ".crumbs a", ".status strong"):
            assert contrast(page, selector) >= 4.5, selector
    assert seen == {"Theme: auto", "Theme: light", "Theme: dark"}
