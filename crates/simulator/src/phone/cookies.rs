//! What scripts of a page may read of its cookies. Those that are sent are the jar's: this is what the frame is told.

/// The cookie as the view's frame may keep it: its own, and no secret of the server's. `None` for one that scripts are
/// not to see.
pub fn readable(set: &str) -> Option<String> {
    let mut parts = set.split(';').map(str::trim);
    let cookie = parts.next()?;
    let mut kept = String::from(cookie);
    for part in parts {
        let name = part.split('=').next().unwrap_or(part).trim_end().to_ascii_lowercase();
        match name.as_str() {
            "httponly" => return None,
            "path" | "expires" | "max-age" => {
                kept.push_str("; ");
                kept.push_str(part);
            }
            // A view is another host, of plain HTTP, and in a frame.
            _ => {}
        }
    }
    Some(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_scripts_may_read_is_kept_for_the_view_and_nothing_else() {
        for (set, kept) in [
            ("csrf=a1", Some("csrf=a1")),
            (
                "csrf=a1; Path=/x; Domain=127.0.0.1; Secure; SameSite=Strict; Partitioned",
                Some("csrf=a1; Path=/x"),
            ),
            ("csrf=; Max-Age=0", Some("csrf=; Max-Age=0")),
            (
                "c=1; expires=Wed, 21 Oct 2015 07:28:00 GMT; path=/",
                Some("c=1; expires=Wed, 21 Oct 2015 07:28:00 GMT; path=/"),
            ),
            ("seat=7; Path=/; HttpOnly", None),
            ("seat=7;httponly", None),
            ("seat=7; HTTPONLY = 1; Path=/", None),
        ] {
            assert_eq!(readable(set).as_deref(), kept, "{set}");
        }
    }
}
