//! /proc on Linux -> the standard process metrics of Prometheus clients. There are none on other platforms.

use std::fs;

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use prometheus_client::registry::Unit;

/// Ticks of /proc per second: USER_HZ, which is 100 on every platform that the operator is built for.
const TICKS: f64 = 100.0;

/// Reads /proc at each scrape.
#[derive(Debug)]
pub(crate) struct Process;

/// What is read from /proc/self/stat.
#[derive(Debug, PartialEq)]
struct Usage {
    cpu_seconds: f64,
    /// In seconds since the machine started.
    started: f64,
}

impl Usage {
    /// From /proc/self/stat: the name of the program is in parentheses and may contain any character.
    fn of(stat: &str) -> Option<Self> {
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |at: usize| fields.get(at)?.parse::<f64>().ok();
        Some(Self { cpu_seconds: (ticks(11)? + ticks(12)?) / TICKS, started: ticks(19)? / TICKS })
    }
}

/// The number in the line of `text` that begins with `word`.
fn number(text: &str, word: &str) -> Option<f64> {
    text.lines().find_map(|l| l.strip_prefix(word))?.split_whitespace().next()?.parse().ok()
}

impl Collector for Process {
    fn encode(&self, mut encoder: DescriptorEncoder) -> Result<(), std::fmt::Error> {
        let read = |file: &str| fs::read_to_string(file).unwrap_or_default();
        let Some(usage) = Usage::of(&read("/proc/self/stat")) else { return Ok(()) };
        let help = "User and system CPU time spent.";
        let cpu =
            encoder.encode_descriptor("process_cpu", help, Some(&Unit::Seconds), MetricType::Counter)?;
        ConstCounter::new(usage.cpu_seconds).encode(cpu)?;
        let mut gauge = |name: &str, help: &str, unit: Option<&Unit>, value: Option<f64>| match value {
            Some(value) => ConstGauge::new(value).encode(encoder.encode_descriptor(
                name,
                help,
                unit,
                MetricType::Gauge,
            )?),
            None => Ok(()),
        };
        let resident = number(&read("/proc/self/status"), "VmRSS:").map(|kib| kib * 1024.0);
        gauge("process_resident_memory", "Resident memory size.", Some(&Unit::Bytes), resident)?;
        let started = number(&read("/proc/stat"), "btime ").map(|booted| booted + usage.started);
        let help = "Start time of the process since the Unix epoch.";
        gauge("process_start_time", help, Some(&Unit::Seconds), started)?;
        let open = fs::read_dir("/proc/self/fd").ok().map(|entries| entries.count());
        let open = open.and_then(|n| u32::try_from(n).ok()).map(f64::from);
        gauge("process_open_fds", "Open file descriptors.", None, open)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_program_may_hold_brackets_and_blanks() {
        let stat = "42 (a) b) S 1 42 42 0 -1 4194560 1 0 0 0 150 50 0 0 20 0 4 0 12300 1000 200 18446744073709551615";
        assert_eq!(Usage::of(stat), Some(Usage { cpu_seconds: 2.0, started: 123.0 }));
        assert_eq!(Usage::of("nonsense"), None);
    }

    #[test]
    fn a_line_is_found_by_its_first_word() {
        assert_eq!(number("VmPeak:\t 9 kB\nVmRSS:\t   1024 kB\n", "VmRSS:"), Some(1024.0));
        assert_eq!(number("", "VmRSS:"), None);
    }
}
