use weir_base::settings;

settings! {
    /// Signing in on web pages.
    pub struct H5Settings in "h5" {
        /// Refuse logins whose page did not ask for a state at /api/wechat/authorize-url. Published pages make states of
        /// their own, which prove nothing.
        require_state: bool = false,
    }
}
