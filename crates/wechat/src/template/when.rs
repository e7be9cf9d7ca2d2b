//! Times and dates as WeChat reads them: `15:01`, `2019年10月1日 15:01`, `2018-01-01`, `01-01`, and two of them with a
//! `~` between.

/// 24-hour time, with a date before it if need be.
pub(super) fn is_time(text: &str) -> bool {
    each_end(text, |end| is_clock(end) || is_date_and_clock(end))
}

/// A date, with a time after it if need be.
pub(super) fn is_date(text: &str) -> bool {
    each_end(text, |end| is_day(end) || is_date_and_clock(end))
}

/// One point in time, or the two ends of a range.
fn each_end(text: &str, is_point: impl Fn(&str) -> bool) -> bool {
    match text.split_once('~') {
        Some((from, to)) => is_point(from.trim_end_matches(' ')) && is_point(to.trim_start_matches(' ')),
        None => is_point(text),
    }
}

fn is_date_and_clock(text: &str) -> bool {
    // A date that ends with a sign of its own needs no blank after it.
    let (day, clock) = match text.rsplit_once(' ') {
        Some((day, clock)) => (day.trim_end_matches(' '), clock),
        None => match text.rfind('日') {
            Some(end) => text.split_at(end + '日'.len_utf8()),
            None => return false,
        },
    };
    is_day(day) && is_clock(clock)
}

/// `HH:MM` or `HH:MM:SS`.
fn is_clock(text: &str) -> bool {
    let mut parts = text.split([':', '：']);
    let hour = parts.next().is_some_and(|hour| is_number(hour, 1..=2, 0..=23));
    let sixty = |part: Option<&str>| part.map(|part| is_number(part, 2..=2, 0..=59));
    let (minute, second, more) = (sixty(parts.next()), sixty(parts.next()), parts.next());
    hour && minute == Some(true) && second != Some(false) && more.is_none()
}

/// Year, month and day, or two of them that stand together.
fn is_day(text: &str) -> bool {
    if text.contains(['年', '月', '日']) {
        return is_chinese_day(text);
    }
    ['-', '/', '.'].into_iter().any(|separator| {
        let parts: Vec<&str> = text.split(separator).collect();
        match parts[..] {
            [year, month, day] => is_year(year) && is_month(month) && is_month_day(day),
            [first, second] => {
                (is_year(first) && is_month(second)) || (is_month(first) && is_month_day(second))
            }
            _ => false,
        }
    })
}

/// `2019年10月1日`, `2019年10月`, `10月1日`.
fn is_chinese_day(text: &str) -> bool {
    let (year, rest) = match text.split_once('年') {
        Some((year, rest)) => (Some(year), rest),
        None => (None, text),
    };
    let Some((month, day)) = rest.split_once('月') else { return false };
    let day = if day.is_empty() { None } else { Some(day.strip_suffix('日').unwrap_or("")) };
    year.is_none_or(is_year)
        && is_month(month)
        && day.is_none_or(is_month_day)
        && (year.is_some() || day.is_some())
}

fn is_year(text: &str) -> bool {
    is_number(text, 4..=4, 0..=9999)
}

fn is_month(text: &str) -> bool {
    is_number(text, 1..=2, 1..=12)
}

fn is_month_day(text: &str) -> bool {
    is_number(text, 1..=2, 1..=31)
}

fn is_number(
    text: &str,
    digits: std::ops::RangeInclusive<usize>,
    range: std::ops::RangeInclusive<u16>,
) -> bool {
    digits.contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_digit())
        && text.parse().is_ok_and(|number| range.contains(&number))
}
