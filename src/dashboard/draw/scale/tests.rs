use super::*;

fn at(text: &str) -> Stamp {
    Stamp(text.parse().unwrap())
}

#[test]
fn counts_have_round_marks_that_reach_the_largest() {
    assert_eq!(counts(0), [0, 1]);
    assert_eq!(counts(3), [0, 1, 2, 3]);
    assert_eq!(counts(7), [0, 2, 4, 6, 8]);
    assert_eq!(counts(70), [0, 20, 40, 60, 80]);
    assert_eq!(counts(1_204), [0, 500, 1000, 1500]);
    assert!(counts(u64::MAX).len() <= 6);
}

#[test]
fn lengths_have_marks_that_people_count_time_in() {
    let of = |max| lengths(max).into_iter().map(length).collect::<Vec<_>>();
    assert_eq!(of(0), ["0", "1s"]);
    assert_eq!(of(50), ["0", "15s", "30s", "45s", "1m"]);
    assert_eq!(of(1_000), ["0", "5m", "10m", "15m", "20m"]);
    assert_eq!(of(20_000), ["0", "2h", "4h", "6h"]);
    assert_eq!(of(300_000), ["0", "1d", "2d", "3d", "4d"]);
    assert!(lengths(u64::MAX).len() <= 6);
}

#[test]
fn moments_are_round_and_within() {
    let found = moments(at("2026-01-01T10:02:30Z"), at("2026-01-01T10:29:00Z"), 6);
    let labels: Vec<_> = found.iter().map(|m| m.label.as_str()).collect();
    assert_eq!(labels, ["10:05", "10:10", "10:15", "10:20", "10:25"]);
    assert!(found.iter().all(|m| (0.0..=1.0).contains(&m.at)));
    let days = moments(at("2026-01-01T10:00:00Z"), at("2026-01-04T12:00:00Z"), 6);
    assert_eq!(days.iter().map(|m| m.label.as_str()).collect::<Vec<_>>()[0], "2 Jan".to_string());
    let seconds = moments(at("2026-01-01T10:00:00Z"), at("2026-01-01T10:00:04Z"), 6);
    assert_eq!(seconds.first().unwrap().label, "10:00:00");
    assert_eq!(moments(at("2026-01-01T10:00:00Z"), at("2026-01-01T10:00:00Z"), 6).len(), 1);
}

#[test]
fn a_moment_outside_is_at_the_edge() {
    let (from, to) = (at("2026-01-01T00:00:00Z"), at("2026-01-01T00:00:10Z"));
    assert_eq!(place(at("2025-01-01T00:00:00Z"), from, to), 0.0);
    assert_eq!(place(at("2026-01-01T00:00:05Z"), from, to), 0.5);
    assert_eq!(place(at("2027-01-01T00:00:00Z"), from, to), 1.0);
    assert_eq!(place(from, from, from), 0.0);
}

#[test]
fn counts_beside_a_drawing_are_short() {
    assert_eq!(
        [0, 999, 1_000, 1_500, 20_000, 500_000, 2_000_000].map(compact),
        ["0", "999", "1k", "1.5k", "20k", "500k", "2M"]
    );
}

#[test]
fn large_numbers_are_grouped() {
    assert_eq!([0, 999, 1_204, 1_234_567].map(grouped), ["0", "999", "1,204", "1,234,567"]);
}
