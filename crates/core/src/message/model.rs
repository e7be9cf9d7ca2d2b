use std::time::Duration;

use serde::{Deserialize, Deserializer, de::Error as _};
use serde_json::{Map, Value};
use weir_base::{Timestamp, text_id};
use weir_store::{text_enum, text_field};

text_id!(/// One message.
    MessageId, "msg");
text_field!(MessageId);

text_enum! {
    /// How far a message has come.
    pub enum State {
        /// It waits to be sent.
        Queued = "queued",
        /// It is being sent: WeChat may have it already.
        Sending = "sending",
        /// WeChat took it.
        Sent = "sent",
        /// WeChat says that it arrived.
        Delivered = "delivered",
        /// WeChat refused it.
        Refused = "refused",
        /// WeChat's answer was lost: it may have been sent. It is not sent again by itself.
        Uncertain = "uncertain",
        /// It was given up before WeChat took it.
        Dead = "dead",
    }
}

text_enum! {
    /// Where a message comes from.
    pub enum Origin {
        /// A customer did something.
        Action = "action",
        /// It was sent to be queued.
        Queued = "queued",
        /// Somebody waits for it.
        Now = "now",
    }
}

/// A message as it is to be written down.
#[derive(Clone, Debug)]
pub struct Draft {
    pub appid: String,
    /// Who gets it.
    pub openid: String,
    pub template_id: String,
    /// `{"thing1": {"value": "…"}, …}`
    pub data: Map<String, Value>,
    pub page: Option<String>,
    pub miniprogram_state: Option<String>,
    pub lang: Option<String>,
    pub origin: Origin,
    pub advisor_id: Option<String>,
    pub action_id: Option<String>,
}

/// Hours of the day in China in which nobody is woken, in minutes. May reach over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct QuietHours(Option<(i64, i64)>);

const MINUTE: i64 = 60_000;
const DAY: i64 = 86_400_000;
/// China has one time all year.
const CHINA: i64 = 8 * 3_600_000;

impl QuietHours {
    pub const NONE: Self = Self(None);

    /// When these hours end, if `now` is in them.
    pub fn end(self, now: Timestamp) -> Option<Timestamp> {
        let (from, to) = self.0?;
        let of_day = (now.millis() + CHINA).rem_euclid(DAY);
        let (from, to) = (from * MINUTE, to * MINUTE);
        let is_quiet = if from < to { (from..to).contains(&of_day) } else { of_day >= from || of_day < to };
        is_quiet.then(|| Timestamp::from_millis(now.millis() + (to - of_day).rem_euclid(DAY)))
    }

    /// `22:00-08:00`, or nothing.
    fn parse(text: &str) -> Result<Self, String> {
        let refused = || {
            format!("{text:?} are no hours: write them as 22:00-08:00 (in China's time), or nothing for none")
        };
        if text.trim().is_empty() {
            return Ok(Self::NONE);
        }
        let minutes = |text: &str| -> Option<i64> {
            let (hours, minutes) = text.trim().split_once(':')?;
            let two = |text: &str| (text.len() == 2).then(|| text.parse::<i64>().ok()).flatten();
            let (hours, minutes) = (two(hours)?, two(minutes)?);
            ((0..24).contains(&hours) && (0..60).contains(&minutes)).then_some(hours * 60 + minutes)
        };
        let (from, to) = text.split_once('-').ok_or_else(refused)?;
        match (minutes(from), minutes(to)) {
            (Some(from), Some(to)) if from != to => Ok(Self(Some((from, to)))),
            _ => Err(refused()),
        }
    }
}

impl<'de> Deserialize<'de> for QuietHours {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(&String::deserialize(deserializer)?).map_err(D::Error::custom)
    }
}

/// When the day after `now` begins in Beijing: WeChat's daily quotas begin anew.
pub(super) fn midnight_in_beijing(now: Timestamp) -> Timestamp {
    let of_day = (now.millis() + CHINA).rem_euclid(DAY);
    Timestamp::from_millis(now.millis() - of_day + DAY)
}

/// The wait before a message is tried again that was tried `runs` times: five seconds, doubled each time, a quarter of an
/// hour at the most.
pub(super) fn backoff(runs: i64) -> Duration {
    const FIRST: Duration = Duration::from_secs(5);
    const LONGEST: Duration = Duration::from_secs(900);
    let doublings = u32::try_from(runs.clamp(1, 9) - 1).unwrap_or(0);
    FIRST.saturating_mul(1 << doublings).min(LONGEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-20 00:00 in Beijing.
    const MIDNIGHT: Timestamp = Timestamp::from_seconds(1_795_104_000);

    fn at(hours: i64, minutes: i64, seconds: i64) -> Timestamp {
        Timestamp::from_millis(MIDNIGHT.millis() + (hours * 3600 + minutes * 60 + seconds) * 1000)
    }

    #[test]
    fn quiet_hours_reach_over_midnight() {
        let quiet = QuietHours::parse("22:00-08:00").unwrap();
        assert_eq!(quiet.end(at(21, 59, 59)), None);
        assert_eq!(quiet.end(at(22, 0, 0)), Some(at(32, 0, 0)));
        assert_eq!(quiet.end(at(0, 0, 0)), Some(at(8, 0, 0)));
        assert_eq!(quiet.end(at(7, 59, 59)), Some(at(8, 0, 0)));
        assert_eq!(quiet.end(at(8, 0, 0)), None);
    }

    #[test]
    fn quiet_hours_may_lie_within_a_day() {
        let quiet = QuietHours::parse("12:30 - 14:00").unwrap();
        assert_eq!(quiet.end(at(12, 29, 59)), None);
        assert_eq!(quiet.end(at(12, 30, 0)), Some(at(14, 0, 0)));
        assert_eq!(quiet.end(at(14, 0, 0)), None);
        assert_eq!(QuietHours::NONE.end(at(3, 0, 0)), None);
    }

    #[test]
    fn what_are_no_hours_is_refused() {
        assert_eq!(QuietHours::parse("  "), Ok(QuietHours::NONE));
        for wrong in ["22:00", "22-08", "24:00-08:00", "22:60-08:00", "8:00-9:00", "08:00-08:00", "a-b"] {
            assert!(QuietHours::parse(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_day_ends_at_midnight_in_beijing() {
        assert_eq!(midnight_in_beijing(at(0, 0, 0)), at(24, 0, 0));
        assert_eq!(midnight_in_beijing(at(23, 59, 59)), at(24, 0, 0));
    }

    #[test]
    fn waits_double_up_to_a_quarter_of_an_hour() {
        let seconds: Vec<u64> = (0..12).map(|runs| backoff(runs).as_secs()).collect();
        assert_eq!(seconds, [5, 5, 10, 20, 40, 80, 160, 320, 640, 900, 900, 900]);
    }
}
