//! A histogram as text in the form that HdrHistogram's own tools print and plot.

use hdrhistogram::Histogram;
use std::fmt::Write as _;

/// Steps in each halving of what is left above.
const STEPS: u32 = 5;

/// The percentile distribution of a histogram, in nanoseconds.
#[must_use]
pub fn text(all: &Histogram<u64>) -> String {
    let mut text = String::new();
    let mut line = |words: std::fmt::Arguments<'_>| text.write_fmt(words).expect("a string");
    line(format_args!(
        "{:>12} {:>14} {:>10} {:>14}\n\n",
        "Value", "Percentile", "TotalCount", "1/(1-Percentile)"
    ));
    let mut last = None;
    for value in all.iter_quantiles(STEPS) {
        let (at, quantile) = (value.value_iterated_to(), value.quantile());
        let total = all.count_between(0, at);
        if last == Some((at, total)) {
            continue;
        }
        last = Some((at, total));
        if quantile < 1.0 {
            line(format_args!(
                "{at:>12.3} {quantile:>2.12} {total:>10} {:>14.2}\n",
                1.0 / (1.0 - quantile)
            ));
        } else {
            line(format_args!("{at:>12.3} {quantile:>2.12} {total:>10}\n"));
        }
    }
    let (mean, deviation) = (all.mean(), all.stdev());
    line(format_args!("#[Mean    = {mean:>12.3}, StdDeviation   = {deviation:>12.3}]\n"));
    line(format_args!("#[Max     = {:>12.3}, Total count    = {:>12}]\n", all.max(), all.len()));
    line(format_args!(
        "#[Buckets = {:>12}, SubBuckets     = {:>12}]\n",
        all.buckets(),
        1_u64 << 11
    ));
    text
}

#[cfg(test)]
mod tests {
    use super::super::spread::histogram;
    use super::*;

    #[test]
    fn lines_rise_to_the_whole_count() {
        let mut all = histogram();
        (1..=1_000).for_each(|value| all.record(value).unwrap());
        let text = text(&all);
        let mut last = (0.0, 0.0, 0);
        for line in text.lines().skip(2).filter(|line| !line.starts_with('#')) {
            let words: Vec<_> = line.split_whitespace().collect();
            let now: (f64, f64, u64) =
                (words[0].parse().unwrap(), words[1].parse().unwrap(), words[2].parse().unwrap());
            assert!(now.0 >= last.0 && now.1 >= last.1 && now.2 >= last.2, "{line}");
            last = now;
        }
        assert_eq!((last.1, last.2), (1.0, 1_000));
        assert!(text.contains("Total count    =         1000]"), "{text}");
    }
}
