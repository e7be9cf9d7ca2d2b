//! The words of WeChat's pages. Chinese is WeChat's own wording, and what whoever names no language gets; the phone names
//! the one that it is set to.

/// A language that the phone can be set to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Language {
    #[default]
    Zh,
    En,
    Ru,
}

/// The same in Chinese, English and Russian.
pub type Three = [&'static str; 3];

impl Language {
    /// From what the phone and WeChat's links say: `zh` (or `cn`), `en`, `ru`.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "zh" | "cn" => Some(Self::Zh),
            "en" => Some(Self::En),
            "ru" => Some(Self::Ru),
            _ => None,
        }
    }

    pub const fn name(self) -> &'static str {
        self.of_three(["zh", "en", "ru"])
    }

    /// As browsers and pages write it.
    pub const fn tag(self) -> &'static str {
        self.of_three(["zh-CN", "en", "ru"])
    }

    /// As WeChat's user agent writes it.
    pub const fn locale(self) -> &'static str {
        self.of_three(["zh_CN", "en", "ru"])
    }

    /// The one of three texts.
    pub const fn of_three(self, texts: Three) -> &'static str {
        match self {
            Self::Zh => texts[0],
            Self::En => texts[1],
            Self::Ru => texts[2],
        }
    }
}

pub const ASKS: Three = ["申请使用", "requests", "запрашивает"];
pub const PROFILE: Three =
    ["获取你的昵称、头像", "Your nickname and profile photo", "Ваш псевдоним и фото профиля"];
pub const LOGIN: Three = [
    "以你的微信身份登录（昵称、头像）",
    "Log in as you are on WeChat (nickname, profile photo)",
    "Вход под вашим именем WeChat (псевдоним, фото)",
];
pub const AS_WHOM: Three = ["模拟器：以谁的身份", "Simulator: as whom", "Симулятор: от чьего имени"];
pub const ALLOW: Three = ["允许", "Allow", "Разрешить"];
pub const REFUSE: Three = ["拒绝", "Reject", "Отклонить"];

pub const REFUSED: Three = ["你已拒绝授权", "You did not allow it", "Вы не дали разрешения"];
pub const STAYS: Three = [
    "页面不会跳转，可以关闭本页。",
    "Nothing more happens. You can close this page.",
    "Больше ничего не произойдёт. Страницу можно закрыть.",
];
pub const LOGGED_IN: Three = ["登录成功", "Logged in", "Вход выполнен"];
pub const GO_ON: Three = ["请在电脑上继续。", "Go on at the computer.", "Продолжайте на компьютере."];
pub const CANCELLED: Three = ["你已取消此次登录", "You have cancelled this login", "Вы отменили этот вход"];
pub const CLOSE: Three = ["可以关闭本页。", "You can close this page.", "Страницу можно закрыть."];
pub const GONE: Three =
    ["二维码已失效", "This QR code has been used or has expired", "QR-код уже использован или истёк"];
pub const CLOSED: Three = ["该链接无法访问", "This link cannot be visited", "Эту ссылку открыть нельзя"];
pub const ERROR_CODE: Three = ["错误码：", "Error code: ", "Код ошибки: "];

pub const RESPONSE_TYPE: Three = [
    "response_type 参数错误：应为 code",
    "response_type is wrong: it must be code",
    "Неверный response_type: нужен code",
];
pub const ORDER: Three = [
    "链接格式错误：参数顺序应为 appid, redirect_uri, response_type, scope, state，其后不能有未知参数",
    "The link is not in form: parameters are appid, redirect_uri, response_type, scope, state in this order, and nothing unknown after them",
    "Ссылка неверна: параметры идут в порядке appid, redirect_uri, response_type, scope, state, и за ними нет неизвестных",
];
pub const STATE: Three = [
    "state 参数错误：只能包含 a-zA-Z0-9，最长 128 字节",
    "state is wrong: only a-zA-Z0-9, at most 128 bytes",
    "Неверный state: только a-zA-Z0-9, не длиннее 128 байт",
];

