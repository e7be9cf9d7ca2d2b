use weir_base::settings;

settings! {
    /// People.
    pub struct AccountSettings in "accounts" {
        /// The nickname of somebody who has not given one.
        default_nickname: String = "微信用户".to_owned(),
        /// Merge two accounts when WeChat tells, by one unionid, that they are one person. Otherwise the conflict is
        /// reported in the audit trail and both stay.
        merge: bool = true,
    }
}
