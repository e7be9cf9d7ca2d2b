//! Identifiers in the forms that WeChat's have (wechat-protocol.md, section J). Those that name somebody are digests,
//! so that the same person has the same openid in every run; those that must not be guessed are thrown.

use aws_lc_rs::digest::{Context, SHA256};
use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use weir_base::{Dice, Timestamp};

/// Length of a token of `/cgi-bin/token`.
pub const CLASSIC_TOKEN_LENGTH: usize = 136;
/// Length of a token of `/cgi-bin/stable_token`.
pub const STABLE_TOKEN_LENGTH: usize = 157;

/// 28 characters: `o`, five that all people of one app share, 22 of the person's own.
pub fn openid(appid: &str, person: &str) -> String {
    identifier("openid", appid, person)
}

/// 28 characters, one per person and open-platform account.
pub fn unionid(platform: &str, person: &str) -> String {
    identifier("unionid", platform, person)
}

fn identifier(what: &str, scope: &str, person: &str) -> String {
    let shared = URL_SAFE_NO_PAD.encode(digest(&[what, scope]));
    let own = URL_SAFE_NO_PAD.encode(digest(&[what, scope, person]));
    format!("o{}{}", &shared[..5], &own[..22])
}

/// The address of an avatar, `seed` being whose it is.
pub fn avatar(seed: &str) -> String {
    let first = URL_SAFE_NO_PAD.encode(digest(&["avatar", seed, "1"]));
    let second = URL_SAFE_NO_PAD.encode(digest(&["avatar", seed, "2"]));
    format!("https://thirdwx.qlogo.cn/mmopen/vi_32/{first}{}/132", &second[..37])
}

/// SHA-256 of the parts, each ended by a zero byte so that no two lists of parts read the same.
fn digest(parts: &[&str]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part.as_bytes());
        context.update(&[0]);
    }
    let mut bytes = [0; 32];
    bytes.copy_from_slice(context.finish().as_ref());
    bytes
}

/// 32 letters and digits, the first a 0 or a 1: what `wx.login` gives.
pub fn login_code(dice: &Dice) -> String {
    let mut code = dice.alphanumeric(32);
    let first = if code.as_bytes()[0] & 1 == 0 { "0" } else { "1" };
    code.replace_range(..1, first);
    code
}

/// 64 lower-case hex digits: what the phone number button gives.
pub fn phone_code(dice: &Dice) -> String {
    hex::encode(dice.bytes::<32>())
}

/// 16 bytes as 24 characters of base64.
pub fn session_key(dice: &Dice) -> String {
    STANDARD.encode(dice.bytes::<16>())
}

/// `<n>_…`, `length` characters in all. The number grows with time: 5 in the spring of 2018, 83 six years later.
pub fn access_token(dice: &Dice, now: Timestamp, length: usize) -> String {
    const SPRING_2018: i64 = 1_519_862_400;
    const SECONDS_PER_STEP: i64 = 2_470_000;
    let number = 5 + (now.seconds() - SPRING_2018).max(0) / SECONDS_PER_STEP;
    let mut token = format!("{number}_{}", dice.token::<117>());
    token.truncate(length);
    token
}

/// 16 letters and digits, the first three `0`, a digit and `1`: names a QR code of `/connect/qrconnect`.
pub fn scan(dice: &Dice) -> String {
    let mut uuid = dice.alphanumeric(16);
    uuid.replace_range(..3, ["011", "021", "031", "041"][usize::from(uuid.as_bytes()[0]) % 4]);
    uuid
}

/// A person's token, access or refresh: `<n>_…`, 89 characters.
pub fn oauth_token(dice: &Dice, now: Timestamp) -> String {
    access_token(dice, now, 89)
}

/// A jsapi_ticket or a card ticket: 86 letters, digits, `_` and `-`.
pub fn ticket(dice: &Dice) -> String {
    dice.token::<64>()
}

/// A parametric QR code's ticket, 96 characters of base64 that begin with `gQ`, and its content: a head, the content,
/// and when it was made and ends.
pub fn qr_ticket(dice: &Dice, made: Timestamp, ends: Timestamp) -> (String, String) {
    let url = format!("http://weixin.qq.com/q/{}", dice.alphanumeric(20));
    let [first, second, ..] = dice.bytes::<8>();
    let seconds = |time: Timestamp| u32::try_from(time.seconds()).unwrap_or(u32::MAX).to_le_bytes();
    let mut bytes = vec![0x81, 0x01, first, second, 0x3a, 0, 0, 0, 0, 0, 0, 0, 0, 1, b','];
    bytes.extend_from_slice(url.as_bytes());
    bytes.extend_from_slice(&[2, 4]);
    bytes.extend_from_slice(&seconds(made));
    bytes.extend_from_slice(&[3, 4]);
    bytes.extend_from_slice(&seconds(ends));
    (STANDARD.encode(bytes), url)
}

