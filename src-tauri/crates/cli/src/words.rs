//! Numbers as people read them.

use jiff::Timestamp;
use jiff::tz::TimeZone;

/// `12 ms`, `1.8 s`, `2 min 05 s`.
pub(crate) fn duration(ms: f64) -> String {
    let seconds = (ms / 1000.0).round();
    if ms < 99.5 {
        format!("{ms:.0} ms")
    } else if seconds < 60.0 {
        format!("{:.1} s", ms / 1000.0)
    } else {
        format!("{} min {:02} s", (seconds / 60.0).floor(), seconds % 60.0)
    }
}

/// `1 task`, `3 tasks`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}

/// The beginning of an id, as short as commands take it.
pub(crate) fn short_id(id: trawl_core::event::RunId) -> String {
    id.to_string().chars().take(8).collect()
}

/// A stored time in the person's own time zone, to the minute.
pub(crate) fn local_time(rfc3339: &str) -> String {
    match rfc3339.parse::<Timestamp>() {
        Ok(time) => {
            time.to_zoned_datetime(TimeZone::system()).strftime("%Y-%m-%d %H:%M").to_string()
        }
        Err(_) => rfc3339.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_have_the_unit_that_fits() {
        let check = |ms: f64, expect: &str| assert_eq!(duration(ms), expect, "{ms}");
        check(0.2, "0 ms");
        check(99.4, "99 ms");
        check(99.6, "0.1 s");
        check(1804.0, "1.8 s");
        check(59_400.0, "59.4 s");
        check(59_999.0, "1 min 00 s");
        check(125_000.0, "2 min 05 s");
    }
}
