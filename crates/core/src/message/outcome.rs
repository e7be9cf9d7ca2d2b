//! What WeChat's answer means for a message (sections E2 and I of wechat-protocol.md). Decided by the class and the number
//! of the error, never by its words.

use std::time::Duration;

use weir_base::Timestamp;
use weir_wechat::{Error, UnreachableKind};

use super::{
    State,
    model::{backoff, midnight_in_beijing},
};

/// What becomes of the credit that a message has taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Credit {
    /// It is used up, or may be.
    Used,
    /// It is there again.
    Back,
    /// WeChat says that there never was one.
    Corrected,
}

/// What becomes of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    Sent {
        msgid: Option<i64>,
    },
    /// It waits and is sent again.
    Later(Wait),
    /// It is not sent any more.
    Over {
        state: State,
        credit: Credit,
    },
}

/// How long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wait {
    /// About so long.
    About(Duration),
    /// As long as this, and all of the app's other messages with it.
    All(Timestamp),
}

/// What is known of the message besides the answer.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    pub now: Timestamp,
    /// How often it was tried, this time included.
    pub tries: i64,
    /// How many of them count towards `max_attempts`, should this one.
    pub counted: i64,
    pub max_attempts: u32,
    pub at_least_once: bool,
    /// WeChat may have it from an earlier try.
    pub may_be_sent: bool,
}

impl Case {
    pub fn verdict(self, error: &Error) -> Verdict {
        self.over(self.answered(error))
    }

    /// A message that WeChat may have is not known to be refused by what it says of another try, nor is it dead.
    pub fn over(self, verdict: Verdict) -> Verdict {
        match verdict {
            Verdict::Over { credit, .. } if self.may_be_sent => {
                let credit = if credit == Credit::Back { Credit::Used } else { credit };
                Verdict::Over { state: State::Uncertain, credit }
            }
            verdict => verdict,
        }
    }

    fn answered(self, error: &Error) -> Verdict {
        use UnreachableKind::Connect;
        match error {
            Error::Throttled { errcode, .. } => Verdict::Later(Wait::All(match errcode {
                45009 | 44993 => midnight_in_beijing(self.now),
                44990 => self.now.plus(Duration::from_secs(1)),
                _ => self.now.plus(Duration::from_secs(60)),
            })),
            Error::Busy { .. } => self.again(Wait::About(backoff(self.tries))),
            Error::Refused { errcode: 43108, .. } => self.again(Wait::About(CONCURRENT)),
            Error::Refused { errcode: 43101, .. } => {
                Verdict::Over { state: State::Refused, credit: Credit::Corrected }
            }
            Error::Refused { .. } => Verdict::Over { state: State::Refused, credit: Credit::Back },
            // WeChat saw nothing of it: only its age ends this.
            Error::Unreachable { kind: Connect } | Error::Overloaded => {
                Verdict::Later(Wait::About(backoff(self.tries)))
            }
            Error::Unreachable { .. } | Error::BadAnswer { .. } => {
                self.lost(Wait::About(backoff(self.tries)))
            }
        }
    }

    /// WeChat may have it: it is sent again when the template says so.
    pub fn lost(self, wait: Wait) -> Verdict {
        if self.at_least_once && !self.is_last() {
            return Verdict::Later(wait);
        }
        Verdict::Over { state: State::Uncertain, credit: Credit::Used }
    }

    fn is_last(self) -> bool {
        self.counted >= i64::from(self.max_attempts)
    }

    /// Until when all of the app's messages wait after this error, if they do.
    pub fn rest(self, error: &Error) -> Option<Timestamp> {
        match self.verdict(error) {
            Verdict::Later(Wait::All(until)) => Some(until),
            _ => None,
        }
    }

    fn again(self, wait: Wait) -> Verdict {
        if self.is_last() {
            return Verdict::Over { state: State::Dead, credit: Credit::Back };
        }
        Verdict::Later(wait)
    }

    /// When somebody waits for the answer, nothing is put off.
    pub fn verdict_now(self, error: &Error) -> Verdict {
        match self.verdict(error) {
            Verdict::Later(_) | Verdict::Over { state: State::Dead, .. } => {
                let state = if error.errcode().is_some() { State::Refused } else { State::Dead };
                Verdict::Over { state, credit: Credit::Back }
            }
            verdict => verdict,
        }
    }
}

/// The wait while WeChat says that another message to the same person is under way.
pub const CONCURRENT: Duration = Duration::from_secs(1);

/// Whether WeChat is not well: nothing else is worth trying now.
pub fn is_trouble(error: &Error) -> bool {
    matches!(
        error,
        Error::Busy { .. } | Error::Unreachable { .. } | Error::BadAnswer { .. } | Error::Overloaded
    )
}