pub const WECHAT_LOGIN: Three = ["微信登录", "WeChat Login", "Вход через WeChat"];
pub const QR_CODE: Three = ["二维码", "QR code", "QR-код"];
/// Followed by the name of who asks, in quotation marks.
pub const SCAN_FOR: Three = [
    "请使用微信扫描二维码登录",
    "Scan the QR code with WeChat to log in to",
    "Отсканируйте QR-код в WeChat, чтобы войти:",
];
pub const OPEN_HERE: Three = [
    "模拟器：在本机打开手机页面",
    "Simulator: open the phone’s page on this computer",
    "Симулятор: открыть страницу телефона на этом компьютере",
];
pub const AFTERWARDS: Three = [
    "手机确认后，点此继续",
    "Press here once the phone has agreed",
    "Нажмите здесь после подтверждения на телефоне",
];
pub const SCREEN_GONE: Three = [
    "二维码已失效，请刷新页面",
    "The QR code has expired: reload the page",
    "QR-код истёк: обновите страницу",
];
pub const SCREEN_SCANNED: Three = [
    "扫描成功，请在手机上确认",
    "Scanned. Confirm it on the phone",
    "Отсканировано. Подтвердите вход на телефоне",
];
pub const SCREEN_CANCELLED: Three = [
    "你已取消此次登录，可再次扫描",
    "You have cancelled this login. You can scan again",
    "Вы отменили вход. Можно сканировать снова",
];

pub const NOT_OPENED: Three = ["无法打开页面", "The page was not opened", "Страница не открыта"];
pub const NOT_NAMED: Three = [
    "这个域名不在任何应用的 callback_domains 或 jssdk_domains 中。",
    "The host is not among any app’s callback_domains or jssdk_domains.",
    "Хоста нет среди callback_domains и jssdk_domains приложений.",
];
pub const NO_PERSON: Three = [
    "模拟器中没有这个用户。",
    "There is nobody of this name in the simulator.",
    "В симуляторе нет такого человека.",
];
pub const ONLY_PAGES: Three = [
    "只有手机中的页面可以这样请求。",
    "Only pages on the phone may ask for this.",
    "Так могут обращаться только страницы на телефоне.",
];
pub const NOT_READ: Three = ["页面没有读完：", "The page broke off: ", "Страница оборвалась: "];
pub const TOO_LONG: Three =
    ["请求超过 8 MiB。", "The request is longer than 8 MiB.", "Запрос длиннее 8 МиБ."];
pub const NO_BROWSER: Three =
    ["浏览器不会这样请求。", "No browser asks like this.", "Браузеры так не обращаются."];
pub const NO_ADDRESS: Three = ["这不是网址。", "This is not an address.", "Это не адрес."];
/// Preceded by who it is about, as the next.
pub const TOO_LATE: Three = [" 没有及时响应。", " did not answer in time.", " не ответил вовремя."];
pub const NO_ANSWER: Three =
    [" 没有响应，它在运行吗？", " does not answer. Is it running?", " не отвечает. Он запущен?"];

/// What WeChat's pages say for their own return codes (wechat-protocol.md, A1).
pub const fn of_code(code: i32) -> Option<Three> {
    Some(match code {
        -1 => ["系统错误", "System error", "Системная ошибка"],
        10003 => ["redirect_uri 参数错误", "redirect_uri is wrong", "Неверный redirect_uri"],
        10004 => ["公众号被封禁", "The official account is banned", "Официальный аккаунт заблокирован"],
        10005 => [
            "Scope 参数错误或没有 Scope 权限",
            "scope is wrong, or not granted to the app",
            "Неверный scope, или приложению он не дан",
        ],
        10006 => [
            "必须关注此测试号",
            "You must follow this test account first",
            "Сначала подпишитесь на этот тестовый аккаунт",
        ],
        10009 => {
            ["操作太频繁了，请稍后重试", "Too many tries. Try again later", "Слишком часто. Повторите позже"]
        }
        10010 => ["scope 不能为空", "scope must not be empty", "scope не может быть пустым"],
        10011 => {
            ["redirect_uri 不能为空", "redirect_uri must not be empty", "redirect_uri не может быть пустым"]
        }
        10012 => ["appid 不能为空", "appid must not be empty", "appid не может быть пустым"],
        10013 => ["state 不能为空", "state must not be empty", "state не может быть пустым"],
        10016 => [
            "不支持微信开放平台的 AppID，请使用公众号 AppID",
            "AppIDs of the open platform do not work here: use one of an official account",
            "AppID открытой платформы здесь не подходят: нужен AppID официального аккаунта",
        ],
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_language_has_the_name_that_it_is_found_by() {
        for language in [Language::Zh, Language::En, Language::Ru] {
            assert_eq!(Language::named(language.name()), Some(language));
        }
        assert_eq!(Language::named("cn"), Some(Language::Zh));
        assert_eq!(Language::named("EN"), None);
        assert_eq!(Language::named(""), None);
    }
}
