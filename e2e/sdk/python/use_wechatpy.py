"""wechatpy: web OAuth, a website's QR login, the client of an official account and of a mini-program."""

import re
import time

from wechatpy import WeChatClient, WeChatClientException
from wechatpy.crypto import WeChatWxaCrypto
from wechatpy.exceptions import WeChatOAuthException
from wechatpy.oauth import WeChatOAuth

import addresses
import phone
from checks import check, group, refused, same
from phone import ALICE, BACK, KEY, MINI, OFFICIAL, SIMULATOR, WEBSITE, WEIR

PAGE = "http://127.0.0.1/page?a=1&b=%E4%BD%A0"


def oauth(scope="snsapi_userinfo", app=OFFICIAL, secret=None):
    made = WeChatOAuth(app[0], secret or app[1], BACK, scope, "s7ate")
    made.API_BASE_URL = f"{SIMULATOR}/"
    made.OAUTH_BASE_URL = f"{SIMULATOR}/connect/"
    return made


def code_refused(errcode, made, code):
    return refused(WeChatOAuthException, errcode, lambda: made.fetch_access_token(code))


def check_oauth():
    group("wechatpy, OAuth")
    openid = phone.person("alice")["openids"][OFFICIAL[0]]
    person = oauth()

    def allow():
        back = phone.came_back(phone.press(phone.open_page(person.authorize_url), "allow"))
        same(back["state"], "s7ate")
        same(back["from"], "sdk")
        return back["code"]

    def exchange():
        answer = person.fetch_access_token(code)
        same((answer["openid"], answer["scope"], answer["expires_in"]), (openid, "snsapi_userinfo", 7200))
        same("errcode" in answer, False)

    def user():
        told = person.get_user_info()
        same((told["openid"], told["nickname"]), (openid, ALICE))
        same(told["unionid"], phone.person("alice")["unionid"])
        same((told["sex"], told["privilege"]), (0, []))

    def refresh():
        before = person.access_token
        answer = person.refresh_access_token(person.refresh_token)
        same((answer["openid"], answer["access_token"]), (openid, before))

    def base():
        silent = oauth("snsapi_base")
        back = phone.came_back(phone.open_page(silent.authorize_url))
        same(silent.fetch_access_token(back["code"])["scope"], "snsapi_base")
        refused(WeChatOAuthException, 48001, silent.get_user_info)

    def deny():
        answer = phone.press(phone.open_page(person.authorize_url), "deny")
        same((answer.status_code, "location" in answer.headers), (200, False))

    def snapshot():
        shade = oauth()
        same(shade.fetch_access_token(phone.oauth_code(user="shade"))["is_snapshotuser"], 1)

    def longest_state():
        made = oauth()
        made.state = "s" * 129
        page = phone.open_page(made.authorize_url)
        same((page.status_code, phone.read(page.text).action), (200, None))

    def foreign():
        made = oauth()
        made.redirect_uri = "http://example.com/back"
        assert "10003" in phone.open_page(made.authorize_url).text, "10003 is not shown"

    code = check("authorize_url opens the consent sheet; its button comes back with code and state", allow)
    check("fetch_access_token exchanges the code", exchange)
    check("get_user_info tells the nickname as it was written", user)
    check("check_access_token says yes", lambda: same(person.check_access_token(), True))
    check("check_access_token of another person: 40003", lambda: refused(
        WeChatOAuthException, 40003, lambda: person.check_access_token("oNobody_____________________")))
    check("refresh_access_token gives the same token", refresh)
    check("a bad refresh token: 40030", lambda: refused(
        WeChatOAuthException, 40030, lambda: oauth().refresh_access_token("bad")))
    check("the same code again: 40163", lambda: code_refused(40163, oauth(), code))
    check("an unknown code: 40029", lambda: code_refused(40029, oauth(), "0" * 32))
    check("a wrong secret: 40125", lambda: code_refused(40125, oauth(secret="x" * 32), phone.oauth_code()))
    check("a wrong appid: 40013", lambda: code_refused(40013, oauth(app=("wxbad", "x")), phone.oauth_code()))
    check("a bad token of a person: 40001", lambda: refused(
        WeChatOAuthException, 40001, lambda: oauth().get_user_info(openid, "bad")))
    check("snsapi_base comes back at once, and reads no profile: 48001", base)
    check("a refusal leads nowhere", deny)
    check("a snapshot's person is told apart", snapshot)
    check("a state of 129 bytes opens no sheet", longest_state)
    check("a foreign redirect_uri: 10003", foreign)


