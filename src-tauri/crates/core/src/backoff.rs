//! How long to wait before something is tried again.

use std::time::Duration;

use backon::{BackoffBuilder as _, ExponentialBuilder};

/// No wait is longer, the server's own word excepted.
const LONGEST: Duration = Duration::from_secs(5);

/// The longest wait before each of so many further attempts: each twice the one before.
pub(crate) fn ceilings(first: Duration, further: usize) -> impl Iterator<Item = Duration> {
    ExponentialBuilder::new()
        .with_min_delay(first)
        .with_factor(2.0)
        .with_max_delay(LONGEST)
        .with_max_times(further)
        .build()
}

/// A wait below the ceiling (full jitter), unless the server named its own.
pub(crate) fn delay(ceiling: Duration, retry_after: Option<Duration>) -> Duration {
    retry_after.unwrap_or_else(|| ceiling.mul_f64(rand::random_range(0.0..=1.0)))
}

/// `Retry-After`: seconds or a date (RFC 9110, section 10.2.3); some servers give parts of a second.
pub(crate) fn retry_after(value: &str) -> Option<Duration> {
    let value = value.trim();
    if let Ok(seconds) = value.parse::<f64>() {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let at = jiff::fmt::rfc2822::DateTimeParser::new().parse_timestamp(value).ok()?;
    // What is over is now.
    Some(Duration::try_from(at.duration_since(jiff::Timestamp::now())).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_and_stay_below_their_ceilings() {
        let expect = [250, 500].map(Duration::from_millis);
        assert_eq!(ceilings(expect[0], 2).collect::<Vec<_>>(), expect);
        assert_eq!(ceilings(LONGEST, 2).last(), Some(LONGEST));
        for _ in 0..100 {
            assert!(delay(expect[0], None) <= expect[0]);
        }
        let named = Duration::from_secs(9);
        assert_eq!(delay(expect[0], Some(named)), named);
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        assert_eq!(retry_after("3"), Some(Duration::from_secs(3)));
        assert_eq!(retry_after(" 0.5 "), Some(Duration::from_millis(500)));
        assert_eq!(retry_after("Wed, 21 Oct 2015 07:28:00 GMT"), Some(Duration::ZERO));
        assert_eq!(
            (retry_after("soon"), retry_after("-1"), retry_after("NaN")),
            (None, None, None)
        );
    }
}