/// The answer in a word, for the attempt and for the message's reason.
pub fn word(error: &Error) -> &'static str {
    match error {
        Error::Throttled { errcode: 45009 | 44993, .. } => "day_quota",
        Error::Throttled { .. } => "slow_down",
        Error::Busy { .. } => "busy",
        Error::Refused { errcode: 43108, .. } => "concurrent",
        Error::Refused { errcode: 43101, .. } => "no_accept",
        Error::Refused { .. } => "refused",
        Error::Unreachable { kind: UnreachableKind::Connect } => "unreachable",
        Error::Unreachable { kind: UnreachableKind::Timeout } => "timeout",
        Error::Unreachable { kind: UnreachableKind::Cut } => "cut",
        Error::BadAnswer { .. } => "bad_answer",
        Error::Overloaded => "overloaded",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_161_600);
    const CASE: Case =
        Case { now: NOW, tries: 1, counted: 1, max_attempts: 20, at_least_once: false, may_be_sent: false };

    fn code(errcode: i64) -> Error {
        let errmsg = String::new();
        match errcode {
            45009 | 45011 | 44990 | 44991 | 44993 => Error::Throttled { errcode, errmsg },
            -1 => Error::Busy { errcode, errmsg },
            _ => Error::Refused { errcode, errmsg },
        }
    }

    fn over(state: State, credit: Credit) -> Verdict {
        Verdict::Over { state, credit }
    }

    #[test]
    fn quotas_hold_up_all_messages_of_the_app() {
        let until = |errcode| match CASE.verdict(&code(errcode)) {
            Verdict::Later(Wait::All(until)) => until.since(NOW).as_secs(),
            verdict => panic!("{verdict:?}"),
        };
        // It is 16:00 in Beijing.
        assert_eq!([45009, 44993, 45011, 44991, 44990].map(until), [28_800, 28_800, 60, 60, 1]);
    }

    #[test]
    fn a_refusal_gives_the_credit_back_unless_there_was_none() {
        for errcode in [47003, 40003, 40037, 40036, 41030, 40165, 45168, 43107, 99999] {
            assert_eq!(CASE.verdict(&code(errcode)), over(State::Refused, Credit::Back), "{errcode}");
        }
        assert_eq!(CASE.verdict(&code(43101)), over(State::Refused, Credit::Corrected));
    }

    #[test]
    fn what_may_have_been_sent_is_not_sent_again_unless_the_template_says_so() {
        for kind in [UnreachableKind::Timeout, UnreachableKind::Cut] {
            let error = Error::Unreachable { kind };
            assert_eq!(CASE.verdict(&error), over(State::Uncertain, Credit::Used));
            let at_least_once = Case { at_least_once: true, ..CASE };
            assert_eq!(at_least_once.verdict(&error), Verdict::Later(Wait::About(backoff(1))));
        }
        let error = Error::BadAnswer { what: "HTML", status: 502 };
        assert_eq!(CASE.verdict(&error), over(State::Uncertain, Credit::Used));
    }

    #[test]
    fn what_passes_is_tried_again_and_given_up_in_the_end() {
        assert_eq!(CASE.verdict(&code(-1)), Verdict::Later(Wait::About(backoff(1))));
        assert_eq!(CASE.verdict(&code(43108)), Verdict::Later(Wait::About(CONCURRENT)));
        let last = Case { tries: 20, counted: 20, ..CASE };
        assert_eq!(last.verdict(&code(-1)), over(State::Dead, Credit::Back));
        assert_eq!(last.verdict(&code(43108)), over(State::Dead, Credit::Back));
        let nothing_sent = Error::Unreachable { kind: UnreachableKind::Connect };
        assert_eq!(last.verdict(&nothing_sent), Verdict::Later(Wait::About(backoff(20))));
    }

    #[test]
    fn tries_that_do_not_count_give_nothing_up() {
        let first = Case { tries: 30, counted: 1, ..CASE };
        assert_eq!(first.verdict(&code(-1)), Verdict::Later(Wait::About(backoff(30))));
    }

    #[test]
    fn what_may_have_been_sent_before_stays_uncertain() {
        let case = Case { at_least_once: true, may_be_sent: true, ..CASE };
        assert_eq!(case.verdict(&code(47003)), over(State::Uncertain, Credit::Used));
        assert_eq!(case.verdict(&code(43101)), over(State::Uncertain, Credit::Corrected));
        assert_eq!(case.verdict(&code(-1)), Verdict::Later(Wait::About(backoff(1))));
        let last = Case { counted: 20, ..case };
        assert_eq!(last.verdict(&code(-1)), over(State::Uncertain, Credit::Used));
        let cut = Error::Unreachable { kind: UnreachableKind::Cut };
        assert_eq!(last.verdict(&cut), over(State::Uncertain, Credit::Used));
    }

    #[test]
    fn who_waits_for_an_answer_is_not_put_off() {
        for errcode in [-1, 45009, 43108, 47003] {
            assert_eq!(CASE.verdict_now(&code(errcode)), over(State::Refused, Credit::Back), "{errcode}");
        }
        assert_eq!(CASE.verdict_now(&code(43101)), over(State::Refused, Credit::Corrected));
        assert_eq!(CASE.verdict_now(&Error::Overloaded), over(State::Dead, Credit::Back));
        let cut = Error::Unreachable { kind: UnreachableKind::Cut };
        assert_eq!(CASE.verdict_now(&cut), over(State::Uncertain, Credit::Used));
    }
}