/// Whether `text` could be an access_token: such a one that is unknown is answered 40001, anything else 40014.
pub fn looks_like_access_token(text: &str) -> bool {
    let Some((number, rest)) = text.split_once('_') else { return false };
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && (100..=512).contains(&text.len())
        && rest.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-')
}

/// `gh_` and 12 lower-case hex digits: what an app is called in pushes.
pub fn original_id(appid: &str) -> String {
    format!("gh_{}", hex::encode(&digest(&["original", appid])[..6]))
}

/// The openid of the account of WeChat's own that sends privacy events of an app.
pub fn push_account(appid: &str) -> String {
    identifier("openid", appid, "\u{0}push")
}

/// 43 characters: the id of a public template that an app took with these fields, the same whenever it does.
pub fn template(appid: &str, tid: u32, keywords: &[u32]) -> String {
    URL_SAFE_NO_PAD.encode(digest(&["template", appid, &format!("{tid}:{keywords:?}")]))
}

/// A push's nonce, nine or ten digits, and the chance in front of its message. Counted and not thrown: pushes go out when
/// they can, and must not change what other calls throw. Nobody has to guess them.
pub fn push_chance(number: u64, now: Timestamp) -> (String, [u8; 16]) {
    let bytes = digest(&["push", &number.to_string(), &now.millis().to_string()]);
    let nonce = u32::from_be_bytes(std::array::from_fn(|at| bytes[16 + at]));
    // WeChat has letters and digits there.
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    (format!("{nonce:09}"), std::array::from_fn(|at| DIGITS[usize::from(bytes[at] & 15)]))
}

/// `wx` and 16 lower-case hex digits.
pub fn appid(dice: &Dice) -> String {
    format!("wx{}", hex::encode(dice.bytes::<8>()))
}

/// 32 lower-case hex digits.
pub fn app_secret(dice: &Dice) -> String {
    hex::encode(dice.bytes::<16>())
}

/// The id of a request: three groups of eight hex digits, the first being the time (section 0.1).
pub fn rid(dice: &Dice, now: Timestamp) -> String {
    let random = dice.number();
    let seconds = u32::try_from(now.seconds()).unwrap_or(u32::MAX);
    format!("{seconds:08x}-{:08x}-{:08x}", random >> 32, random & 0xffff_ffff)
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_789_000_000);

    #[test]
    fn openids_have_wechats_form_and_share_their_first_six_characters_within_an_app() {
        let (alice, bob) = (openid("wx1", "alice"), openid("wx1", "bob"));
        for id in [&alice, &bob] {
            assert_eq!(id.len(), 28);
            assert!(
                id.starts_with('o') && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"_-".contains(&b))
            );
        }
        assert_eq!(alice[..6], bob[..6]);
        assert_ne!(alice, bob);
        assert_ne!(alice, openid("wx2", "alice"));
        assert_ne!(openid("wx1", "alice"), unionid("wx1", "alice"));
    }

    #[test]
    fn thrown_identifiers_have_wechats_form() {
        let dice = Dice::seeded(3);
        for _ in 0..200 {
            let code = login_code(&dice);
            assert!(code.len() == 32 && code.bytes().all(|b| b.is_ascii_alphanumeric()));
            assert!(code.starts_with(['0', '1']));
        }
        assert!(session_key(&dice).len() == 24 && session_key(&dice).ends_with("=="));
        assert_eq!(phone_code(&dice).len(), 64);
        for length in [CLASSIC_TOKEN_LENGTH, STABLE_TOKEN_LENGTH] {
            let token = access_token(&dice, NOW, length);
            assert_eq!(token.len(), length);
            assert!(looks_like_access_token(&token), "{token}");
        }
        let (ticket, url) = qr_ticket(&dice, NOW, NOW);
        assert!(ticket.len() == 96 && ticket.starts_with("gQ") && ticket.ends_with("=="), "{ticket}");
        assert_eq!(url.len(), 43);
        assert_eq!(
            (oauth_token(&dice, NOW).len(), super::ticket(&dice).len(), scan(&dice).len()),
            (89, 86, 16)
        );
        assert_eq!((appid(&dice).len(), app_secret(&dice).len()), (18, 32));
        assert_eq!(avatar("alice").len(), "https://thirdwx.qlogo.cn/mmopen/vi_32/".len() + 80 + 4);
    }

    #[test]
    fn a_rid_begins_with_the_time_in_hex() {
        let rid = rid(&Dice::seeded(1), Timestamp::from_seconds(0x6176_82e0));
        assert!(rid.starts_with("617682e0-") && rid.len() == 26, "{rid}");
    }

    #[test]
    fn garbage_does_not_look_like_a_token() {
        for text in ["", "garbage", "_", "12_short", &"x".repeat(136)] {
            assert!(!looks_like_access_token(text), "{text}");
        }
    }
}
