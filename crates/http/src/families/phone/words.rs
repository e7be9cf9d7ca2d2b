//! The words of the phone's pages in three languages.

use axum::http::HeaderValue;
use weir_core::{Code, qr::phone::Done};

use crate::problem::Reason;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Language {
    En,
    Zh,
    Ru,
}

impl Language {
    /// The one that the reader likes best (RFC 9110, section 12.5.4); English when they like none of ours.
    pub(super) fn of(accept: Option<&HeaderValue>) -> Self {
        let accept = accept.and_then(|value| value.to_str().ok()).unwrap_or_default();
        let mut best = (0.0, Self::En);
        for one in accept.split(',').take(20) {
            let (tag, quality) = one.split_once(";q=").unwrap_or((one, "1"));
            let language = match tag.trim().get(..2).map(str::to_ascii_lowercase).as_deref() {
                Some("zh") => Self::Zh,
                Some("en") => Self::En,
                Some("ru") => Self::Ru,
                _ => continue,
            };
            let quality = quality.trim().parse::<f32>().unwrap_or(0.0);
            if quality > best.0 {
                best = (quality, language);
            }
        }
        best.1
    }

    pub(super) const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh-CN",
            Self::Ru => "ru",
        }
    }

    /// The one of three texts.
    pub(super) const fn of_three(self, texts: [&'static str; 3]) -> &'static str {
        match self {
            Self::En => texts[0],
            Self::Zh => texts[1],
            Self::Ru => texts[2],
        }
    }
}

type Three = [&'static str; 3];

pub(super) const BIND: Three =
    ["Bind this WeChat account?", "绑定此微信账号？", "Привязать этот аккаунт WeChat?"];
pub(super) const BIND_LEAD: Three = [
    "Only go on if you started this yourself, on the screen described here.",
    "仅当这是您本人在下述设备上发起的操作时，才请继续。",
    "Продолжайте, только если вы сами начали это на указанном ниже экране.",
];
pub(super) const LOGIN: Three =
    ["Sign in on another screen?", "在另一台设备上登录？", "Войти на другом экране?"];
pub(super) const LOGIN_LEAD: Three = [
    "Whoever sits at this screen will be signed in as you.",
    "确认后，使用该设备的人将以您的身份登录。",
    "Тот, кто находится за этим экраном, войдёт от вашего имени.",
];
pub(super) const CONTINUE: Three =
    ["Continue with this account?", "以此账号继续？", "Продолжить с этим аккаунтом?"];
pub(super) const CONTINUE_LEAD: Three = [
    "This browser could not be recognised. Go on only if you have just signed in yourself.",
    "无法识别此浏览器。仅当刚才是您本人发起的登录时，才请继续。",
    "Браузер не распознан. Продолжайте, только если вы сами только что вошли.",
];
pub(super) const SITE: Three = ["Site", "网站", "Сайт"];
pub(super) const ACCOUNT: Three = ["Account", "账号", "Аккаунт"];
pub(super) const WECHAT: Three = ["Your WeChat", "您的微信", "Ваш WeChat"];
pub(super) const BROWSER: Three = ["Browser", "浏览器", "Браузер"];
pub(super) const ADDRESS: Three = ["Address", "IP 地址", "Адрес"];
pub(super) const TIME: Three = ["Asked at", "发起时间", "Время запроса"];
pub(super) const UNKNOWN: Three = ["unknown", "未知", "неизвестно"];
pub(super) const CONFIRM_BIND: Three = ["Bind", "确认绑定", "Привязать"];
pub(super) const CONFIRM_LOGIN: Three = ["Sign in", "确认登录", "Войти"];
pub(super) const REFUSE: Three = ["This was not me", "不是我本人操作", "Это был не я"];
pub(super) const REFERENCE: Three = ["Reference", "参考编号", "Номер обращения"];

/// Title and text of what was done.
pub(super) const fn done(done: Done) -> (Three, Three) {
    match done {
        Done::Bound => (
            ["WeChat is bound", "绑定成功", "WeChat привязан"],
            [
                "You can close this page and go on in your browser.",
                "您可以关闭此页面，回到浏览器继续操作。",
                "Можно закрыть эту страницу и вернуться в браузер.",
            ],
        ),
        Done::SignedIn => (
            ["Signed in", "登录成功", "Вход выполнен"],
            [
                "You can close this page and go on at the other screen.",
                "您可以关闭此页面，回到另一台设备继续操作。",
                "Можно закрыть эту страницу и продолжить на другом экране.",
            ],
        ),
        Done::Refused => (
            ["Refused", "已拒绝", "Отклонено"],
            [
                "Nothing was bound and nobody was signed in. If somebody else gave you this code, do not scan it again.",
                "未进行任何绑定或登录。如果二维码来自他人，请勿再次扫描。",
                "Ничего не привязано, и никто не вошёл. Если код вам дал кто-то другой, не сканируйте его снова.",
            ],
        ),
    }
}

const TRY_AGAIN: Three = [
    "Nothing was bound. Make a new QR code and scan it again.",
    "未进行任何绑定。请重新生成二维码并再次扫描。",
    "Ничего не привязано. Создайте новый QR-код и отсканируйте его.",
];
const LATER: Three = [
    "Nothing was bound. Please try again in a moment.",
    "未进行任何绑定，请稍后再试。",
    "Ничего не привязано. Попробуйте ещё раз чуть позже.",
];

/// A phone that lost its cookie.
const COOKIE_MISSING: (Three, Three) = (
    ["This phone was not recognised", "无法识别此手机", "Телефон не распознан"],
    [
        "Nothing was bound. Allow cookies in this browser, or open the code in WeChat itself, and scan again.",
        "未进行任何绑定。请允许浏览器使用 Cookie，或直接用微信扫描，然后重试。",
        "Ничего не привязано. Разрешите cookie или откройте код в самом WeChat и отсканируйте снова.",
    ],
);

/// A page that WeChat shows of itself.
const SNAPSHOT: (Three, Three) = (
    ["One more tap", "这是快照页", "Ещё одно касание"],
    [
        "WeChat shows you a preview of this page. Tap “Use full service” below to go on.",
        "当前页面为快照页，请点击页面底部的“使用完整服务”继续。",
        "WeChat показывает предварительный вид страницы. Нажмите внизу «Использовать полный сервис».",
    ],
);

/// Title and text of what went wrong: what happened, and what to do now.
pub(super) fn problem(reason: &Reason) -> (Three, Three) {
    let Reason::Failure(failure) = reason else {
        return match reason {
            Reason::Panicked => (["Something went wrong", "服务器出错", "Что-то пошло не так"], LATER),
            Reason::Failure(_) | Reason::NoSuchPath => {
                (["There is nothing here", "页面不存在", "Здесь ничего нет"], TRY_AGAIN)
            }
            Reason::MethodNotAllowed | Reason::TooLarge { .. } | Reason::UnsupportedMediaType => {
                (["This cannot be", "请求无效", "Неверный запрос"], TRY_AGAIN)
            }
        };
    };
    match failure.code {
        Code::UserBound => (
            [
                "This account already has a WeChat account",
                "该账号已绑定微信",
                "К этому аккаунту уже привязан WeChat",
            ],
            [
                "This user already has a WeChat account bound. Unbind it first, then scan a new code.",
                "该账号已绑定了一个微信，请先解绑，再扫描新的二维码。",
                "Сначала отвяжите его, затем отсканируйте новый код.",
            ],
        ),
        Code::WeChatBound => (
            ["This WeChat account is taken", "该微信已被绑定", "Этот WeChat уже привязан"],
            [
                "This WeChat account is already bound to another user.",
                "该微信已绑定其他账号，请先在原账号解绑。",
                "Этот аккаунт WeChat уже привязан к другому пользователю.",
            ],
        ),
        Code::NotBound => (
            ["Not bound yet", "尚未绑定", "Ещё не привязан"],
            [
                "This WeChat account is bound to no account of this site. Sign in another way, bind WeChat in your settings, then scan to sign in.",
                "该微信尚未绑定本站账号。请先用其他方式登录并绑定微信，之后即可扫码登录。",
                "Этот WeChat не привязан ни к одному аккаунту сайта. Войдите другим способом и привяжите WeChat в настройках.",
            ],
        ),
        Code::QrUnknown | Code::NotFound => {
            (["Unknown QR code", "二维码无效", "Неизвестный QR-код"], TRY_AGAIN)
        }
        Code::QrExpired => {
            (["The QR code has expired", "二维码已过期", "Срок действия QR-кода истёк"], TRY_AGAIN)
        }
        Code::QrTaken => (
            ["Another phone has this code", "二维码已被其他手机扫描", "Код уже открыт на другом телефоне"],
            TRY_AGAIN,
        ),
        Code::QrUsed | Code::StateUsed => {
            (["This was used already", "二维码已使用", "Уже использовано"], TRY_AGAIN)
        }
        Code::StateUnknown | Code::Invalid => {
            (["This link is not valid", "链接无效", "Ссылка недействительна"], TRY_AGAIN)
        }
        Code::CookieMissing => COOKIE_MISSING,
        Code::ConsentDenied => (["Not authorised", "您已取消授权", "Доступ не разрешён"], TRY_AGAIN),
        Code::SnapshotUser => SNAPSHOT,
        Code::LoginRefused => (["WeChat refused", "微信授权失败", "WeChat отказал"], TRY_AGAIN),
        Code::RateLimited => (["Too many requests", "请求过于频繁", "Слишком много запросов"], LATER),
        Code::WeChatTimeout | Code::WeChatBusy | Code::WeChatBroken | Code::WeChatRefused => {
            (["WeChat does not answer", "微信服务暂时不可用", "WeChat не отвечает"], LATER)
        }
        _ => (["This does not work at the moment", "服务暂时不可用", "Сейчас это не работает"], LATER),
    }
}
