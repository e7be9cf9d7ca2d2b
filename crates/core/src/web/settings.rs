use weir_base::settings;

settings! {
    /// Where people reach this server, and where they may be sent from it.
    pub struct WebSettings in "web" {
        /// The address at which people's browsers and phones reach this server, such as https://id.example.com. It
        /// stands in QR codes and callbacks. Empty: that of redirect_uri, else http://ADDRESS:PORT.
        public_url: String = String::new(),
        /// The callback that WeChat sends people back to; its host must be the OAuth domain in WeChat's console. Empty:
        /// public_url with /api/wechat/callback. Also `WECHAT_REDIRECT_URI`.
        redirect_uri: String = String::new(),
        /// The name of the site that people are shown on their phones. Empty: the host of public_url.
        site_name: String = String::new(),
        /// Pages, to the letter, that WeChat may send people back to with its code (the page posts it to
        /// /api/wechat/auth). Pages of public_url itself are always allowed.
        redirects: Vec<String> = Vec::new(),
        /// Pages on other domains, as NAME=ADDRESS to the letter, that get a one-time code of ours through our
        /// callback: several sites on the one OAuth domain that WeChat allows. WeChat's code is never handed on.
        relays: Vec<String> = Vec::new(),
    }
}
