//! Counts of durations in logarithmic buckets: fixed memory, cheap to add to, about 1.6 % exact.

use std::time::Duration;

/// Every power of two is cut into this many buckets.
const STEPS: usize = 64;
const STEP_BITS: u32 = STEPS.trailing_zeros();
/// Enough for durations up to 2^40 ns, about 18 minutes; longer ones count as that.
const BUCKETS: usize = STEPS * (40 - STEP_BITS as usize + 1);

#[derive(Clone)]
pub struct Histogram {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { counts: vec![0; BUCKETS], total: 0 }
    }
}

impl Histogram {
    pub fn add(&mut self, duration: Duration) {
        let nanos = u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        self.counts[bucket_of(nanos)] += 1;
        self.total += 1;
    }

    pub fn merge(&mut self, other: &Self) {
        for (mine, theirs) in self.counts.iter_mut().zip(&other.counts) {
            *mine += theirs;
        }
        self.total += other.total;
    }

    /// How many durations were added.
    pub fn count(&self) -> u64 {
        self.total
    }

    /// The smallest duration (to the bucket's upper edge) that `share` (0 to 1) of all do not exceed; zero when empty.
    pub fn quantile(&self, share: f64) -> Duration {
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a rank among less than 2^52 values"
        )]
        let rank = ((self.total as f64 * share).ceil() as u64).max(1);
        let mut seen = 0;
        for (bucket, count) in self.counts.iter().enumerate() {
            seen += count;
            if seen >= rank {
                return Duration::from_nanos(upper_edge(bucket));
            }
        }
        Duration::ZERO
    }
}

/// Below 64 ns one bucket per nanosecond; from there on 64 buckets per power of two.
fn bucket_of(nanos: u64) -> usize {
    let exponent = nanos.checked_ilog2().unwrap_or(0).saturating_sub(STEP_BITS);
    let step = usize::try_from(nanos >> exponent).unwrap_or(usize::MAX);
    // From the second octave on, `step` lies in 64..128: its leading bit is what the exponent already says.
    (exponent as usize * STEPS).saturating_add(step).min(BUCKETS - 1)
}

fn upper_edge(bucket: usize) -> u64 {
    let exponent = (bucket / STEPS).saturating_sub(1);
    let step = bucket - exponent * STEPS;
    ((step as u64 + 1) << exponent) - 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bucket_ends_where_the_next_begins() {
        for bucket in 0..BUCKETS - 1 {
            let edge = upper_edge(bucket);
            assert_eq!(bucket_of(edge), bucket, "{edge} ns");
            assert_eq!(bucket_of(edge + 1), bucket + 1, "{} ns", edge + 1);
        }
    }

    #[test]
    fn quantiles_are_exact_to_two_percent() {
        let mut histogram = Histogram::default();
        for micros in 1..=10_000 {
            histogram.add(Duration::from_micros(micros));
        }
        for (share, micros) in [(0.5, 5_000.0), (0.9, 9_000.0), (0.99, 9_900.0), (1.0, 10_000.0)] {
            let found = histogram.quantile(share).as_secs_f64() * 1e6;
            assert!((found / micros - 1.0).abs() < 0.02, "{share}: {found} µs instead of {micros}");
        }
    }

    #[test]
    fn one_slow_answer_in_a_hundred_is_the_highest_percent_only() {
        let mut histogram = Histogram::default();
        for _ in 0..99 {
            histogram.add(Duration::from_millis(1));
        }
        histogram.add(Duration::from_secs(1));
        assert!(histogram.quantile(0.99) < Duration::from_millis(2));
        assert!(histogram.quantile(0.995) > Duration::from_millis(900));
    }

    #[test]
    fn merging_counts_both_and_an_empty_one_answers_zero() {
        assert_eq!(Histogram::default().quantile(0.99), Duration::ZERO);
        let (mut left, mut right) = (Histogram::default(), Histogram::default());
        left.add(Duration::from_millis(1));
        right.add(Duration::from_millis(100));
        right.add(Duration::from_secs(100_000));
        left.merge(&right);
        assert_eq!(left.count(), 3);
        assert!(left.quantile(0.3) < Duration::from_millis(2));
        assert!(left.quantile(1.0) > Duration::from_secs(1000));
    }
}
