//! What WeChat says for each return code (wechat-protocol.md, section I), without decoration. What pages say
//! is in `words.rs`.

use crate::answer::Family;

/// The text of a code; 40001 is longer outside `/sns`.
pub fn of(code: i32, family: Family) -> &'static str {
    match (code, family) {
        (40001, Family::Api) => {
            "invalid credential, access_token is invalid or not latest, could get access_token by \
             getStableAccessToken, more details at https://mmbizurl.cn/s/JtxxFh33r"
        }
        _ => known(code).unwrap_or("unknown error"),
    }
}

fn known(code: i32) -> Option<&'static str> {
    TEXTS.binary_search_by_key(&code, |(code, _)| *code).ok().map(|at| TEXTS[at].1)
}

/// Sorted by code.
const TEXTS: &[(i32, &str)] = &[
    (-1, "system error"),
    (40001, "invalid credential, access_token is invalid or not latest"),
    (40002, "invalid grant_type"),
    (40003, "invalid openid"),
    (40013, "invalid appid"),
    (40014, "invalid access_token"),
    (40029, "invalid code"),
    (40030, "invalid refresh_token"),
    (40033, "invalid charset. please check your request, if include \\uxxxx will create fail!"),
    (40035, "invalid args size"),
    (40036, "invalid template_id size"),
    (40037, "invalid template_id"),
    (40048, "invalid url domain"),
    (40052, "invalid action name"),
    (40053, "invalid action info, please check document"),
    (40066, "invalid url"),
    (40097, "invalid args"),
    (40125, "invalid appsecret"),
    (40129, "invalid scene"),
    (40132, "invalid username"),
    (40163, "code been used"),
    (40164, "invalid ip, not in whitelist"),
    (40165, "invalid weapp pagepath"),
    (40226, "code blocked"),
    (40243, "AppSecret已被冻结，请登录MP解冻后再次调用。"),
    (41001, "access_token missing"),
    (41002, "appid missing"),
    (41003, "refresh_token missing"),
    (41004, "appsecret missing"),
    (41008, "missing code"),
    (41009, "missing openid"),
    (41030, "invalid page"),
    (42001, "access_token expired"),
    (42002, "refresh_token expired"),
    (42003, "code expired"),
    (42007, "access_token and refresh_token exception"),
    (43001, "require GET method"),
    (43002, "require POST method"),
    (43003, "require https"),
    (43004, "require subscribe"),
    (43005, "require friend relations"),
    (43019, "require remove blacklist"),
    (43101, "user refuse to accept the msg"),
    (43107, "subscription capability banned"),
    (43108, "concurrent sends to the same user"),
    (44002, "empty post data"),
    (44990, "reach max api second frequence limit"),
    (44991, "reach max api minute frequence limit"),
    (44993, "reach max api day frequence limit"),
    (45009, "reach max api daily quota limit"),
    (45011, "api minute-quota reach limit, must slower, retry next minute"),
    (45015, "response out of time limit or subscription is canceled"),
    (45029, "qrcode count out of limit"),
    (45035, "access clientip is not registered, not in ip-white-list"),
    (45047, "out of response count limit"),
    (45168, "keyword in blacklist"),
    (46004, "user no exist"),
    (47001, "data format error"),
    (47003, "argument invalid!"),
    (48001, "api unauthorized"),
    (48002, "user block receive message"),
    (48004, "api forbidden for irregularities, view detail on mp.weixin.qq.com"),
    (48006, "forbid to clear quota because of reaching the limit"),
    (50001, "api unauthorized or user unauthorized"),
    (50002, "user limited"),
    (50003, "user unexpected, maybe not in white list"),
    (50004, "user not allow to use accesstoken, maybe for punishment"),
    (50005, "user is unsubscribed"),
    (50007, "account frozen"),
    (61004, "access clientip is not registered"),
    (61010, "code is expired"),
    (76003, "invalid path"),
    (76021, "cgi_path not found, please check"),
    (76022, "could not use this cgi_path，no permission"),
    (87007, "session_key is not existd or expired"),
    (87008, "invalid sig_method"),
    (87009, "invalid signature"),
    (87014, "risky content"),
    (89002, "open not exists"),
    (200_011, "account banned"),
    (200_012, "private template count reaches the limit"),
    (200_013, "template banned"),
    (200_014, "invalid tid"),
    (200_016, "invalid start"),
    (200_017, "invalid limit"),
    (200_018, "ids missing"),
    (200_019, "invalid ids"),
    (200_020, "invalid kidList"),
    (200_021, "invalid sceneDesc"),
    (200_022, "template already exists"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_sorted_so_that_each_can_be_found() {
        assert!(TEXTS.is_sorted_by_key(|(code, _)| *code));
        assert_eq!(of(40029, Family::Sns), "invalid code");
        assert_eq!(of(12345, Family::Sns), "unknown error");
    }

    #[test]
    fn a_bad_token_is_told_at_length_outside_sns() {
        assert!(of(40001, Family::Api).ends_with("https://mmbizurl.cn/s/JtxxFh33r"));
        assert!(of(40001, Family::Sns).ends_with("not latest"));
    }
}
