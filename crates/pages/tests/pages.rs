//! Pages as a browser gets them. Some need the frontend built, and say what holds without it too.

use axum::{
    body::to_bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
};
use weir_pages::App;

fn headers(pairs: &[(header::HeaderName, &str)]) -> HeaderMap {
    let value = |text: &str| HeaderValue::from_str(text).expect("headers of the test are plain text");
    pairs.iter().map(|(name, text)| (name.clone(), value(text))).collect()
}

#[test]
fn every_app_has_a_page_or_says_how_to_get_one() {
    for app in App::ALL {
        let text = String::from_utf8(app.page().text()).unwrap();
        assert!(text.to_lowercase().starts_with("<!doctype html>"), "{app:?}: {text:.80}");
        assert_eq!(text.contains("make build"), !app.is_built(), "{app:?}");
    }
}

#[test]
fn paths_that_point_elsewhere_are_nobodys() {
    for path in [
        "",
        "/",
        "../demo/index.html",
        "assets/../index.html",
        "/etc/passwd",
        "assets//x",
        ".gz",
        "a\\b",
        "a%2fb",
    ] {
        assert!(App::Phone.file(path).is_none(), "{path}");
    }
}

#[tokio::test]
async fn who_has_it_gets_304_and_who_takes_gzip_gets_gzip() {
    for app in App::ALL {
        let asset = app.page();
        let plain = asset.answer(&HeaderMap::new());
        assert_eq!(plain.status(), StatusCode::OK);
        assert!(plain.headers().get(header::CONTENT_ENCODING).is_none());
        assert_eq!(plain.headers()[header::CONTENT_TYPE], "text/html; charset=utf-8");
        assert_eq!(plain.headers()[header::CACHE_CONTROL], "no-cache");
        let etag = plain.headers()[header::ETAG].to_str().unwrap().to_owned();
        assert_eq!(to_bytes(plain.into_body(), usize::MAX).await.unwrap(), asset.text());

        let packed = asset.answer(&headers(&[(header::ACCEPT_ENCODING, "gzip, deflate, br")]));
        assert_eq!(packed.headers().get(header::CONTENT_ENCODING).is_some(), app.is_built());

        for has in [etag.clone(), format!("W/{etag}"), format!("\"other\", {etag}"), "*".to_owned()] {
            let again = asset.answer(&headers(&[(header::IF_NONE_MATCH, &has)]));
            assert_eq!(again.status(), StatusCode::NOT_MODIFIED, "{has}");
            assert!(to_bytes(again.into_body(), usize::MAX).await.unwrap().is_empty());
        }
        let other = asset.answer(&headers(&[(header::IF_NONE_MATCH, "\"other\"")]));
        assert_eq!(other.status(), StatusCode::OK);
    }
}

/// RFC 9110, 8.8.3: a strong tag is of one form's bytes, and a cache may not take one form for the other.
#[tokio::test]
async fn each_form_has_a_tag_of_its_own() {
    let asset = weir_pages::docs("swagger-ui.css").expect("it comes with the crates");
    let gzip = || headers(&[(header::ACCEPT_ENCODING, "gzip")]);
    let plain = asset.answer(&HeaderMap::new());
    let packed = asset.answer(&gzip());
    assert_eq!(packed.headers()[header::CONTENT_ENCODING], "gzip");
    let tag = |answer: &axum::response::Response| answer.headers()[header::ETAG].to_str().unwrap().to_owned();
    let (of_plain, of_packed) = (tag(&plain), tag(&packed));
    assert_ne!(of_plain, of_packed);

    let status = |takes: bool, has: &str| {
        let mut asked = headers(&[(header::IF_NONE_MATCH, has)]);
        if takes {
            asked.extend(gzip());
        }
        asset.answer(&asked).status()
    };
    assert_eq!(status(true, &of_packed), StatusCode::NOT_MODIFIED);
    assert_eq!(status(false, &of_plain), StatusCode::NOT_MODIFIED);
    assert_eq!(status(true, &of_plain), StatusCode::OK);
    assert_eq!(status(false, &of_packed), StatusCode::OK);
    assert_eq!(status(true, &format!("{of_plain}, {of_packed}")), StatusCode::NOT_MODIFIED);
    let again =
        asset.answer(&headers(&[(header::ACCEPT_ENCODING, "gzip"), (header::IF_NONE_MATCH, &of_packed)]));
    assert_eq!(tag(&again), of_packed);
}

/// What a page names below it: nothing where it was not built.
fn named(page: &str) -> Vec<String> {
    page.split('"').filter_map(|part| Some(part[part.find("/assets/")? + 1..].to_owned())).collect()
}

#[tokio::test]
async fn files_are_what_they_are_and_those_with_a_digest_in_their_name_are_kept() {
    for app in App::ALL {
        let page = String::from_utf8(app.page().text()).unwrap();
        let files = named(&page);
        assert_eq!(files.is_empty(), !app.is_built(), "{app:?}: {page}");
        for path in files {
            let asset = app.file(&path).unwrap_or_else(|| panic!("{app:?} has no {path}"));
            let answer = asset.answer(&HeaderMap::new());
            let kind = if path.ends_with(".css") { "text/css" } else { "text/javascript" };
            assert_eq!(answer.headers()[header::CONTENT_TYPE], format!("{kind}; charset=utf-8"), "{path}");
            assert_eq!(
                answer.headers()[header::CACHE_CONTROL],
                "public, max-age=31536000, immutable",
                "{path}"
            );
            assert!(asset.text().len() > 100, "{path}");
            // The same for whoever has it already.
            let has = answer.headers()[header::ETAG].to_str().unwrap().to_owned();
            let again = asset.answer(&headers(&[(header::IF_NONE_MATCH, &has)]));
            for kept in [&answer, &again] {
                assert_eq!(kept.headers()[header::CACHE_CONTROL], answer.headers()[header::CACHE_CONTROL]);
                assert_eq!(kept.headers()[header::VARY], "accept-encoding");
                assert_eq!(kept.headers()[header::ETAG], has.as_str());
            }
            assert_eq!(answer.headers()[header::X_CONTENT_TYPE_OPTIONS], "nosniff");
        }
    }
}