def check_website():
    group("wechatpy, website")
    made = oauth(app=WEBSITE)

    def scan(decision):
        page = phone.open_page(made.qrconnect_url)
        uuid = phone.read(page.text).pictures[0].rsplit("/", 1)[1]
        sheet = phone.open_page(f"{SIMULATOR}/connect/confirm?uuid={uuid}")
        same(poll(uuid, "")[0], "404")
        same(phone.press(sheet, decision).status_code, 200)
        return poll(uuid, "404")

    def poll(uuid, last):
        script = phone.open_page(f"{SIMULATOR}/connect/l/qrconnect?uuid={uuid}&last={last}").text
        return re.fullmatch(r"window\.wx_errcode=(\d+);window\.wx_code='(.*)';", script).groups()

    def allow():
        errcode, code = scan("allow")
        same(errcode, "405")
        return code

    def has_picture(url):
        same(len(phone.read(phone.open_page(url).text).pictures), 1)

    def long_state():
        login = oauth(app=WEBSITE)
        login.state = "s-" * 100
        has_picture(login.qrconnect_url)

    def login():
        made.fetch_access_token(code)
        same((made.open_id, made.get_user_info()["nickname"]), (phone.person("alice")["openids"][WEBSITE[0]], ALICE))

    code = check("qrconnect_url shows a code; the phone agrees; the poll tells it", allow)
    check("the code logs in", login)
    check("a phone that refuses: 403", lambda: same(scan("deny"), ("403", "")))
    check("a link without response_type shows a code too", lambda: has_picture(
        made.qrconnect_url.replace("&response_type=code", "")))
    check("so does one with a state of 200 bytes", long_state)


def signed(client):
    ticket = client.jsapi.get_jsapi_ticket()
    nonce, timestamp = "n0nce", int(time.time())
    signature = client.jsapi.get_jsapi_signature(nonce, ticket, timestamp, PAGE)
    return dict(appid=client.appid, timestamp=timestamp, nonceStr=nonce, signature=signature, url=PAGE)


def check_official():
    group("wechatpy, official account")
    client = WeChatClient(*OFFICIAL)
    openid = phone.person("alice")["openids"][OFFICIAL[0]]

    def replaced():
        forgetful = WeChatClient(*OFFICIAL, access_token="bad")
        same(len(forgetful.jsapi.get_jsapi_ticket()) > 20, True)

    def unknown():
        strict = WeChatClient(*OFFICIAL, access_token="bad", auto_retry=False)
        refused(WeChatClientException, 40014, strict.jsapi.get_jsapi_ticket)

    def wrong_page():
        config = signed(client) | {"url": f"{PAGE}&more"}
        same(phone.jsapi_check(config), "config:fail,invalid signature")

    def picture():
        made = client.qrcode.create({"expire_seconds": 60, "action_name": "QR_STR_SCENE",
                                     "action_info": {"scene": {"scene_str": "sdk"}}})
        same(client.qrcode.show(made).content[:4], b"\x89PNG")

    check("an access_token comes", lambda: same(len(client.access_token) > 100, True))
    check("a signed page is let in", lambda: same(phone.jsapi_check(signed(client)), "config:ok"))
    check("another page's signature is not", wrong_page)
    check("what is no token: 40014", unknown)
    check("what is no token is noticed, and a new one fetched", replaced)
    check("user.get tells who does not follow", lambda: same(client.user.get(openid)["subscribe"], 0))
    check("qrcode.create and show give a picture", picture)
    check("a wrong secret: 40125", lambda: refused(
        WeChatClientException, 40125, WeChatClient(OFFICIAL[0], "x" * 32).fetch_access_token))


