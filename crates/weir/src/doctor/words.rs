//! What the doctor says, in the languages of those who read it.

/// Which language is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Language {
    #[value(name = "en")]
    English,
    #[value(name = "zh")]
    Chinese,
}

impl Language {
    /// That of the environment (POSIX: `LC_ALL` before `LC_MESSAGES` before `LANG`), English by default.
    pub fn of_environment() -> Self {
        let set = ["LC_ALL", "LC_MESSAGES", "LANG"].map(|name| std::env::var(name).unwrap_or_default());
        let first = set.into_iter().find(|value| !value.is_empty()).unwrap_or_default();
        if first.starts_with("zh") { Self::Chinese } else { Self::English }
    }
}

/// The same in each language.
#[derive(Clone, Debug, Default)]
pub(crate) struct Words {
    pub(super) english: String,
    pub(super) chinese: String,
}

impl Words {
    pub(super) fn new(english: impl Into<String>, chinese: impl Into<String>) -> Self {
        Self { english: english.into(), chinese: chinese.into() }
    }

    /// What is the same in all of them: WeChat's words, a setting's sentence.
    pub(super) fn same(text: impl Into<String>) -> Self {
        let text = text.into();
        Self { english: text.clone(), chinese: text }
    }

    pub(super) fn in_language(&self, language: Language) -> &str {
        match language {
            Language::English => &self.english,
            Language::Chinese => &self.chinese,
        }
    }
}

/// English and Chinese.
impl<E: Into<String>, C: Into<String>> From<(E, C)> for Words {
    fn from((english, chinese): (E, C)) -> Self {
        Self::new(english, chinese)
    }
}
