"""A person without a screen: reads the simulator's pages, presses their buttons. And the simulator's control calls."""

import html.parser
import os
from urllib.parse import parse_qsl, urljoin, urlsplit

import requests

import addresses

SIMULATOR = os.environ["SIMULATOR"]
WEIR = os.environ["WEIR"]
# An API key of Weir's with the scope tokens:read.
KEY = os.environ["WEIR_KEY"]

MINI = ("wx1000000000000001", "demo-secret-mini")
OFFICIAL = ("wx2000000000000002", "demo-secret-official")
WEBSITE = ("wx3000000000000003", "demo-secret-website")

ALICE = "爱丽丝 🌸"
# Where the pages send back to. Nobody listens there, nor is it followed.
BACK = "http://127.0.0.1/back?from=sdk"


def sim(path, **fields):
    """A control call of the simulator."""
    answer = requests.post(f"{SIMULATOR}/_sim/{path}", json=fields, timeout=30)
    answer.raise_for_status()
    return answer.json()


def person(name):
    people = requests.get(f"{SIMULATOR}/_sim/users", timeout=30).json()["users"]
    return next(each for each in people if each["name"] == name)


def app(name):
    apps = requests.get(f"{SIMULATOR}/_sim/apps", timeout=30).json()["apps"]
    return next(each for each in apps if each["name"] == name)


def inbox(user):
    return requests.get(f"{SIMULATOR}/_sim/inbox", {"user": user}, timeout=30).json()["messages"]


def login_code(user="alice"):
    return sim("login-code", appid="mini", user=user)["code"]


def oauth_code(app="official", user="alice", scope="snsapi_userinfo"):
    return sim("oauth-code", appid=app, user=user, scope=scope)["code"]


def jsapi_check(config):
    """What WeChat's browser would say to a page that gives this to wx.config."""
    return sim("jsapi-check", **config)["errMsg"]


class _Form(html.parser.HTMLParser):
    def __init__(self):
        super().__init__()
        self.action, self.method, self.hidden, self.people, self.buttons, self.pictures = None, None, {}, {}, {}, []
        self._option = None

    def handle_starttag(self, tag, attributes):
        named = dict(attributes)
        if tag == "form":
            self.action, self.method = named["action"], named["method"]
        elif tag == "input" and named["type"] == "hidden":
            self.hidden[named["name"]] = named["value"]
        elif tag == "option":
            self._option = named["value"]
        elif tag == "button" and named["name"] == "decision":
            self.buttons[named["value"]] = named["name"]
        elif tag == "img":
            self.pictures.append(named["src"])

    def handle_data(self, data):
        if self._option:
            self.people[data.strip()] = self._option
            self._option = None


def read(text):
    form = _Form()
    form.feed(text)
    return form


def open_page(url):
    """The page at an address that a library made for WeChat."""
    with addresses.wechat_is(SIMULATOR):
        return requests.get(url, allow_redirects=False, timeout=30)


def press(page, decision, who="alice"):
    """Chooses a person on the consent sheet and presses one of its buttons."""
    form = read(page.text)
    user = next(value for text, value in form.people.items() if text.endswith(f"({who})"))
    assert decision in form.buttons, f"there is no button for {decision}"
    fields = {**form.hidden, "_sim_user": user, "decision": decision}
    return requests.request(form.method, urljoin(page.url, form.action), data=fields, allow_redirects=False, timeout=30)


def came_back(answer):
    """The code and state with which WeChat sent the browser back."""
    assert answer.status_code == 302, f"{answer.status_code} instead of a redirect"
    location = answer.headers["location"]
    assert location.startswith(BACK), location
    return dict(parse_qsl(urlsplit(location).query))