def check_mini():
    group("wechatpy, mini-program")
    client = WeChatClient(*MINI)

    def session():
        code = phone.login_code()
        answer = client.wxa.code_to_session(code)
        alice = phone.person("alice")
        same((answer["openid"], answer["unionid"]), (alice["openids"][MINI[0]], alice["unionid"]))
        refused(WeChatClientException, 40163, lambda: client.wxa.code_to_session(code))
        return answer["session_key"]

    def decrypted():
        sealed = phone.sim("encrypted-data", appid="mini", user="alice")
        opened = WeChatWxaCrypto(key, sealed["iv"], MINI[0]).decrypt_message(sealed["encryptedData"])
        same(opened["nickName"], ALICE)

    def number():
        code = phone.sim("phone-code", appid="mini", user="alice")["code"]
        told = client.post("wxa/business/getuserphonenumber", data={"code": code},
                           api_base_url="https://api.weixin.qq.com/")
        same(told["phone_info"]["purePhoneNumber"], "13800138000")

    key = check("code_to_session exchanges a code once (then 40163)", session)
    check("what the phone sealed is opened with the session_key", decrypted)
    check("an unknown code: 40029", lambda: refused(
        WeChatClientException, 40029, lambda: client.wxa.code_to_session("0" * 32)))
    check("the phone number is told for a code", number)


def check_weir():
    group("wechatpy, Weir as WeChat")

    def shared():
        one, two = WeChatClient(OFFICIAL[0], KEY), WeChatClient(OFFICIAL[0], KEY)
        same(one.access_token, two.access_token)
        return one.access_token

    def works():
        openid = phone.person("bob")["openids"][OFFICIAL[0]]
        with addresses.wechat_is(SIMULATOR):
            same(WeChatClient(*OFFICIAL, access_token=token, auto_retry=False).user.get(openid)["openid"], openid)

    token = check("an API key as the secret gives everybody the same access_token", shared)
    check("WeChat takes that token", works)
    check("a page signed with its ticket is let in", lambda: same(
        phone.jsapi_check(signed(WeChatClient(OFFICIAL[0], KEY))), "config:ok"))
    check("a mini-program's access_token comes too", lambda: same(
        len(WeChatClient(MINI[0], KEY).access_token) > 100, True))
    check("a foreign secret: 40125", lambda: refused(
        WeChatClientException, 40125, WeChatClient(*OFFICIAL).fetch_access_token))
    check("an unknown appid: 40013", lambda: refused(
        WeChatClientException, 40013, WeChatClient("wxbad", KEY).fetch_access_token))
    check("a bad token at getticket: 40001", lambda: refused(
        WeChatClientException, 40001, WeChatClient(
            OFFICIAL[0], KEY, access_token="bad", auto_retry=False).jsapi.get_jsapi_ticket))


def check_late():
    """Last: the clock is moved."""
    group("wechatpy, later")

    def late():
        code = phone.oauth_code()
        phone.sim("clock", advance_s=301)
        code_refused(40029, oauth(), code)

    def expired():
        client = WeChatClient(*OFFICIAL, access_token=WeChatClient(*OFFICIAL).access_token, auto_retry=False)
        phone.sim("clock", advance_s=7201)
        refused(WeChatClientException, 42001, client.jsapi.get_jsapi_ticket)

    def superseded():
        token = WeChatClient(*OFFICIAL).access_token
        WeChatClient(*OFFICIAL).fetch_access_token()
        strict = WeChatClient(*OFFICIAL, access_token=token, auto_retry=False)
        strict.jsapi.get_ticket()
        phone.sim("clock", advance_s=301)
        error = refused(WeChatClientException, 40001, strict.jsapi.get_ticket)
        assert "rid: " in error.errmsg, error.errmsg
        WeChatClient(*OFFICIAL, access_token=token).jsapi.get_ticket()

    check("a code after five minutes: 40029", late)
    check("a token that a later one replaced: five minutes more, then 40001, and a new one is fetched", superseded)
    check("an access_token after two hours: 42001", expired)


def run():
    with addresses.wechat_is(SIMULATOR):
        check_oauth()
        check_website()
        check_official()
        check_mini()
    with addresses.wechat_is(WEIR):
        check_weir()


def run_late():
    with addresses.wechat_is(SIMULATOR):
        check_late()
