use weir_base::{settings, settings::Span};

settings! {
    /// The trail of who did what to whom.
    pub struct AuditSettings in "audit" {
        /// How long entries are kept; 0 keeps them for ever. A login leaves one.
        keep: Span = Span::seconds(365 * 86_400),
    }
}
