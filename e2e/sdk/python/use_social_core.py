"""social-auth-core, the login library of Django and Flask sites: its WeChat logins, without a browser."""

from urllib.parse import parse_qs, urlsplit

from social_core.backends.weixin import WeixinOAuth2, WeixinOAuth2APP
from social_core.exceptions import AuthException
from social_core.strategy import BaseStrategy

import addresses
import phone
from checks import check, group, refused, same
from phone import ALICE, BACK, OFFICIAL, SIMULATOR, WEBSITE


class Nonces:
    """States that were given out and not used yet."""

    _seen = set()

    @classmethod
    def use(cls, *nonce):
        cls._seen.add(nonce)
        return True

    @classmethod
    def consume(cls, *nonce):
        known = nonce in cls._seen
        cls._seen.discard(nonce)
        return known


class Storage:
    nonce = Nonces


class Site(BaseStrategy):
    """A site that keeps settings and session in memory, and takes whoever logs in as its user."""

    def __init__(self, name, app, scope):
        super().__init__(storage=Storage)
        settings = {"KEY": app[0], "SECRET": app[1], "SCOPE": [scope], "IGNORE_DEFAULT_SCOPE": True}
        self.settings = {f"SOCIAL_AUTH_{name}_{key}": value for key, value in settings.items()}
        self.session, self.data = {}, {}

    def get_setting(self, name):
        return self.settings[name]

    def session_get(self, name, default=None):
        return self.session.get(name, default)

    def session_set(self, name, value):
        self.session[name] = value

    def session_pop(self, name):
        return self.session.pop(name, None)

    def request_data(self, merge=True):
        return self.data

    def build_absolute_uri(self, path=None):
        return path or BACK

    def authenticate(self, backend, *args, **kwargs):
        return backend.get_user_details(kwargs["response"]) | {"uid": backend.get_user_id({}, kwargs["response"])}


def check_library(kind, app, scope, come_back):
    site = Site(kind.name.upper(), app, scope)
    login = kind(site, redirect_uri=BACK)

    def finish(answer):
        again = kind(site, redirect_uri=BACK)
        again.data = answer
        return again.auth_complete()

    def complete():
        user = finish(back)
        same((user["uid"], user["username"]), (phone.person("alice")["openids"][app[0]], ALICE))

    def used():
        state = parse_qs(urlsplit(login.auth_url()).query)["state"][0]
        again = {"code": back["code"], "state": state}
        refused(AuthException, 40163, lambda: finish(again), code=lambda error: error.provider_code)

    back = check("auth_url leads to the consent of the phone, and back", lambda: come_back(login))
    check("auth_complete logs in and spells the nickname right", complete)
    check("the same code again: 40163", used)


def by_sheet(login):
    return phone.came_back(phone.press(phone.open_page(login.auth_url()), "allow"))


def by_scan(login):
    page = phone.open_page(login.auth_url())
    uuid = phone.read(page.text).pictures[0].rsplit("/", 1)[1]
    phone.press(phone.open_page(f"{SIMULATOR}/connect/confirm?uuid={uuid}"), "allow")
    return phone.came_back(phone.open_page(f"{SIMULATOR}/connect/continue?uuid={uuid}"))


def run():
    with addresses.wechat_is(SIMULATOR):
        group("social-auth-core, in WeChat")
        check_library(WeixinOAuth2APP, OFFICIAL, "snsapi_userinfo", by_sheet)
        group("social-auth-core, website")
        check_library(WeixinOAuth2, WEBSITE, "snsapi_login", by_scan)
