"""wechatpy: messages to people, and what WeChat pushes to an app's server, opened and answered."""

import contextlib
import http.server
import threading
from urllib.parse import parse_qsl, urlsplit

from wechatpy import WeChatClient, WeChatClientException, create_reply, parse_message
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import InvalidSignatureException
from wechatpy.utils import check_signature

import addresses
import phone
from checks import check, group, refused, same
from phone import MINI, OFFICIAL, SIMULATOR

TEMPLATE = "TMPL_DEMO_ACTION"
TOKEN = "AAAAA"
AES_KEY = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG"


@contextlib.contextmanager
def server(app, mode):
    """An app's server on a port of its own, known to the simulator until the end of the block. `answer` is what it answers;
    `pushes` is what came, as (query, body)."""

    class Handler(http.server.BaseHTTPRequestHandler):
        answer = staticmethod(lambda query, body: "success")
        pushes = []

        def do_POST(self):
            query = dict(parse_qsl(urlsplit(self.path).query))
            body = self.rfile.read(int(self.headers["content-length"])).decode()
            self.pushes.append((query, body))
            reply = type(self).answer(query, body).encode()
            self.send_response(200)
            self.send_header("content-length", str(len(reply)))
            self.end_headers()
            self.wfile.write(reply)

        def log_message(self, *_):
            pass

    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    before = phone.app(app)["push"]
    phone.sim("apps", name=app, push={
        "url": f"http://127.0.0.1:{listener.server_port}/", "token": TOKEN, "aes_key": AES_KEY, "mode": mode})
    try:
        yield Handler
    finally:
        phone.sim("apps", name=app, push=before)
        listener.shutdown()


def data(**fields):
    usual = {"thing1": "新客户查看了您的简历", "time2": "2026-11-26 20:00:00", "thing3": "13800138000", "thing7": "张三"}
    return {key: {"value": value} for key, value in (usual | fields).items()}


def check_send():
    group("wechatpy, subscription messages")
    client = WeChatClient(*MINI)
    alice = phone.person("alice")["openids"][MINI[0]]

    def send(openid=alice, template=TEMPLATE, **fields):
        return client.wxa.send_subscribe_message(openid, template, data(**fields), page="pages/index?id=1")

    def once():
        left = phone.sim("subscribe", appid="mini", user="alice", template_id=TEMPLATE, result="accept")["remaining"]
        same(left >= 1, True)
        before = phone.inbox("alice")
        msgids = [send()["msgid"] for _ in range(left)]
        refused(WeChatClientException, 43101, send)
        new = phone.inbox("alice")[len(before):]
        same([message["msgid"] for message in new], msgids)
        same((new[0]["data"]["thing1"]["value"], new[0]["page"]), ("新客户查看了您的简历", "pages/index?id=1"))

    def long_value():
        error = refused(WeChatClientException, 47003, lambda: send(thing7="一" * 21))
        same(error.errmsg.split(" rid: ")[0], "argument invalid! data.thing7.value invalid")

    check("one accept, one message in the inbox; then 43101", once)
    check("a value of 21 characters: 47003 names it", long_value)
    check("an unknown template: 40037", lambda: refused(WeChatClientException, 40037, lambda: send(template="none")))
    check("an unknown person: 40003", lambda: refused(WeChatClientException, 40003, lambda: send(openid="oNobody")))


def check_pushes():
    group("wechatpy, pushes")
    openid = phone.person("bob")["openids"][OFFICIAL[0]]
    message = {"MsgType": "text", "Content": "你好 <&>"}

    def push(event=message):
        return phone.sim("push", appid="official", user="bob", event=event)

    def read(query, body, crypto=None):
        check_signature(TOKEN, query["signature"], query["timestamp"], query["nonce"])
        if crypto:
            body = crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
        return parse_message(body)

    def plain():
        with server("official", "plain") as here:
            here.answer = staticmethod(lambda query, body: create_reply("hello", read(query, body)).render())
            same(push()["accepted"], True)
            seen = read(*here.pushes[0])
            same((seen.type, seen.content, seen.source), ("text", "你好 <&>", openid))

    def sealed():
        crypto = WeChatCrypto(TOKEN, AES_KEY, OFFICIAL[0])

        def answer(query, body):
            reply = create_reply("hello", read(query, body, crypto)).render()
            return crypto.encrypt_message(reply, query["nonce"], query["timestamp"])

        for mode in ("compatible", "safe"):
            with server("official", mode) as here:
                here.answer = staticmethod(answer)
                told = push()
                same((told["accepted"], len(told["attempts"])), (True, 1))
                same(read(*here.pushes[0], crypto).content, "你好 <&>")

    def foreign():
        crypto = WeChatCrypto("other", AES_KEY, OFFICIAL[0])
        with server("official", "safe") as here:
            here.answer = staticmethod(lambda query, body: crypto.encrypt_message("x", query["nonce"], query["timestamp"]))
            same(push()["accepted"], False)
            query, body = here.pushes[0]
            try:
                crypto.decrypt_message(body, query["msg_signature"], query["timestamp"], query["nonce"])
            except InvalidSignatureException:
                return
            raise AssertionError("another token's signature was believed")

    def follow():
        with server("official", "safe") as here:
            push({"Event": "subscribe", "EventKey": "qrscene_7", "Ticket": "t"})
            seen = read(*here.pushes[0], WeChatCrypto(TOKEN, AES_KEY, OFFICIAL[0]))
            same((seen.event, seen.scene_id, seen.source), ("subscribe_scan", "7", openid))

    check("a plain push is verified, read and answered", plain)
    check("a sealed push is opened; the sealed reply is taken", sealed)
    check("another token fits neither way", foreign)
    check("a follower who came by a QR code is read as one", follow)


def run():
    with addresses.wechat_is(SIMULATOR):
        check_send()
        check_pushes()
